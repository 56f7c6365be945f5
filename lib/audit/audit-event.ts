import type { SubjectKind } from '../policy/document.ts';
import type { Subject } from '../policy/facts.ts';
import type { Reason } from '../policy/reason.ts';

/** Something that happened to a session, or was decided about a request. Carries no session id, token or secret. */
export interface AuditEvent {
  readonly type:
    | 'decision'
    | 'sign_in'
    | 'reauthenticated'
    | 'sign_out'
    | 'revoked'
    | 'approval_requested'
    | 'approval_granted'
    | 'approval_refused'
    | 'approval_revoked';
  /** Epoch milliseconds of the store's clock; 0 if the store could not be asked. */
  readonly at: number;
  readonly app: string | undefined;
  readonly profile: string | undefined;
  /** Whose session it is about, where that is known; `kind` is not known where the application revoked by id alone. */
  readonly subject: { readonly id: string; readonly kind?: SubjectKind } | undefined;
  readonly outcome: 'allow' | 'challenge' | 'deny';
  readonly reason: Reason;
  /** Ids of the document's routes that the request matched. */
  readonly routes: readonly string[];
  readonly method: string | undefined;
  /** Digest of the policy that was in force. */
  readonly policyDigest: string;
  /**
   * The approval that it is about; `subject` is who did it. On a decision that allows, the one that opened the request; on one that denies,
   * the one that somebody tried to decide who may not.
   */
  readonly approval?: ApprovalEvidence;
}

/** Who asked for what and why, and who decided. */
export interface ApprovalEvidence {
  /** The same in every event about one request for approval. */
  readonly id: string;
  readonly scope: string;
  readonly requestedBy: Subject;
  /** In the words of who asked. Personal data, as the subject's id is. */
  readonly reason: string | undefined;
  readonly decidedBy: Subject | undefined;
  /** In the words of who decided. */
  readonly comment: string | undefined;
  /** Epoch milliseconds of the store's clock at which what was approved ends. */
  readonly endsAt: number | undefined;
}

/**
 * Takes audit events. What it returns is not waited for; what it throws or rejects with changes no decision and is logged as
 * `audit_failed`.
 *
 * @example const audit: AuditSink = (event) => logger.info(event);
 */
export type AuditSink = (event: AuditEvent) => void;
