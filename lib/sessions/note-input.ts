import type { NoteDraft, NoteRef } from './note.ts';
import { LONGEST_RETENTION_MS } from './record-lifecycle.ts';

/** Most bytes of UTF-8 in a note. */
const MAX_NOTE_BYTES = 128 * 1_024;
/** A book is read and cleared as a whole, in one step of the store. */
const MOST_NOTES = 1_000;

const BOOK = /^[A-Za-z0-9._-]{1,80}$/;
const ID = /^[A-Za-z0-9_-]{1,64}$/;
const LONE_SURROGATE = /\p{Cs}/u;

/** @throws {TypeError} if a book has a name that could be mistaken for another in a key. */
export function checkBook(book: string): void {
  if (typeof book !== 'string' || !BOOK.test(book))
    throw new TypeError('a book of notes has a name of 1 to 80 letters, digits, ., _ and -');
}

/** @throws {TypeError} if a reference could name another place than the one it is for. */
export function checkNoteRef({ book, id }: NoteRef): void {
  checkBook(book);
  if (typeof id !== 'string' || !ID.test(id)) throw new TypeError('the id of a note must have 1 to 64 characters of base64url');
}

/** @throws {TypeError} for a text, a lifetime or a number of notes that a store does not keep. */
export function checkNote({ text, ttlMs, atMost }: NoteDraft): void {
  checkNoteText(text);
  checkTtl(ttlMs);
  if (!Number.isInteger(atMost) || atMost < 1 || atMost > MOST_NOTES) {
    throw new TypeError(`a book holds at least 1 note and at most ${MOST_NOTES}`);
  }
}

/** @throws {TypeError} unless it comes back as it is: UTF-8 has no half of a surrogate pair. */
export function checkNoteText(text: string): void {
  if (typeof text !== 'string' || LONE_SURROGATE.test(text)) throw new TypeError('a note is a well-formed text');
  if (Buffer.byteLength(text) > MAX_NOTE_BYTES) throw new TypeError(`a note has at most ${MAX_NOTE_BYTES} bytes`);
}

/** @throws {TypeError} for a lifetime without an end, or none at all. */
export function checkTtl(ttlMs: number): void {
  if (!Number.isInteger(ttlMs) || ttlMs < 1 || ttlMs > LONGEST_RETENTION_MS) {
    throw new TypeError('a note lasts a whole number of milliseconds, from 1 to 400 days');
  }
}
