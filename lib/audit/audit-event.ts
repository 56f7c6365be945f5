import type { SubjectKind } from '../policy/document.ts';
import type { Reason } from '../policy/reason.ts';

/** Something that happened to a session, or was decided about a request. Carries no session id, token or secret. */
export interface AuditEvent {
  readonly type: 'decision' | 'sign_in' | 'reauthenticated' | 'sign_out' | 'revoked';
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
}

/**
 * Takes audit events. What it returns is not waited for; what it throws or rejects with changes no decision and is logged as
 * `audit_failed`.
 *
 * @example const audit: AuditSink = (event) => logger.info(event);
 */
export type AuditSink = (event: AuditEvent) => void;
