import type { SubjectKind } from '../policy/document.ts';
import type { Subject } from '../policy/facts.ts';
import type { LeaseReason } from '../policy/offline-reason.ts';
import type { Reason } from '../policy/reason.ts';

/** Something that happened to a session, or was decided about a request. Carries no session id, token or secret. */
export interface AuditEvent {
  readonly type:
    | 'decision'
    | 'sign_in'
    | 'reauthenticated'
    | 'renewed'
    | 'sign_out'
    | 'revoked'
    | 'approval_requested'
    | 'approval_granted'
    | 'approval_refused'
    | 'approval_revoked'
    | 'device'
    | 'offline_leased'
    | 'offline_settled';
  /** Epoch milliseconds of the store's clock; 0 if the store could not be asked. */
  readonly at: number;
  readonly app: string | undefined;
  readonly profile: string | undefined;
  /** Whose session it is about, where that is known; `kind` is not known where the application revoked by id alone. */
  readonly subject: { readonly id: string; readonly kind?: SubjectKind } | undefined;
  readonly outcome: 'allow' | 'challenge' | 'deny';
  /** Of an offline lease that is refused, why; what is refused of its actions is counted in `offline`. */
  readonly reason: Reason | LeaseReason;
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
  /** What happened to a device of the subject, or to a workstation, for the type `device`. */
  readonly device?: DeviceEventEvidence;
  /** The offline lease that it is about, for the types `offline_leased` and `offline_settled`. */
  readonly offline?: OfflineEvidence;
}

/** What was leased to a device, or what came back of it. */
export interface OfflineEvidence {
  /** The lease's `jti`, the same in every event about it; `undefined` where something else was brought back. */
  readonly lease: string | undefined;
  readonly scopes?: readonly string[];
  /** Epoch milliseconds of the store's clock. */
  readonly expiresAt?: number;
  /** Actions that were accepted now, that had been accepted before, and that were refused. */
  readonly accepted?: number;
  readonly acceptedBefore?: number;
  readonly refused?: number;
}

/** Which device of a subject, and what happened to it; or which workstation, where the event names no subject. */
export interface DeviceEventEvidence {
  /**
   * `invited`: somebody may enrol a workstation. `copied`: its credential was used by two, and it was forgotten. `vouched`: evidence about its
   * key was verified. `refused`: it was not. `non_compliant`: a device manager reported it.
   */
  readonly action: 'invited' | 'enrolled' | 'forgotten' | 'copied' | 'vouched' | 'refused' | 'non_compliant';
  /** The same as in a list of devices, or of workstations; for what is said about a key, its thumbprint. */
  readonly handle: string;
  /** What it was about, where evidence was presented: the level, who verified it, and until when it counts (epoch milliseconds). */
  readonly trust?: 'attested' | 'managed';
  readonly verifier?: string;
  readonly until?: number;
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
