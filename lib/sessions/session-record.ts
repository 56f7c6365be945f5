import type { EndReason } from '../policy/reason.ts';
import type { SessionDevice } from '../policy/device.ts';
import type { SessionFacts, Subject } from '../policy/facts.ts';

/** Where a session is kept. Made from a session id; a store never sees the id itself. */
export interface SessionRef {
  readonly app: string;
  readonly profile: string;
  /** What all sessions of one subject have in common: a keyed hash of the subject, random before sign-in. 16 characters base64url. */
  readonly tag: string;
  /** The first 132 bits of the SHA-256 of the session id, base64url, 22 characters. */
  readonly digest: string;
}

/**
 * A session as a store keeps it.
 *
 * `data` is what the application put in `req.session`: the JSON text of an object, its top-level entries separated by `,\n`.
 * JSON text holds no raw line break elsewhere, so a store can replace single entries without parsing them.
 */
export interface SessionRecord extends SessionFacts {
  readonly data: string;
  /** Grows with every write; a rotation or ending of an older version is noticed by it. */
  readonly version: number;
  /** When a newer id took over, for the few seconds in which this one still answers reads; otherwise 0. */
  readonly rotatedAt: number;
  /** Digest of the first id of the session, from its first rotation on: what stays the same whatever id it has. */
  readonly origin?: string | undefined;
  /** What the session was begun with, in a few words for its owner: `Firefox on Linux`. Proves nothing. */
  readonly client?: string | undefined;
}

/** What a sign-in, a step-up or an anonymous visit brings into a new record. Instants are the store's. */
export interface SessionDraft {
  readonly subject: Subject | undefined;
  /** Whether the subject authenticated actively just now; a remembered sign-in is not fresh. */
  readonly fresh: boolean;
  readonly level: string | undefined;
  readonly methods: readonly string[];
  readonly data: string;
  /** See `SessionRecord`; at most 64 characters. */
  readonly client?: string | undefined;
  /** What the device has shown with the sign-in. */
  readonly device?: SessionDevice | undefined;
}

/** What the same subject authenticating again brings into a running session. */
export interface Reauthentication {
  readonly level: string | undefined;
  readonly methods: readonly string[];
  /** When that was (OIDC `auth_time`), where somebody else saw it; never later than now, and never at or before the one known. Default: now. */
  readonly at?: number | undefined;
  /** The one action that it was for, as `SessionFacts.authenticatedFor`. */
  readonly authenticatedFor?: string | undefined;
}

/** Changed top-level entries of `req.session`: JSON text by key, or `undefined` for one that is gone. */
export type SessionChanges = ReadonlyMap<string, string | undefined>;

/** How long a record can matter; used to tidy up, never to decide. */
export interface Retention {
  /** Longest time after its last activity. */
  readonly idleMs: number | undefined;
  /** Longest time after its start. */
  readonly absoluteMs: number | undefined;
}

/** What a session that no longer exists left behind. */
export interface Ended {
  readonly reason: EndReason;
  readonly at: number;
}
