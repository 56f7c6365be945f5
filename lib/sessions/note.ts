/**
 * Where a note is kept: a small text with an end, beside the sessions. An interrupted request, the challenge of a passkey and an
 * approval are notes. The notes of a book lie together, so that they can be listed and counted in one step.
 */
export interface NoteRef {
  /** 1 to 80 letters, digits, `.`, `_` and `-`. */
  readonly book: string;
  /** 1 to 64 characters of base64url. */
  readonly id: string;
}

/** A note that is to be kept. */
export interface NoteDraft {
  /** Well-formed text, at most 128 KiB of UTF-8. */
  readonly text: string;
  /** How long it lasts, by the store's clock: from 1 ms to 400 days. */
  readonly ttlMs: number;
  /** Most notes in the book, 1 to 1,000. */
  readonly atMost: number;
}

/** A note in a list. */
export interface Note {
  readonly id: string;
  readonly text: string;
}

/** What a read found. `now` is the store's clock at that moment, epoch milliseconds. */
export interface NoteRead {
  readonly now: number;
  readonly text: string | undefined;
}

/** What a book holds. */
export interface NotesRead {
  readonly now: number;
  readonly notes: readonly Note[];
}
