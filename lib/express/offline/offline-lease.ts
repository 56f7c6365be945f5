import { randomBytes } from 'node:crypto';
import type { JWK } from 'jose';
import type { CompiledProfile } from '../../policy/policy.ts';
import { SessionError } from '../../sessions/errors.ts';
import { auditOffline } from '../auditing.ts';
import { sessionMark } from '../interruption/session-notes.ts';
import type { RequestContext } from '../request-context.ts';
import { LeaseBook } from './lease-book.ts';
import { provenSession, type ProvenSession } from './proven-key.ts';

/** What a phone takes along: it may go on by itself until then, with this. */
export interface OfflineLease {
  /** A signed JWT (RFC 7519, typ `offline-lease+jwt`, EdDSA), bound to the device's key by `cnf.jkt`. It opens nothing online. */
  readonly lease: string;
  /** Its `jti`, which every action done under it names. */
  readonly id: string;
  readonly scopes: readonly string[];
  /**
   * Epoch milliseconds of the store's clock. Devices count from here: the time that has passed since is known better to a phone than what
   * time it is.
   */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** What the device checks the lease with while it has no connection (RFC 8037). */
  readonly publicKey: JWK;
}

const ID_BYTES = 16;

/**
 * Gives a lease to the device whose key the request proves. It lasts no longer than the session could.
 *
 * @throws {TypeError} for scopes that the profile does not have.
 * @throws {SessionError} `ERR_LEASE_REFUSED`, `ERR_DEVICE_UNBOUND`, `ERR_SESSION_ENDED`, `ERR_STORE_UNAVAILABLE`
 */
export async function leaseOffline(context: RequestContext, options: { readonly scopes?: readonly string[] }): Promise<OfflineLease> {
  const proven = provenSession(context);
  const { app } = context.runtime;
  const { offline } = app.profile;
  if (offline === undefined || context.decision.outcome !== 'allow') throw refused('there is no offline lease here');
  const scopes = chosenScopes(offline, options.scopes);
  const times = lifetime(context, proven, offline.leaseMs);
  const id = randomBytes(ID_BYTES).toString('base64url');
  const { subject, session, key } = proven;
  const use = { taken: [], latestAt: 0 };
  const lease = { session: sessionMark(session), ref: session.ref, subject, scopes, ...times, use };
  await new LeaseBook(context.engine, key).add(id, lease, context.now);
  auditOffline(context, 'offline_leased', undefined, { lease: id, scopes, expiresAt: times.expiresAt });
  const [iat, exp] = [times.issuedAt / 1_000, times.expiresAt / 1_000];
  const who = { iss: app.name, profile: app.profile.name, cnf: { jkt: key }, policy: app.policyDigest };
  const { offlineLeases } = context.engine;
  const signed = await offlineLeases.sign({ ...who, jti: id, iat, nbf: iat, exp, scope: scopes.join(' ') });
  return { lease: signed, id, scopes, ...times, publicKey: await offlineLeases.publicKey() };
}

function chosenScopes({ scopes }: NonNullable<CompiledProfile['offline']>, chosen: unknown = scopes): readonly string[] {
  if (!Array.isArray(chosen) || chosen.length === 0)
    throw new TypeError('scopes must be a list of what may be done offline, or be left out');
  if (!chosen.every((one: unknown) => scopes.includes(one as string))) {
    throw new TypeError(`scopes must be among those of the profile's offline: ${scopes.join(', ')}`);
  }
  return [...new Set(chosen as readonly string[])];
}

/** From now until the lease is over, or the session would be: in whole seconds, as a JWT says it, and never a moment longer. */
function lifetime(
  { now, decision }: RequestContext,
  { session }: ProvenSession,
  leaseMs: number,
): Pick<OfflineLease, 'issuedAt' | 'expiresAt'> {
  const { record } = session;
  const { idle, absolute, absoluteFrom, activity } = decision.requirement ?? {};
  const activeAt = activity?.value === 'active' ? now : record.lastActiveAt;
  const startedAt = absoluteFrom === 'reauthentication' ? record.authenticatedAt : record.createdAt;
  const issuedAt = wholeSeconds(now);
  const ends = [
    issuedAt + leaseMs,
    activeAt + (idle?.ms ?? Number.POSITIVE_INFINITY),
    startedAt + (absolute?.ms ?? Number.POSITIVE_INFINITY),
  ];
  const expiresAt = wholeSeconds(Math.min(...ends));
  if (!(expiresAt > now)) throw refused('the session ends before a lease could be of use');
  return { issuedAt, expiresAt };
}

function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1_000) * 1_000;
}

function refused(message: string): SessionError {
  return new SessionError('ERR_LEASE_REFUSED', 403, message);
}
