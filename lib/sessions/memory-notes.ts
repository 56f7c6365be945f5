import type { Note, NoteDraft, NoteRead, NoteRef, NotesRead } from './note.ts';
import { checkBook, checkNote, checkNoteRef, checkNoteText, checkTtl } from './note-input.ts';

interface Kept {
  readonly text: string;
  readonly expiresAt: number;
}

/** Notes by id, oldest first: a map keeps the order in which its keys were added. */
type Book = Map<string, Kept>;

const SWEPT_PER_WRITE = 2;

/** The notes of a memory store. What has expired is not found; it is cleared away from the book that is written to, and from two others. */
export class MemoryNotes {
  readonly #books = new Map<string, Book>();
  #sweep: Iterator<string> | undefined;

  write(ref: NoteRef, note: NoteDraft, now: number): boolean {
    checkNote(note);
    if (this.read(ref, now).text !== undefined) return false;
    this.#sweepSome(now);
    this.#clear(ref.book, now);
    const book: Book = this.#books.get(ref.book) ?? new Map();
    this.#books.set(ref.book, book.set(ref.id, { text: note.text, expiresAt: now + note.ttlMs }));
    for (const oldest of [...book.keys()].slice(0, Math.max(0, book.size - note.atMost))) book.delete(oldest);
    return true;
  }

  read(ref: NoteRef, now: number): NoteRead {
    checkNoteRef(ref);
    const kept = this.#books.get(ref.book)?.get(ref.id);
    return { now, text: kept !== undefined && now < kept.expiresAt ? kept.text : undefined };
  }

  take(ref: NoteRef, now: number): NoteRead {
    const read = this.read(ref, now);
    this.#remove(ref);
    return read;
  }

  change(ref: NoteRef, from: string, to: string, ttlMs: number, now: number): boolean {
    checkNoteText(from);
    checkNoteText(to);
    checkTtl(ttlMs);
    if (this.read(ref, now).text !== from) return false;
    this.#books.get(ref.book)?.set(ref.id, { text: to, expiresAt: now + ttlMs });
    return true;
  }

  list(book: string, now: number): NotesRead {
    checkBook(book);
    const all = [...(this.#books.get(book) ?? [])];
    const notes = all.flatMap(([id, { text, expiresAt }]): readonly Note[] => (now < expiresAt ? [{ id, text }] : []));
    return { now, notes };
  }

  #remove({ book, id }: NoteRef): void {
    const notes = this.#books.get(book);
    if (notes?.delete(id) === true && notes.size === 0) this.#books.delete(book);
  }

  #clear(book: string, now: number): void {
    for (const [id, { expiresAt }] of this.#books.get(book) ?? []) if (now >= expiresAt) this.#remove({ book, id });
  }

  #sweepSome(now: number): void {
    for (let count = 0; count < SWEPT_PER_WRITE; count += 1) {
      this.#sweep ??= this.#books.keys();
      const { done, value } = this.#sweep.next();
      if (done !== true) this.#clear(value, now);
      else {
        this.#sweep = undefined;
        return;
      }
    }
  }
}
