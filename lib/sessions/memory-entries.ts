import type { Ended, SessionRecord, SessionRef } from './session-record.ts';

/** What lies under a reference: a live record, one that was rotated a moment ago, or the tombstone of one. */
export interface Entry {
  readonly ref: SessionRef;
  /** Frozen, and replaced as a whole: who has read it keeps what was read. */
  value: SessionRecord | Ended;
  expiresAt: number;
  /** The reference that this one took over from, which ends with it. */
  readonly previous: SessionRef | undefined;
}

const SWEPT_PER_WRITE = 4;
const NOWHERE: readonly never[] = Object.freeze([]);

/** What a memory store holds, by key and by tag. What has expired is not found, and cleared away bit by bit. */
export class MemoryEntries {
  readonly #entries = new Map<string, Entry>();
  /** Keys of sessions by tag, oldest first. */
  readonly #tags = new Map<string, Set<string>>();
  #sweep: Iterator<[string, Entry]> | undefined;

  /** Keys of the sessions under a tag, oldest first. */
  tagged(tag: string): Iterable<string> {
    return this.#tags.get(tag) ?? NOWHERE;
  }

  /** Keys of everything of an app; of all apps for `*`. */
  ofApp(app: string): readonly string[] {
    return [...this.#entries].filter(([, { ref }]) => app === '*' || ref.app === app).map(([key]) => key);
  }

  find(key: string, now: number): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || now < entry.expiresAt) return entry;
    this.#drop(key, entry);
    return undefined;
  }

  put(key: string, entry: Entry, now: number): void {
    this.#sweepSome(now);
    this.#entries.set(key, entry);
  }

  /** A few entries at each new session: no timer, and no pause however many there are. */
  #sweepSome(now: number): void {
    for (let count = 0; count < SWEPT_PER_WRITE; count += 1) {
      this.#sweep ??= this.#entries.entries();
      const { done, value } = this.#sweep.next();
      if (done === true) {
        this.#sweep = undefined;
        return;
      }
      if (now >= value[1].expiresAt) this.#drop(value[0], value[1]);
    }
  }

  #drop(key: string, { ref }: Entry): void {
    this.#entries.delete(key);
    this.strike(ref.tag, key);
  }

  enlist(tag: string, key: string): void {
    const keys = this.#tags.get(tag);
    if (keys === undefined) this.#tags.set(tag, new Set([key]));
    else keys.add(key);
  }

  strike(tag: string, key: string): void {
    const keys = this.#tags.get(tag);
    if (keys?.delete(key) === true && keys.size === 0) this.#tags.delete(tag);
  }
}

export function keyOf({ app, profile, tag, digest }: SessionRef): string {
  return `${tag}${digest}:${app}:${profile}`;
}
