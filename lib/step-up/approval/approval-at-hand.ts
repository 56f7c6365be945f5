import type { Request } from 'express';
import type { ApprovalEntry } from './approval-book.ts';
import type { KeptRequest } from './approval-request.ts';
import type { ApprovalRule } from './approval-rule.ts';

/** What somebody is about to do with which request for approval. */
export interface ApprovalAtHand {
  readonly verb: 'approve' | 'refuse' | 'revoke';
  readonly entry: ApprovalEntry & { readonly request: KeptRequest };
  readonly rule: ApprovalRule | undefined;
}

const AT_HAND = new WeakMap<Request, ApprovalAtHand>();

/** Lays it out for the guards and the handler that follow. */
export function layOut(req: Request, atHand: ApprovalAtHand): void {
  AT_HAND.set(req, atHand);
}

export function atHandOf(req: Request): ApprovalAtHand {
  return AT_HAND.get(req) as ApprovalAtHand;
}

/** The decision in words, for the person who confirms who they are before it counts. */
export function describedAction(req: Request): string {
  const { verb, entry } = atHandOf(req);
  const { scope, subject } = entry.request;
  return `${verb === 'approve' ? 'Approve' : verb === 'refuse' ? 'Refuse' : 'Revoke'} “${scope}” for ${subject.id}`;
}
