import { randomBytes } from 'node:crypto';
import type { RequestContext } from '../../express/request-context.ts';
import type { NoteRef } from '../../sessions/note.ts';
import { LONGEST_RETENTION_MS } from '../../sessions/record-lifecycle.ts';
import { shortDigest } from '../../express/short-digest.ts';
import type { KeptRequest } from './approval-request.ts';

/** What stands in the book for one scope of one session. */
export interface ApprovalEntry {
  readonly noteId: string;
  /** The text as it is stored; `undefined` where nothing is. */
  readonly text: string | undefined;
  /** The request that the text stands for; `undefined` also where it was not written by us. */
  readonly request: KeptRequest | undefined;
  readonly now: number;
}

/** The whole book. */
export interface ApprovalEntries {
  readonly now: number;
  readonly entries: readonly ApprovalEntry[];
}

/** Most requests of an app that are kept at a time. */
export const MOST_REQUESTS = 1_000;
/** What is over stays readable for a while, and is counted against asking again and again. */
export const KEPT_MS: number = 60 * 60_000;

const NONCE_BYTES = 9;
const ID = /^([A-Za-z0-9_-]{22})\.[A-Za-z0-9_-]{12}$/;

/** The requests for approval of one app, sealed: whoever can write to the store can take one away, or put an old one back, but make none. */
export class ApprovalBook {
  readonly #context: RequestContext;

  constructor(context: RequestContext) {
    this.#context = context;
  }

  /** What stands for a scope of a session. One round trip. */
  async find(session: string, scope: string): Promise<ApprovalEntry> {
    const entry = await this.read(noteIdOf(session, scope));
    const isIt = entry.request?.session === session && entry.request.scope === scope;
    return isIt ? entry : { ...entry, request: undefined };
  }

  /** The entry of a request's id; `undefined` if there is none, or if it is about a later request by now. */
  async byId(id: string): Promise<(ApprovalEntry & { readonly request: KeptRequest }) | undefined> {
    const noteId = ID.exec(id)?.[1];
    const entry = noteId === undefined ? undefined : await this.read(noteId);
    return entry?.request?.id === id ? { ...entry, request: entry.request } : undefined;
  }

  async read(noteId: string): Promise<ApprovalEntry> {
    const { text, now } = await this.#store.readNote(this.#ref(noteId));
    return { noteId, text, request: await this.#open(noteId, text), now };
  }

  async all(): Promise<ApprovalEntries> {
    const { notes, now } = await this.#store.listNotes(this.#book);
    const entries = notes.map(async ({ id, text }) => ({ noteId: id, text, request: await this.#open(id, text), now }));
    return { now, entries: await Promise.all(entries) };
  }

  /** Puts a request in the place of an entry, if that is still as it was read: of parallel changes, one is made. */
  async put({ noteId, text, now }: ApprovalEntry, request: KeptRequest): Promise<boolean> {
    const sealed = await this.#context.engine.seal.seal(this.#binding(noteId), request);
    const ttlMs = Math.min(LONGEST_RETENTION_MS, KEPT_MS + Math.max(0, lastInstant(request) - now));
    const ref = this.#ref(noteId);
    if (text === undefined) return this.#store.writeNote(ref, { text: sealed, ttlMs, atMost: MOST_REQUESTS });
    return this.#store.changeNote(ref, text, sealed, ttlMs);
  }

  async #open(noteId: string, text: string | undefined): Promise<KeptRequest | undefined> {
    const value = text === undefined ? undefined : await this.#context.engine.seal.open(this.#binding(noteId), text);
    return value as KeptRequest | undefined;
  }

  get #store(): RequestContext['engine']['settings']['store'] {
    return this.#context.engine.settings.store;
  }

  get #book(): string {
    return `approvals.${this.#context.runtime.app.name}`;
  }

  #ref(noteId: string): NoteRef {
    return { book: this.#book, id: noteId };
  }

  #binding(noteId: string): string {
    return `approval ${this.#context.runtime.app.name} ${noteId}`;
  }
}

/** When nothing about a request can change any more by itself. */
function lastInstant({ state, pendingUntil, endsAt }: KeptRequest): number {
  return state === 'pending' ? pendingUntil : endsAt;
}

/** A session's mark is of a keyed digest, so that nobody can tell from outside what a note is about. */
export function noteIdOf(session: string, scope: string): string {
  return shortDigest(`${session} ${scope}`);
}

/** The id of a new request in a note: what was decided about an earlier one is not decided about this. */
export function newRequestId(noteId: string): string {
  return `${noteId}.${randomBytes(NONCE_BYTES).toString('base64url')}`;
}
