import { MOST_OFFLINE_ACTIONS, judgeQueue, type Verdict } from '../../policy/offline-queue.ts';
import type { ActionReason, LeaseReason, OfflineReason } from '../../policy/offline-reason.ts';
import { type OfflineAction, OfflineActionReader } from '../../proofs/offline-action.ts';
import { StoreUnavailableError } from '../../sessions/errors.ts';
import { auditOffline } from '../auditing.ts';
import type { RequestContext } from '../request-context.ts';
import { type KeptLease, LeaseBook } from './lease-book.ts';
import { leaseRefusal } from './lease-standing.ts';
import { provenSession, type ProvenSession } from './proven-key.ts';

/** What the phone brings back. */
export interface OfflineReturn {
  readonly lease: string;
  /**
   * What was done meanwhile, in order, at most 1,000 at once: JWS texts (RFC 7515, typ `offline-action+jwt`) that the device's key signed, which
   * the header holds as `jwk`. The payload is `{ lease, seq, at, scope, action }`: the lease's id, a number from 0 without gaps, epoch
   * milliseconds, a scope of the lease, and any JSON.
   */
  readonly actions: readonly string[];
}

/** What becomes of one thing that was done offline. */
export interface SettledAction {
  /** Its place in the list, from 0. */
  readonly index: number;
  /**
   * The same for the same action, however often it is brought back; `undefined` where the text is none of the lease. Whoever carries it out
   * keeps this with it, so as to do it once.
   */
  readonly id: string | undefined;
  /** `accepted_before`: a report said that it is accepted, which may not have reached the phone, or been acted upon. */
  readonly outcome: 'accepted' | 'accepted_before' | 'refused';
  /** Why it was refused. */
  readonly reason: OfflineReason | undefined;
  readonly scope: string | undefined;
  /** For the application to carry out; only of those that were accepted. */
  readonly action: unknown;
  /** When the device says that it was done, epoch milliseconds. */
  readonly doneAt: number | undefined;
}

/** The answer for the phone: what of its queue counts. */
export interface OfflineReport {
  /** `refused`: nothing of it counts but what was accepted before. */
  readonly outcome: 'settled' | 'refused';
  readonly reason: LeaseReason | undefined;
  readonly actions: readonly SettledAction[];
}

type Read = OfflineAction | ActionReason;

/** Every failed attempt is one in which another one succeeded. */
const ATTEMPTS = 40;

/**
 * Takes back a lease with what was done under it.
 *
 * @throws {SessionError} `ERR_DEVICE_UNBOUND`, `ERR_SESSION_ENDED`, `ERR_STORE_UNAVAILABLE`
 */
export async function settleOffline(context: RequestContext, input: unknown): Promise<OfflineReport> {
  const proven = provenSession(context);
  const { lease, actions } = returned(input);
  if (lease === undefined) return refuseAll(context, 'return_malformed', actions);
  const claims = await context.engine.offlineLeases.read(lease);
  if (claims === undefined) return refuseAll(context, 'lease_invalid', actions);
  const id = claims.jti;
  if (claims.cnf.jkt !== proven.key || claims.iss !== context.runtime.app.name) return refuseAll(context, 'lease_foreign', actions, id);
  return settle(context, proven, id, await new OfflineActionReader(id, proven.key).readAll(actions));
}

/** What came is whatever a client sent. Of what is none, as many places are told about as there were. */
function returned(input: unknown): { readonly lease: string | undefined; readonly actions: readonly string[] } {
  const { lease, actions } = (input ?? {}) as Partial<Record<keyof OfflineReturn, unknown>>;
  const texts = Array.isArray(actions) ? (actions.slice(0, MOST_OFFLINE_ACTIONS) as readonly unknown[]) : [];
  const isReturn = typeof lease === 'string' && Array.isArray(actions) && actions.length <= MOST_OFFLINE_ACTIONS;
  const areTexts = texts.every((text) => typeof text === 'string');
  return { lease: isReturn && areTexts ? lease : undefined, actions: texts as readonly string[] };
}

async function settle(context: RequestContext, proven: ProvenSession, id: string, read: readonly Read[]): Promise<OfflineReport> {
  const book = new LeaseBook(context.engine, proven.key);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const entry = await book.read(id);
    if (entry === undefined) return refuseAll(context, 'lease_unknown', read, id);
    const { lease, now } = entry;
    const refusal = await leaseRefusal(context, proven, lease, now);
    const { issuedAt } = lease;
    const judged = judgeQueue({ now, issuedAt, scopes: scopesNow(context, lease), refusal }, lease.use, read);
    const isNew = judged.use.taken.length > lease.use.taken.length;
    if (!isNew || (await book.replace(id, entry, { ...lease, use: judged.use }))) {
      return report(
        context,
        id,
        refusal,
        judged.verdicts.map((verdict, index) => settled(id, index, verdict, read[index])),
      );
    }
  }
  throw new StoreUnavailableError('too many requests bring back the same lease at the same time');
}

/** A scope that the policy has no more is no scope of the lease any more. */
function scopesNow({ runtime }: RequestContext, { scopes }: KeptLease): readonly string[] {
  return scopes.filter((scope) => runtime.app.profile.offline?.scopes.includes(scope) === true);
}

function settled(lease: string, index: number, { outcome, reason }: Verdict, read: Read | undefined): SettledAction {
  const of = typeof read === 'object' ? read : undefined;
  return {
    index,
    id: of === undefined ? undefined : `${lease}.${of.seq}`,
    outcome,
    reason,
    scope: of?.scope,
    action: outcome === 'refused' ? undefined : of?.action,
    doneAt: of?.at,
  };
}

function refuseAll(context: RequestContext, reason: LeaseReason, actions: readonly unknown[], id?: string): OfflineReport {
  const verdict = { outcome: 'refused', reason } as const;
  return report(
    context,
    id,
    reason,
    actions.map((_one, index) => settled('', index, verdict, undefined)),
  );
}

function report(
  context: RequestContext,
  lease: string | undefined,
  reason: LeaseReason | undefined,
  actions: readonly SettledAction[],
): OfflineReport {
  const count = (outcome: SettledAction['outcome']): number => actions.filter((one) => one.outcome === outcome).length;
  const counts = { accepted: count('accepted'), acceptedBefore: count('accepted_before'), refused: count('refused') };
  auditOffline(context, 'offline_settled', reason, { lease, ...counts });
  return { outcome: reason === undefined ? 'settled' : 'refused', reason, actions };
}
