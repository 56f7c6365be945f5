import type { Note, NoteDraft, NoteRead, NoteRef, NotesRead } from '../note.ts';
import { checkNote, checkNoteRef, checkNoteText, checkTtl } from '../note-input.ts';
import type { KeySpace } from './key-space.ts';
import type { Script } from './script.ts';
import type { ScriptArguments, ScriptRunner } from './script-runner.ts';
import { CHANGE_NOTE, LIST_NOTES, READ_NOTE, TAKE_NOTE, WRITE_NOTE } from './scripts.ts';

/** The notes of a Redis store. All of a book is in one Cluster slot; each operation is one script on its primary. */
export class RedisNotes {
  readonly #runner: ScriptRunner;
  readonly #keys: KeySpace;

  constructor(runner: ScriptRunner, keys: KeySpace) {
    this.#runner = runner;
    this.#keys = keys;
  }

  async write(ref: NoteRef, note: NoteDraft): Promise<boolean> {
    checkNote(note);
    return (await this.#change(WRITE_NOTE, ref, [note.ttlMs, note.atMost, note.text])) === 1;
  }

  async read(ref: NoteRef): Promise<NoteRead> {
    checkNoteRef(ref);
    return noteRead(await this.#runner.run(READ_NOTE, [this.#keys.book(ref.book)], () => [this.#runner.clock(), ref.id]));
  }

  async take(ref: NoteRef): Promise<NoteRead> {
    return noteRead(await this.#change(TAKE_NOTE, ref, []));
  }

  async change(ref: NoteRef, from: string, to: string, ttlMs: number): Promise<boolean> {
    checkNoteText(from);
    checkNoteText(to);
    checkTtl(ttlMs);
    return (await this.#change(CHANGE_NOTE, ref, [ttlMs, from, to])) === 1;
  }

  async list(book: string): Promise<NotesRead> {
    const reply = await this.#runner.run(LIST_NOTES, [this.#keys.book(book)], () => [this.#runner.clock()]);
    const [now, ...pairs] = reply as readonly string[];
    const notes: Note[] = [];
    for (let at = 0; at + 1 < pairs.length; at += 2) notes.push({ id: pairs[at] as string, text: pairs[at + 1] as string });
    return { now: Number(now), notes };
  }

  #change(script: Script, ref: NoteRef, args: ScriptArguments): Promise<unknown> {
    checkNoteRef(ref);
    return this.#runner.run(script, [this.#keys.book(ref.book)], (deadline) => [...this.#runner.clockAndLatest(deadline), ref.id, ...args]);
  }
}

function noteRead(reply: unknown): NoteRead {
  const [now, text] = reply as readonly [string, string?];
  return { now: Number(now), text };
}
