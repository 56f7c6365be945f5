import type { Subject } from '../../../policy/facts.ts';
import { StoreUnavailableError } from '../../../sessions/errors.ts';
import type { NoteRef } from '../../../sessions/note.ts';
import { LONGEST_RETENTION_MS } from '../../../sessions/record-lifecycle.ts';
import type { Engine } from '../../engine.ts';
import { type KnownRecord, recordIn, recordText } from './known-record.ts';

/** A device of a subject, where it is kept. */
export interface KnownEntry {
  readonly tag: string;
  readonly id: string;
  readonly text: string;
  readonly record: KnownRecord;
}

/** What a look into the book found, and the store's clock at that moment. */
export interface KnownFind {
  readonly now: number;
  readonly entry: KnownEntry | undefined;
}

/** Never reached: the one that was not used for longest makes room before. */
const AT_MOST = 200;
/** Longer than any request takes. */
const REMOVAL_MS = 5 * 60_000;
const ATTEMPTS = 5;

const ID = /^[A-Za-z0-9_-]{22}$/;

/** Whether a text can name an enrolled device: what a client sends goes no further otherwise. */
export function isDeviceId(id: unknown): id is string {
  return typeof id === 'string' && ID.test(id);
}

/** The devices of one subject: under the tag of each secret, since those from before a secret was replaced are there still. */
export class KnownBook {
  readonly #engine: Engine;
  readonly #subject: Subject;
  readonly tags: readonly string[];

  constructor(engine: Engine, subject: Subject) {
    this.#engine = engine;
    this.#subject = subject;
    this.tags = engine.ids.tagsOf(subject.id);
  }

  /** The tag that everything new is written under. */
  get newestTag(): string {
    return this.tags[0] as string;
  }

  /** One device, wherever it is kept. */
  async find(id: string): Promise<KnownFind> {
    if (!isDeviceId(id)) return { now: 0, entry: undefined };
    const reads = await Promise.all(this.tags.map((tag) => this.#store.readNote({ book: bookOf(tag), id })));
    const entries = reads.map(({ text }, index) => this.#entry(this.tags[index] as string, id, text));
    return { now: Math.max(...reads.map(({ now }) => now)), entry: entries.find((entry) => entry !== undefined) };
  }

  async list(): Promise<readonly KnownEntry[]> {
    const books = await Promise.all(this.tags.map((tag) => this.#store.listNotes(bookOf(tag))));
    const entries = books.flatMap(({ notes }, index) => notes.map(({ id, text }) => this.#entry(this.tags[index] as string, id, text)));
    return entries.filter((entry) => entry !== undefined);
  }

  async add(id: string, record: KnownRecord): Promise<void> {
    const note = { text: recordText(record), ttlMs: LONGEST_RETENTION_MS, atMost: AT_MOST };
    await this.#store.writeNote({ book: bookOf(this.newestTag), id }, note);
  }

  /** Replaces an entry if nobody has done so meanwhile, and keeps it for another 400 days. */
  change({ id, tag, text }: KnownEntry, record: KnownRecord): Promise<boolean> {
    return this.#store.changeNote({ book: bookOf(tag), id }, text, recordText(record), LONGEST_RETENTION_MS);
  }

  /**
   * Takes a device out, wherever it is kept.
   *
   * @returns Its record; `undefined` if it was not there. Of parallel calls, one gets it.
   * @throws {SessionError} `ERR_STORE_UNAVAILABLE`
   */
  async remove(id: string): Promise<KnownRecord | undefined> {
    // Who is about to put it under the newest tag sees by this that it must not be there any more.
    if (this.tags.length > 1) await this.#store.writeNote(this.#removal(id), { text: 'removed', ttlMs: REMOVAL_MS, atMost: AT_MOST });
    let removed: KnownRecord | undefined;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const { entry } = await this.find(id);
      if (entry === undefined) return removed;
      removed = (await this.#take(entry.tag, id))?.record ?? removed;
    }
    throw new StoreUnavailableError('an enrolled device could not be removed');
  }

  /** Puts an entry of an older secret under the newest, as it is: first there, so that nobody finds it nowhere. */
  async moveToNewest({ id, record, tag }: KnownEntry): Promise<void> {
    await this.add(id, record);
    await this.#take(tag, id);
    if ((await this.#store.readNote(this.#removal(id))).text !== undefined) await this.#take(this.newestTag, id);
  }

  async #take(tag: string, id: string): Promise<KnownEntry | undefined> {
    return this.#entry(tag, id, (await this.#store.takeNote({ book: bookOf(tag), id })).text);
  }

  #removal(id: string): NoteRef {
    return { book: `removed-device.${this.newestTag}`, id };
  }

  /** What stands there, if it is a device of this subject: another kind of subject may have the same id. */
  #entry(tag: string, id: string, text: string | undefined): KnownEntry | undefined {
    const record = text === undefined ? undefined : recordIn(text);
    return text === undefined || record === undefined || record.kind !== this.#subject.kind ? undefined : { tag, id, text, record };
  }

  get #store(): Engine['settings']['store'] {
    return this.#engine.settings.store;
  }
}

/** Of this kind only: what a session keeps under `device` makes room for itself. */
function bookOf(tag: string): string {
  return `known-device.${tag}`;
}
