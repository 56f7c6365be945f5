import type { PresentedDevice, SessionDevice } from './device.ts';
import type { SubjectKind } from './document.ts';
import type { EndReason } from './reason.ts';

/** Who a session or credential belongs to. The id is the application's own and stable for life. */
export interface Subject {
  readonly id: string;
  readonly kind: SubjectKind;
}

/** The request as far as a policy can see it. */
export interface RequestFacts {
  /** Upper case. */
  readonly method: string;
  /** Method that a method-override header or parameter asks for, if one does. */
  readonly overrideMethod?: string | undefined;
  /** Host name from the request, port allowed. */
  readonly host: string;
  /** Path as the client sent it, undecoded; a query is ignored. */
  readonly path: string;
  /** Digest of the action that the request stands for, always of the same length. */
  readonly action?: string | undefined;
  /** Address of the client, where a trusted source says so. */
  readonly ip?: string | undefined;
}

/** A session as far as a policy can see it. Instants are epoch milliseconds of the store's clock. */
export interface SessionFacts {
  /** App and profile that the session was created under. */
  readonly app: string;
  readonly profile: string;
  /** Nobody, before sign-in. */
  readonly subject: Subject | undefined;
  readonly createdAt: number;
  /** Last active authentication, 0 if there was none (a remembered sign-in, for one). */
  readonly authenticatedAt: number;
  /** Last allowed, active request. */
  readonly lastActiveAt: number;
  /** Longest gap between two activities since the last authentication. */
  readonly longestGapMs: number;
  /** Last active authentication at each assurance level that was reached. */
  readonly levels: Readonly<Record<string, number>>;
  /** Last active authentication by each method (RFC 8176). */
  readonly methods: Readonly<Record<string, number>>;
  /** The authentication that was last spent on a once-only action; 0 if none was. */
  readonly spentAt: number;
  /**
   * The one action that the last authentication was for: its digest, and then the digest of the values that the person confirmed.
   * `undefined` if it was not for one in particular.
   */
  readonly authenticatedFor?: string | undefined;
  /** What the session knows of the device that it is used from. */
  readonly device: SessionDevice | undefined;
}

/** Everything a decision is made from. */
export interface Facts {
  readonly request: RequestFacts;
  readonly session?: SessionFacts | undefined;
  /** Why the session that was presented is over, if it is. */
  readonly ended?: EndReason | undefined;
  /** What the request has proved of the device that it comes from. */
  readonly device?: PresentedDevice | undefined;
  /** Until when another person has approved what, by scope: epoch milliseconds. */
  readonly approvals?: Readonly<Record<string, number>> | undefined;
}
