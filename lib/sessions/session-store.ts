import { Store } from 'express-session';
import type { EndReason } from '../policy/reason.ts';
import type { SessionDevice } from '../policy/device.ts';
import type { Subject } from '../policy/facts.ts';
import type { NoteDraft, NoteRead, NoteRef, NotesRead } from './note.ts';
import type { Reauthentication, Retention, SessionChanges, SessionDraft, SessionRecord, SessionRef } from './session-record.ts';

/** What a read found. `now` is the store's clock at that moment, epoch milliseconds. */
export interface ReadResult {
  readonly now: number;
  /** The live session, or one that was rotated a moment ago (`rotatedAt` is set). */
  readonly record: SessionRecord | undefined;
  /** Why there is none, if it was ended and the tombstone is still there. */
  readonly ended: EndReason | undefined;
  /** When it was ended, as the tombstone says; 0 if that is not known. */
  readonly endedAt: number;
}

/** How many live sessions a subject may have in the app, at sign-in. */
export interface ConcurrencyLimit {
  readonly max: number;
  readonly onLimit: 'deny' | 'end-oldest';
  /** A session idle for this long is over and does not count. */
  readonly idleMs: number | undefined;
  readonly absoluteMs: number | undefined;
}

/** Outcome of `create` and `rotate`. */
export type CreateResult =
  | { readonly outcome: 'created'; readonly now: number; readonly record: SessionRecord; readonly endedOldest: number }
  /** There are too many, and the limit says `deny`. */
  | { readonly outcome: 'limit' }
  /** The reference is taken, or (rotate) the old session is no longer live. */
  | { readonly outcome: 'conflict' };

/** Outcome of a write to a session that has to be there. */
export type WriteResult = 'written' | 'gone';

/** A session in a list. */
export interface ListedSession {
  readonly ref: SessionRef;
  readonly record: SessionRecord;
}

/** Outcome of ending several sessions. */
export interface RevokeResult {
  /** Sessions ended; for a whole app they are not counted: `undefined`. */
  readonly ended: number | undefined;
  /** The configured number of replicas (`minReplicas`) has acknowledged it; with 0, the primary has. */
  readonly durable: boolean;
}

/**
 * What every store promises. The suite `describeSessionStore` in `express-session-policy/testing` checks it.
 *
 * - Every method answers or rejects with `StoreUnavailableError` within the store's deadline.
 * - `create` never overwrites. `save`, `changeDevice`, `recordActivity` and `spend` never create. An ended session stays ended.
 * - `now` comes from one clock, shared by all processes that use the store.
 * - What comes back has been validated; a value that is not a session reads as `ended: 'session_invalid'`, one that is not a note as missing.
 * - A reference that could name another place, and what can't be kept as it is, is refused with a `TypeError`.
 *
 * It extends the `Store` class of express-session, so it also works under a plain `session({ store })`; see `memoryStore` and
 * `redisStore` for what is weaker there.
 */
export abstract class SessionStore extends Store {
  /** Resolves when the store can be used; rejects with the reason if it must not be (a server that evicts sessions, for one). */
  abstract ready(): Promise<void>;

  /** The store's clock. */
  abstract now(): Promise<number>;

  /** One round trip. */
  abstract read(ref: SessionRef): Promise<ReadResult>;

  /** Stores a new session. With a subject it is entered in the subject's list, and the limit is enforced in the same atomic step. */
  abstract create(ref: SessionRef, draft: SessionDraft, retention: Retention, limit?: ConcurrencyLimit): Promise<CreateResult>;

  /**
   * Puts a new id in the place of an old one after the same subject authenticated again: authentication is recorded, idle and
   * gap start anew, the data stays. What the one before was for (`authenticatedFor`) is replaced. Both references have the same
   * tag, app and profile. The old id answers reads for a few seconds; ending the new session ends it too.
   *
   * The authentication counts from `at`, but never from later than now, from before the session began, or from the one known or before
   * (then from a millisecond after it). An old `at` may so count as later than it was: whether it was recent enough for what it is
   * meant for has to be found out before.
   *
   * Without an authentication only the id is another: nothing starts anew.
   */
  abstract rotate(
    from: SessionRef,
    to: SessionRef,
    authentication: Reauthentication | undefined,
    retention: Retention,
  ): Promise<CreateResult>;

  /** Writes the changed entries and only these; entries changed elsewhere meanwhile survive. */
  abstract save(ref: SessionRef, changes: SessionChanges): Promise<WriteResult>;

  /**
   * Replaces what the session knows of its device, all of it at once, if that is still `from` (`undefined`: nothing). What has been bound to
   * a key so can't be bound to another by somebody who has not seen the first. Counts as no activity. Devices are the same if they say the
   * same, in whatever order; one that says nothing is none.
   *
   * @returns `changed` if the session knows something else than `from`, which stays as it is; `gone` if there is no session that may be written to.
   * @throws {TypeError} for a device with an id, thumbprint or instants that are none.
   */
  abstract changeDevice(ref: SessionRef, from: SessionDevice | undefined, to: SessionDevice | undefined): Promise<WriteResult | 'changed'>;

  /** Records activity at `at` (the `now` of the read), and the gap before it. Never moves backwards. */
  abstract recordActivity(ref: SessionRef, at: number, retention: Retention): Promise<WriteResult>;

  /** Spends the authentication of `authenticatedAt` on a once-only action. Of any number of parallel calls, one gets `true`. */
  abstract spend(ref: SessionRef, authenticatedAt: number): Promise<boolean>;

  /**
   * Ends one session and leaves a tombstone. Ending an ended or missing session is no error. An id that was replaced is left alone: the
   * session goes on under the newer one, and whoever wants to end it has to know that.
   */
  abstract end(ref: SessionRef, reason: EndReason): Promise<RevokeResult>;

  /** Live sessions under a tag, newest activity last. */
  abstract list(tag: string): Promise<readonly ListedSession[]>;

  /**
   * Live sessions of an app (`'*'`: of all apps), at most `atMost` (default 1,000). For administrators: it walks the store in small
   * steps (SCAN, never KEYS), each within the deadline.
   */
  abstract listApp(app: string, atMost?: number): Promise<readonly ListedSession[]>;

  /** Ends all sessions under a tag in one atomic step, but for `except`; only those of `app`, if given. */
  abstract endAll(tag: string, reason: EndReason, only?: { readonly app?: string; readonly except?: SessionRef }): Promise<RevokeResult>;

  /** Ends every session of an app (`'*'`: of all apps) that exists now, without touching each. */
  abstract endApp(app: string, reason: EndReason): Promise<RevokeResult>;

  /**
   * Keeps a note under a reference that is free; one that has expired leaves it free. The oldest of the book go if there are more than
   * `atMost` then.
   *
   * @returns `false` if there is one under it already, which stays as it is.
   */
  abstract writeNote(ref: NoteRef, note: NoteDraft): Promise<boolean>;

  /** Reads a note. One that has expired is not there. */
  abstract readNote(ref: NoteRef): Promise<NoteRead>;

  /** Reads a note and removes it, in one atomic step: of any number of parallel calls, one gets the text. */
  abstract takeNote(ref: NoteRef): Promise<NoteRead>;

  /** Replaces the text of a note if it is still `from`, and lets it last `ttlMs` from now. It keeps its place in the list. */
  abstract changeNote(ref: NoteRef, from: string, to: string, ttlMs: number): Promise<boolean>;

  /** All notes of a book, in the order in which they were written. */
  abstract listNotes(book: string): Promise<NotesRead>;

  /**
   * Remembers that an id was used, for `ttlMs`: of any number of calls in that time, in any process, one gets `true`. What is remembered under
   * the tag of a session lies beside it: asked in the same turn of the event loop as the session is read, it costs no round trip of its own.
   *
   * A call that rejects may have used the id all the same; who does not get `true` has to take it as used.
   *
   * @param scope 1 to 80 letters, digits, `.`, `_` and `-`. Ids in different scopes have nothing to do with each other.
   * @param id 1 to 64 characters of base64url, such as the digest of the `jti` of a proof.
   * @param ttlMs From 1 ms to 400 days; as long as what was used would be accepted, and a little longer.
   * @throws {TypeError} for anything else.
   * @example
   * if (!(await store.useOnce(ref.tag, digestOf(proof.jti), 2 * windowMs))) throw replayed();
   */
  abstract useOnce(scope: string, id: string, ttlMs: number): Promise<boolean>;

  /** Lets go of timers and connections that the store opened itself; never closes a client it was given. */
  abstract close(): Promise<void>;
}

/** Whose sessions: the subject id alone stands for every kind. */
export type SubjectQuery = string | Subject;
