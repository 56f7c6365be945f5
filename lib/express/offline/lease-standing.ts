import type { LeaseReason } from '../../policy/offline-reason.ts';
import { sessionMark } from '../interruption/session-notes.ts';
import type { RequestContext } from '../request-context.ts';
import type { KeptLease } from './lease-book.ts';
import type { ProvenSession } from './proven-key.ts';

/** A sign-in ends the session that it replaces within a request. */
const SIGN_IN_MS = 10_000;

/** Why a lease that is known counts no more; `undefined` if it does. */
export async function leaseRefusal(
  context: RequestContext,
  proven: ProvenSession,
  lease: KeptLease,
  now: number,
): Promise<LeaseReason | undefined> {
  const { profile } = context.runtime.app;
  const { offline } = profile;
  if (!isSubject(lease, proven)) return 'lease_foreign';
  if (offline === undefined || lease.ref.profile !== profile.name) return 'lease_withdrawn';
  // The policy of this moment counts: a lease is not longer than it is now.
  if (!(now < Math.min(lease.expiresAt, lease.issuedAt + offline.leaseMs))) return 'lease_overdue';
  return (await isStanding(context, proven, lease)) ? undefined : 'lease_revoked';
}

function isSubject({ subject }: KeptLease, proven: ProvenSession): boolean {
  return subject.id === proven.subject.id && subject.kind === proven.subject.kind;
}

/**
 * Whether nobody ended the session that the lease was given to. It may have another id by now, and what only the time ended does not end the
 * lease, which has an end of its own.
 */
async function isStanding({ engine }: RequestContext, { session, key }: ProvenSession, lease: KeptLease): Promise<boolean> {
  if (sessionMark(session) === lease.session) return true;
  const { store } = engine.settings;
  const live = (await store.list(lease.ref.tag)).find((one) => sessionMark(one) === lease.session);
  if (live !== undefined) return live.record.device?.binding?.key === key;
  const { ended, endedAt } = await store.read(lease.ref);
  if (ended === 'session_rotated') return Math.abs(endedAt - session.record.createdAt) <= SIGN_IN_MS;
  return ended === 'idle_timeout' || ended === 'absolute_timeout';
}
