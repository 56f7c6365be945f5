import type { ApprovalEvidence } from '../../audit/audit-event.ts';
import type { Subject } from '../../policy/facts.ts';

/** What somebody asks another person to approve. Instants are epoch milliseconds of the store's clock. */
export interface ApprovalRequest {
  /** Names this request and no later one for the same thing. */
  readonly id: string;
  readonly app: string;
  readonly scope: string;
  /** Who asks. */
  readonly subject: Subject;
  /** Why, in their words. */
  readonly reason: string | undefined;
  readonly askedAt: number;
}

/** A request for approval and what came of it, as it is kept. */
export interface KeptRequest extends ApprovalRequest {
  /** Mark of the session that it is for. */
  readonly session: string;
  /** See `ApprovalRule`. */
  readonly terms: string;
  readonly forMs: number;
  readonly pendingUntil: number;
  /** When it was asked for, this time and before. */
  readonly askedBefore: readonly number[];
  /** Where the person goes on. */
  readonly backTo: string | undefined;
  readonly state: 'pending' | 'granted' | 'refused' | 'revoked';
  readonly decidedBy: Subject | undefined;
  readonly decidedAt: number;
  readonly comment: string | undefined;
  /** When what was granted ends; 0 if it was not. */
  readonly endsAt: number;
}

/** What becomes of a request by a decision. */
export interface Resolution {
  readonly state: 'granted' | 'refused' | 'revoked';
  readonly by: Subject;
  readonly at: number;
  readonly comment: string | undefined;
}

/** A request that has been decided. */
export function resolved(request: KeptRequest, { state, by, at, comment }: Resolution): KeptRequest {
  const endsAt = state === 'granted' ? at + request.forMs : 0;
  return { ...request, state, decidedBy: by, decidedAt: at, comment, endsAt };
}

/** The state at an instant: what nobody decided in time has ended, as has what was granted for a time. */
export function stateAt({ state, pendingUntil, endsAt }: KeptRequest, now: number): KeptRequest['state'] | 'ended' {
  const until = state === 'pending' ? pendingUntil : state === 'granted' ? endsAt : Number.POSITIVE_INFINITY;
  return now < until ? state : 'ended';
}

/** The request without what is ours. */
export function asSeen({ id, app, scope, subject, reason, askedAt }: KeptRequest): ApprovalRequest {
  return { id, app, scope, subject, reason, askedAt };
}

export function evidenceOf({ id, scope, subject, reason, state, decidedBy, comment, endsAt }: KeptRequest): ApprovalEvidence {
  return { id, scope, requestedBy: subject, reason, decidedBy, comment, endsAt: state === 'granted' ? endsAt : undefined };
}

export function isSameSubject(a: Subject | undefined, b: Subject | undefined): boolean {
  return a !== undefined && b !== undefined && a.id === b.id && a.kind === b.kind;
}
