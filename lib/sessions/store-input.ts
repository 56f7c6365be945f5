import { checkDataText } from './data-entries.ts';
import { soundDevice } from './device-format.ts';
import { SessionError } from './errors.ts';
import type { Reauthentication, SessionDraft, SessionRef } from './session-record.ts';

/** Most bytes of data in one session, unless the store is told otherwise. */
export const DEFAULT_MAX_BYTES: number = 64 * 1_024;

const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,62}$/;
const TAG = /^[A-Za-z0-9_-]{16}$/;
const DIGEST = /^[A-Za-z0-9_-]{22,43}$/;
const ACTION = /^[A-Za-z0-9_-]{1,64}$/;
const CLIENT = /^[^\p{Cc}\p{Zl}\p{Zp}]{1,64}$/u;

/** @throws {TypeError} if a tag is not one. */
export function checkTag(tag: string): void {
  if (!TAG.test(tag)) throw new TypeError('a tag must have 16 characters of base64url');
}

/** @throws {TypeError} if an app or profile has a name that could be mistaken for another in a key. */
export function checkName(name: string): void {
  if (!NAME.test(name)) throw new TypeError('app and profile names are letters, digits, - and _, at most 63, a letter first');
}

/** @throws {TypeError} if a reference could name another place than the one it is for. */
export function checkRef(ref: SessionRef): void {
  checkTag(ref.tag);
  checkName(ref.app);
  checkName(ref.profile);
  if (!DIGEST.test(ref.digest)) throw new TypeError('a digest must have 22 to 43 characters of base64url');
}

/** Whether a text can say what an authentication was for. */
export function isActionText(value: unknown): value is string {
  return typeof value === 'string' && ACTION.test(value);
}

/** Whether a text is the digest of a session id. */
export function isDigest(value: unknown): value is string {
  return typeof value === 'string' && DIGEST.test(value);
}

/** Whether a text can stand in a list as the client of a session: on one line, and short. */
export function isClientText(value: unknown): value is string {
  return typeof value === 'string' && CLIENT.test(value);
}

/**
 * @throws {TypeError} for data that is not the text of session data, a client that does not fit in a list, and a device that is none.
 * @throws {SessionError} `ERR_SESSION_TOO_LARGE`.
 */
export function checkDraft(draft: SessionDraft, maxBytes: number): void {
  checkDataText(draft.data);
  if (draft.client !== undefined && !isClientText(draft.client)) {
    throw new TypeError('what a session was begun with is 1 to 64 characters on one line');
  }
  soundDevice(draft.device);
  if (Buffer.byteLength(draft.data) > maxBytes) throw tooLarge(maxBytes);
}

/** @throws {TypeError} unless both references are of one subject, app and profile. */
export function checkSuccession(from: SessionRef, to: SessionRef): void {
  checkRef(from);
  checkRef(to);
  if (from.tag !== to.tag || from.app !== to.app || from.profile !== to.profile) {
    throw new TypeError('a session can only be rotated within its tag, app and profile');
  }
}

/** @throws {TypeError} for an instant that is none, and for an action that is no digest. */
export function checkReauthentication({ at, authenticatedFor }: Partial<Reauthentication> = {}): void {
  if (at !== undefined && (!Number.isSafeInteger(at) || at < 0)) {
    throw new TypeError('the time of an authentication is a whole number of epoch milliseconds');
  }
  if (authenticatedFor !== undefined && !isActionText(authenticatedFor)) {
    throw new TypeError('what an authentication was for has 1 to 64 characters of base64url');
  }
}

export function tooLarge(maxBytes: number): SessionError {
  return new SessionError('ERR_SESSION_TOO_LARGE', 500, `the session is larger than ${maxBytes} bytes; keep the data elsewhere`);
}
