import type { ActionReason, LeaseReason, OfflineReason } from './offline-reason.ts';

/** A lease is good for as many, and one return brings back as many. */
export const MOST_OFFLINE_ACTIONS = 1_000;

/** Clocks of devices are off by a little, and the network sets them right. */
export const OFFLINE_TOLERANCE_MS = 60_000;

/** What the key of a lease has signed, for that lease. */
export interface SignedAction {
  /** Its place in the order of what was done under the lease, from 0. */
  readonly seq: number;
  /** When it was done, as the device says, epoch milliseconds. */
  readonly at: number;
  readonly scope: string;
  /** Stands for all that was signed. */
  readonly digest: string;
}

/** What is known of the lease when it is brought back. */
export interface LeaseTerms {
  /** The store's clock. */
  readonly now: number;
  readonly issuedAt: number;
  /** Those of the lease that the policy still has. */
  readonly scopes: readonly string[];
  /** Why nothing more counts. */
  readonly refusal: LeaseReason | undefined;
}

/** An action whose number is used up, and what became of it. */
export interface TakenAction {
  readonly digest: string;
  readonly reason: ActionReason | undefined;
}

/** What a lease was used for so far: the first action is that of number 0, and none is missing. */
export interface LeaseUse {
  readonly taken: readonly TakenAction[];
  /** The latest that the device said of an action that counts. */
  readonly latestAt: number;
}

/** What becomes of one action. `accepted_before`: it counts, and has been told so before. */
export interface Verdict {
  readonly outcome: 'accepted' | 'accepted_before' | 'refused';
  readonly reason: OfflineReason | undefined;
}

const ACCEPTED: Verdict = Object.freeze({ outcome: 'accepted', reason: undefined });
const ACCEPTED_BEFORE: Verdict = Object.freeze({ outcome: 'accepted_before', reason: undefined });

/**
 * What becomes of a queue that a device brings back. Every number is taken once, in order: the same action again gets the same answer and
 * is not accepted again, and what comes after something that is missing waits for it.
 *
 * @param actions In the order in which they were brought; the reason for those that are none of this lease.
 */
export function judgeQueue(
  terms: LeaseTerms,
  use: LeaseUse,
  actions: readonly (SignedAction | ActionReason)[],
): { readonly use: LeaseUse; readonly verdicts: readonly Verdict[] } {
  const taken = [...use.taken];
  let { latestAt } = use;
  const verdicts = actions.map((action) => {
    if (typeof action === 'string') return refused(action);
    const early = earlyVerdict(terms, taken, action);
    if (early !== undefined) return early;
    const reason = objection(terms, latestAt, action);
    taken.push({ digest: action.digest, reason });
    if (reason !== undefined) return refused(reason);
    latestAt = Math.max(latestAt, action.at);
    return ACCEPTED;
  });
  return { use: { taken, latestAt }, verdicts };
}

/** The verdict on an action that does not use up a number. */
function earlyVerdict({ refusal }: LeaseTerms, taken: readonly TakenAction[], { seq, digest }: SignedAction): Verdict | undefined {
  const known = taken[seq];
  if (known?.digest === digest) return known.reason === undefined ? ACCEPTED_BEFORE : refused(known.reason);
  if (refusal !== undefined) return refused(refusal);
  if (known !== undefined) return refused('sequence_repeated');
  if (!(seq < MOST_OFFLINE_ACTIONS)) return refused('too_many_actions');
  return seq === taken.length ? undefined : refused('sequence_gap');
}

/** An instant that is no number is in no range. */
function objection({ now, issuedAt, scopes }: LeaseTerms, latestAt: number, { at, scope }: SignedAction): ActionReason | undefined {
  if (!(at >= issuedAt - OFFLINE_TOLERANCE_MS)) return 'done_before_lease';
  if (!(at <= now + OFFLINE_TOLERANCE_MS)) return 'done_after_return';
  if (!(at >= latestAt - OFFLINE_TOLERANCE_MS)) return 'clock_set_back';
  return scopes.includes(scope) ? undefined : 'scope_refused';
}

function refused(reason: OfflineReason): Verdict {
  return { outcome: 'refused', reason };
}
