import { doneAt } from '../../../policy/instant.ts';
import { registrationHeader } from '../../../proofs/dbsc-headers.ts';
import type { RequestContext } from '../../request-context.ts';
import { registrationChallenge } from './dbsc-challenges.ts';
import { dbscPath } from './dbsc-paths.ts';

/** For this long after a sign-in the registration that it began may be under way; a second one would come too late, and cost a signature. */
const UNDER_WAY_MS = 3_000;

/**
 * Asks the browser to make a key for the session, with the answer to a sign-in or to a demand for a bound device. Browsers that don't know
 * how do nothing. Only over https, without which they would not do it either. On demand only a short while after an authentication.
 *
 * @returns Whether a key may be on its way: asked for now, or a moment ago.
 */
export function offerBrowserBinding(context: RequestContext, when: 'sign-in' | 'demand'): 'asked' | 'under-way' | undefined {
  const { runtime, loaded, secure, res, now } = context;
  const { app } = runtime;
  if (!secure || app.dbsc === undefined || loaded?.record.subject === undefined) return undefined;
  const { device, createdAt } = loaded.record;
  if (device?.binding !== undefined || (when === 'sign-in' && !app.dbsc.atSignIn)) return undefined;
  if (when === 'demand' && app.dbsc.atSignIn && now - createdAt < UNDER_WAY_MS) return 'under-way';
  if (when === 'demand' && !hasAuthenticatedLately(context)) return undefined;
  res.setHeader('Secure-Session-Registration', registrationHeader(dbscPath(app, 'register'), registrationChallenge(context, loaded)));
  return 'asked';
}

/**
 * As recently as the profile asks of who enrols a device. A session whose browser binds nothing stays without a key for as long as it lasts:
 * whoever takes a copy of its cookie in that time must not get what its owner has not.
 */
function hasAuthenticatedLately({ runtime, loaded, now }: RequestContext): boolean {
  const { maxAgeMs = Number.POSITIVE_INFINITY } = runtime.app.profile.enrolment;
  const at = doneAt(loaded?.record.authenticatedAt, now);
  return at !== 0 && now - at <= maxAgeMs;
}
