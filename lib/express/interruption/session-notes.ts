import { type KeyObject, randomBytes } from 'node:crypto';
import { CompactEncrypt, compactDecrypt } from 'jose';
import type { SessionStore } from '../../sessions/session-store.ts';
import { SessionError, StoreUnavailableError } from '../../sessions/errors.ts';
import { shortDigest } from '../short-digest.ts';
import type { LoadedSession, RequestContext } from '../request-context.ts';

const ID = /^[A-Za-z0-9_-]{22}$/;
const ID_BYTES = 16;
/** More than a person has tabs open; the oldest go first. */
const AT_MOST = 16;
const ATTEMPTS = 5;

/** What kind of thing a note is about; each kind has a book of its own in the session's part of the store. */
export type NoteKind = 'pending' | 'passkey' | 'oidc' | 'attempts' | 'device';

/** Encrypts what notes hold, for one session, so that neither the store nor another session can read or change it. */
export class NoteSeal {
  readonly #keys: readonly KeyObject[];

  /** @param keys Newest first: the first encrypts, all decrypt. */
  constructor(keys: readonly KeyObject[]) {
    this.#keys = keys;
  }

  /** A JWE (RFC 7516) of the value and of what it is bound to. */
  seal(binding: string, value: unknown): Promise<string> {
    const plain = new TextEncoder().encode(JSON.stringify([binding, value]));
    return new CompactEncrypt(plain).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' }).encrypt(this.#keys[0] as KeyObject);
  }

  /** The value, if it was sealed by us and for this binding. */
  async open(binding: string, text: string): Promise<unknown> {
    for (const key of this.#keys) {
      try {
        const { plaintext } = await compactDecrypt(text, key, {
          keyManagementAlgorithms: ['dir'],
          contentEncryptionAlgorithms: ['A256GCM'],
        });
        const [boundTo, value] = JSON.parse(new TextDecoder().decode(plaintext)) as [string, unknown];
        return boundTo === binding ? value : undefined;
      } catch {
        // Another key, or not ours.
      }
    }
    return undefined;
  }
}

/**
 * Keeps a value for a while for the session of a request and nobody else; a reauthentication, which changes the session's id, does not
 * lose it.
 *
 * @returns The id by which it is found again. It is no secret.
 * @throws {SessionError} `ERR_SESSION_ENDED` if nobody is signed in, `ERR_STORE_UNAVAILABLE`
 */
export async function keepNote(context: RequestContext, kind: NoteKind, value: unknown, ttlMs: number): Promise<string> {
  const loaded = ownerOf(context);
  const id = randomBytes(ID_BYTES).toString('base64url');
  const text = await context.engine.seal.seal(bindingOf(loaded, kind, id), value);
  await context.engine.settings.store.writeNote({ book: bookOf(loaded, kind), id }, { text, ttlMs, atMost: AT_MOST });
  return id;
}

/** The value of a note of this session, which stays. */
export function peekNote(context: RequestContext, kind: NoteKind, id: unknown): Promise<unknown> {
  return openNote(context, kind, id, 'readNote');
}

/** The value of a note of this session, which is gone then: of parallel calls, one gets it. */
export function takeNote(context: RequestContext, kind: NoteKind, id: unknown): Promise<unknown> {
  return openNote(context, kind, id, 'takeNote');
}

/**
 * Keeps the one value of a kind that the session of a request has, in place of the one before.
 *
 * @throws {SessionError} `ERR_SESSION_ENDED` if nobody is signed in, `ERR_STORE_UNAVAILABLE`
 */
export async function keepOnlyNote(context: RequestContext, kind: NoteKind, value: unknown, ttlMs: number): Promise<void> {
  const loaded = ownerOf(context);
  const { store } = context.engine.settings;
  const ref = { book: bookOf(loaded, kind), id: sessionMark(loaded) };
  const text = await context.engine.seal.seal(bindingOf(loaded, kind, ref.id), value);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    if (await store.writeNote(ref, { text, ttlMs, atMost: AT_MOST })) return;
    await store.takeNote(ref);
  }
  throw new StoreUnavailableError('a note of the session was replaced again and again meanwhile');
}

/** The one value of a kind that the session has, which is gone then. */
export function takeOnlyNote(context: RequestContext, kind: NoteKind): Promise<unknown> {
  return openNote(context, kind, sessionMark(ownerOf(context)), 'takeNote');
}

async function openNote(
  context: RequestContext,
  kind: NoteKind,
  id: unknown,
  how: keyof Pick<SessionStore, 'readNote' | 'takeNote'>,
): Promise<unknown> {
  const loaded = ownerOf(context);
  if (typeof id !== 'string' || !ID.test(id)) return undefined;
  const { text } = await context.engine.settings.store[how]({ book: bookOf(loaded, kind), id });
  return text === undefined ? undefined : context.engine.seal.open(bindingOf(loaded, kind, id), text);
}

/** What stays the same for a session whatever id it has; says nothing to anybody who does not know it. */
export function sessionMark({ ref, record }: Pick<LoadedSession, 'ref' | 'record'>): string {
  return shortDigest(lineage(ref, record));
}

function bindingOf({ ref, record }: LoadedSession, kind: NoteKind, id: string): string {
  return `${kind} ${id} ${lineage(ref, record)}`;
}

function lineage(ref: LoadedSession['ref'], { subject, origin }: LoadedSession['record']): string {
  return JSON.stringify([ref.app, ref.profile, ref.tag, subject?.kind, subject?.id, origin ?? ref.digest]);
}

function bookOf({ ref }: LoadedSession, kind: NoteKind): string {
  return `${kind}.${ref.tag}`;
}

function ownerOf({ loaded }: RequestContext): LoadedSession {
  if (loaded?.record.subject === undefined) throw new SessionError('ERR_SESSION_ENDED', 401, 'nobody is signed in');
  return loaded;
}
