import type { AppDocument } from './document.ts';
import type { Release } from './requirement.ts';

/** Paths of the pages where people sign in and confirm who they are; none for pages elsewhere. */
export function entryPaths(loginUrl: string, reauthenticateUrl: string): readonly string[] {
  return [...spellings(loginUrl), ...spellings(reauthenticateUrl), ...waysToConfirm(reauthenticateUrl)];
}

/** Below the reauthentication page, what a browser and an identity provider need to come to an end with it; and nothing else. */
const WAYS_TO_CONFIRM = ['page.js', 'form', 'passkey', 'passkey/options', 'oidc', 'oidc/callback'];

function waysToConfirm(reauthenticateUrl: string): readonly string[] {
  const [path] = spellings(reauthenticateUrl);
  return path === undefined || path === '/' ? [] : WAYS_TO_CONFIRM.map((way) => `${path}/${way}`);
}

/**
 * What `sessionEndpoints` serves that nobody may be kept from: what the session is about, and the way out of it. Staying in it is asked for
 * a device that is proved: who has a copy of the cookie must not keep the session open.
 */
export function sessionPaths(sessionUrl: string): readonly (readonly [string, Release])[] {
  const own = spellings(sessionUrl);
  const below = (way: string, what: Release): readonly [string, Release] => [`${own[0]}/${way}`, what];
  const ways = [below('sign-out', 'proof'), below('client.js', 'proof'), below('keep-alive', 'confirmation')];
  return [...own.map((path) => [path, 'proof'] as const), ...ways];
}

/** Where the middleware answers what is about the device: below a path that is this app's own. */
export function deviceUrlOf({ deviceUrl, match }: Pick<AppDocument, 'deviceUrl' | 'match'>): string {
  const prefix = match?.paths?.[0]?.replace(/\/$/, '') ?? '';
  return deviceUrl?.replace(/(?<=.)\/$/, '') ?? `${prefix}/device`;
}

/** Both spellings of the path of a page, or none for one elsewhere. */
function spellings(url: string): readonly string[] {
  const path = url.replace(/[?#].*$/, '').replace(/(?<=.)\/$/, '');
  if (!path.startsWith('/')) return [];
  return path === '/' ? [path] : [path, `${path}/`];
}
