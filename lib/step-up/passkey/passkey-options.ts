import { isIP } from 'node:net';
import { checkReached, checkText, invalidOption, refuseUnknownOptions } from '../confirmation/method-options.ts';
import type { PasskeyStore } from './passkey-store.ts';

/** Options of `passkey`. */
export interface PasskeyOptions {
  /** Origins that passkeys may be used on, as browsers see them: `https://shop.example.com`. Never taken from a request. */
  readonly origin: string | readonly string[];
  /** Domain that the passkeys were registered for. Default: the host name of the first origin. */
  readonly rpId?: string;
  readonly store: PasskeyStore;
  /** What a passkey reaches: one of the policy's `assurance`. */
  readonly level: string;
  /**
   * Methods (RFC 8176) that it counts as. Default `['pop', 'user', 'mfa']`: a key was proved, a person was there, and their device has
   * verified them. Whether the key lies in hardware (`hwk`) is known only to who has checked its attestation.
   */
  readonly amr?: readonly string[];
  /** What the page calls it. Default: `With a passkey`. */
  readonly title?: string;
}

/** Options that have been checked, with their defaults. */
export interface PasskeySettings {
  readonly origins: readonly string[];
  readonly rpId: string;
  readonly store: PasskeyStore;
  readonly level: string;
  readonly amr: readonly string[];
  readonly title: string;
}

const KNOWN = ['origin', 'rpId', 'store', 'level', 'amr', 'title'];
const DEFAULT_AMR = ['pop', 'user', 'mfa'];

/** @throws {SetupError} `ERR_OPTIONS_INVALID` for anything unknown, missing or unsafe, with what to change. */
export function checkPasskeyOptions(options: PasskeyOptions): PasskeySettings {
  refuseUnknownOptions('passkey', options, KNOWN);
  const origins = ([] as unknown[]).concat(options.origin ?? []).map(checkOrigin);
  if (origins.length === 0) throw invalidOption('passkey', "needs the origin of the site: origin: 'https://shop.example.com'");
  const rpId = checkRpId(options.rpId ?? new URL(origins[0] as string).hostname, origins);
  return {
    origins,
    rpId,
    store: checkStore(options.store),
    ...checkReached('passkey', options.level, options.amr ?? DEFAULT_AMR),
    title: checkText('passkey', 'title', options.title ?? 'With a passkey'),
  };
}

/** Browsers offer passkeys on https, and on localhost. */
function checkOrigin(origin: unknown): string {
  const url = typeof origin === 'string' && URL.canParse(origin) ? new URL(origin) : undefined;
  const isSecure = url?.protocol === 'https:' || (url?.protocol === 'http:' && /^(?:.+\.)?localhost$/.test(url.hostname));
  if (url !== undefined && isSecure && url.origin === origin && !url.hostname.includes('*')) return origin;
  throw invalidOption('passkey', `takes origins like 'https://shop.example.com', without a path, not ${JSON.stringify(origin)}`);
}

/** WebAuthn Level 3, section 5.1.2: a registrable suffix of the host, or the host itself. */
function checkRpId(rpId: unknown, origins: readonly string[]): string {
  if (typeof rpId !== 'string' || isIP(rpId.replace(/^\[|\]$/g, '')) !== 0)
    throw invalidOption('passkey', `needs a domain as rpId, not ${JSON.stringify(rpId)}`);
  const foreign = origins.find((origin) => !`.${new URL(origin).hostname}`.endsWith(`.${rpId}`));
  if (foreign === undefined) return rpId;
  throw invalidOption('passkey', `cannot be used on ${foreign}, which is not within the domain of its rpId ${rpId}`);
}

function checkStore(store: PasskeyStore): PasskeyStore {
  if (typeof store?.list === 'function' && typeof store.useCounter === 'function') return store;
  throw invalidOption('passkey', 'needs a store with the functions list and useCounter: store: memoryPasskeys()');
}
