import type { IDToken } from 'openid-client';
import type { OidcDemand, OidcFlow } from './oidc-flow.ts';
import type { AcrLevels } from './oidc-levels.ts';
import { OidcRefusal } from './oidc-refusal.ts';

/** What an ID token shows about an authentication, in terms of the policy. */
export interface ShownAuthentication {
  readonly level: string;
  readonly amr: readonly string[];
  /** Epoch milliseconds. */
  readonly authenticatedAt: number;
}

/** What an ID token is measured by. */
export interface Measure {
  readonly levels: AcrLevels;
  /** Levels of the policy, lowest first. */
  readonly assurance: readonly string[];
  readonly toleranceMs: number;
  /** The store's clock. */
  readonly now: number;
}

/** As RFC 8176 writes them; what a provider may send beside these is nothing that a rule could ask for. */
const METHOD = /^[A-Za-z0-9._-]{1,32}$/;
const MOST_METHODS = 16;

/**
 * Whether the authentication behind an ID token is the one that was asked for (RFC 9470 section 5; OpenID Connect Core 1.0, sections
 * 2 and 3.1.3.7, steps 12 and 13). Signature, issuer, audience, nonce and expiry have been checked before.
 *
 * @throws {OidcRefusal} if not.
 */
export function shownAuthentication(claims: IDToken, flow: OidcFlow, measure: Measure): ShownAuthentication {
  const { demand } = flow;
  const authenticatedAt = authenticationTime(claims, flow, measure);
  const level = measure.levels.of(claims['acr']) ?? (measure.assurance[0] as string);
  if (!reaches(level, demand, measure.assurance)) throw new OidcRefusal('assurance_insufficient');
  const amr = methodsOf(claims['amr']);
  if (!demand.amr.every((method) => amr.includes(method))) throw new OidcRefusal('method_missing');
  return { level, amr, authenticatedAt };
}

/** `auth_time`, never `iat`: an ID token is new each time, also for somebody who signed in yesterday. */
function authenticationTime({ auth_time: seconds }: IDToken, { beganAt, demand }: OidcFlow, { toleranceMs, now }: Measure): number {
  if (typeof seconds !== 'number' || !Number.isFinite(seconds) || seconds <= 0)
    throw new OidcRefusal('provider_failed', 'the ID token has no auth_time');
  const at = Math.floor(seconds * 1_000);
  if (at > now + toleranceMs)
    throw new OidcRefusal('provider_failed', 'the auth_time of the ID token is in the future; are the clocks set?');
  const mustBeNew = demand.maxAgeSeconds === 0;
  if (mustBeNew && at < wholeSeconds(beganAt) - toleranceMs) throw new OidcRefusal('not_recent');
  if (demand.maxAgeMs !== undefined && now - at > demand.maxAgeMs + toleranceMs) throw new OidcRefusal('not_recent');
  // The provider has shown that it was after the beginning, and its seconds are coarse: they may not put it before that again.
  return Math.min(mustBeNew ? Math.max(at, beganAt) : at, now);
}

function wholeSeconds(at: number): number {
  return Math.floor(at / 1_000) * 1_000;
}

function reaches(level: string, { level: asked }: OidcDemand, assurance: readonly string[]): boolean {
  return asked === undefined || (assurance.includes(asked) && assurance.indexOf(level) >= assurance.indexOf(asked));
}

function methodsOf(amr: unknown): readonly string[] {
  const methods = Array.isArray(amr) ? amr.filter((method): method is string => typeof method === 'string' && METHOD.test(method)) : [];
  return [...new Set(methods)].slice(0, MOST_METHODS);
}
