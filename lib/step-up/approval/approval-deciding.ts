import { auditApproval, auditApprovalDecision } from '../../express/auditing.ts';
import type { RequestContext } from '../../express/request-context.ts';
import type { Subject } from '../../policy/facts.ts';
import type { ApprovalAtHand } from './approval-at-hand.ts';
import { ApprovalBook } from './approval-book.ts';
import { asSeen, evidenceOf, isSameSubject, type KeptRequest, resolved, stateAt } from './approval-request.ts';
import { type ApprovalRule, mayDecide } from './approval-rule.ts';

/** What can be done with a request. */
export type ApprovalVerb = ApprovalAtHand['verb'];

const STATES = { approve: 'granted', refuse: 'refused', revoke: 'revoked' } as const;
const EVENTS = { approve: 'approval_granted', refuse: 'approval_refused', revoke: 'approval_revoked' } as const;

/**
 * What somebody may do with a request, whatever its state: its own subject may only give it up, another person decide it if the rule accepts
 * them, and take back what they decided themselves.
 */
export async function verbsFor(rule: ApprovalRule | undefined, subject: Subject, request: KeptRequest): Promise<readonly ApprovalVerb[]> {
  if (isSameSubject(subject, request.subject)) return ['revoke'];
  if (rule !== undefined && (await mayDecide(rule, subject, asSeen(request)))) return ['approve', 'refuse', 'revoke'];
  return rule !== undefined && isSameSubject(subject, request.decidedBy) ? ['revoke'] : [];
}

/** What can still be done with a request at an instant: it is decided once. */
export function verbsAt(rule: ApprovalRule | undefined, request: KeptRequest, isOwn: boolean, now: number): readonly ApprovalVerb[] {
  const state = stateAt(request, now);
  if (state === 'granted') return ['revoke'];
  if (state !== 'pending') return [];
  if (isOwn) return ['revoke'];
  return rule !== undefined && request.terms === rule.terms ? ['approve', 'refuse'] : [];
}

/** Carries out a decision; `undefined` if the request has been decided, or has ended, meanwhile. */
export async function decideApproval(
  context: RequestContext,
  { verb, entry, rule }: ApprovalAtHand,
  comment: string | undefined,
): Promise<KeptRequest | undefined> {
  const by = context.loaded?.record.subject as Subject;
  const { request, now } = entry;
  if (!verbsAt(rule, request, isSameSubject(by, request.subject), now).includes(verb)) return undefined;
  const decided = resolved(request, { state: STATES[verb], by, at: now, comment });
  if (!(await new ApprovalBook(context).put(entry, decided))) return undefined;
  auditApproval(context, EVENTS[verb], { ...evidenceOf(decided), decidedBy: by });
  return decided;
}

/** Records that somebody tried to decide what they may not. */
export function recordAttempt(context: RequestContext, request: KeptRequest): void {
  auditApprovalDecision(context, 'deny', evidenceOf(request));
}
