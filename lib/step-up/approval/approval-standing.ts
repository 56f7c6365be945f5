import { type KeptRequest, asSeen, stateAt } from './approval-request.ts';
import { type ApprovalRule, mayDecide } from './approval-rule.ts';

/** How a request stands under the rule of now. */
export type Standing =
  | { readonly state: 'none' | 'pending' | 'refused' | 'ended' }
  /** Open until `endsAt`, epoch milliseconds. */
  | { readonly state: 'granted'; readonly endsAt: number };

/**
 * How a request stands at an instant, under the rule that is in the code now: what was approved for longer, under other terms or by somebody
 * who may no longer approve is over.
 */
export async function standingOf(rule: ApprovalRule, request: KeptRequest | undefined, now: number): Promise<Standing> {
  if (request === undefined) return { state: 'none' };
  const state = stateAt(request, now);
  if (state === 'refused') return { state };
  if (request.terms !== rule.terms || state === 'revoked' || state === 'ended') return { state: 'ended' };
  return state === 'pending' ? { state } : grantOf(rule, request, now);
}

async function grantOf(rule: ApprovalRule, request: KeptRequest, now: number): Promise<Standing> {
  const { decidedBy, decidedAt } = request;
  const endsAt = Math.min(request.endsAt, decidedAt + rule.forMs);
  const isGood = decidedBy !== undefined && now < endsAt && (await mayDecide(rule, decidedBy, asSeen(request)));
  return isGood ? { state: 'granted', endsAt } : { state: 'ended' };
}
