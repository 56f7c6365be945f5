import { createHmac, createSecretKey, hash, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import type { SessionRef } from './session-record.ts';

const FORM = /^[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{43}$/;
const TAG_BYTES = 12;
const RANDOM_BYTES = 32;
/** 132 bits: as hard to meet by chance as to guess an id of that length, and half the bytes of the whole in every key. */
const DIGEST_CHARACTERS = 22;

/** A session id and the place where the store keeps its session. */
export interface NewSessionId {
  readonly id: string;
  readonly ref: SessionRef;
}

/**
 * Makes and reads session ids: `<tag>.<256 random bits>`. The tag is a keyed hash of the subject, random before sign-in, so that all
 * sessions of a subject are neighbours in the store; it says nothing to who does not hold the secret.
 */
export class SessionIds {
  readonly #tagKeys: readonly KeyObject[];

  /** @param secrets Newest first. Sessions made under any of them are found. */
  constructor(secrets: readonly string[]) {
    this.#tagKeys = secrets.map((secret) => deriveKey(secret, 'subject tag'));
  }

  /** A new id for a subject, or for a visitor who has not signed in. */
  generate(app: string, profile: string, subjectId?: string): NewSessionId {
    const tag = subjectId === undefined ? randomBytes(TAG_BYTES).toString('base64url') : (this.tagsOf(subjectId)[0] as string);
    return newId(app, profile, tag);
  }

  /** A new id for the subject of an old one. Its tag stays, whichever secret it was made under. */
  successor(of: SessionRef): NewSessionId {
    return newId(of.app, of.profile, of.tag);
  }

  /** Every tag that sessions of a subject can have: one for each secret, newest first. */
  tagsOf(subjectId: string): readonly string[] {
    return this.#tagKeys.map((key) => createHmac('sha256', key).update(subjectId).digest('base64url').slice(0, 16));
  }
}

function newId(app: string, profile: string, tag: string): NewSessionId {
  const id = `${tag}.${randomBytes(RANDOM_BYTES).toString('base64url')}`;
  return { id, ref: refOf(app, profile, id) };
}

/** Whether a text has the form of a session id. Nothing else goes near the store. */
export function isSessionId(text: string): boolean {
  return text.length === 60 && FORM.test(text);
}

/** Where the session of an id is kept. The id must have the form of one. */
export function refOf(app: string, profile: string, id: string): SessionRef {
  return { app, profile, tag: id.slice(0, 16), digest: hash('sha256', id, 'base64url').slice(0, DIGEST_CHARACTERS) };
}

/** A key of its own for each purpose, so that nothing signed for one means anything for another. */
export function deriveKey(secret: string, purpose: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', `express-session-policy ${purpose}`, 32)));
}
