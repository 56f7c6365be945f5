import type { SessionDevice } from '../policy/device.ts';
import type { EndReason } from '../policy/reason.ts';
import { AppEpochs } from './app-epochs.ts';
import { checkChanges, mergeEntries } from './data-entries.ts';
import { isSameDevice, soundDevice } from './device-format.ts';
import { type Entry, keyOf, MemoryEntries } from './memory-entries.ts';
import { excessOf } from './memory-limit.ts';
import { MemoryNotes } from './memory-notes.ts';
import { MemoryUses } from './memory-uses.ts';
import type { NoteDraft, NoteRead, NoteRef, NotesRead } from './note.ts';
import { PlainSessions } from './plain-sessions.ts';
import { expiryOf, isPastRotation, newRecord, RETENTION_GRACE_MS, rotatedRecord, ROTATION_GRACE_MS } from './record-lifecycle.ts';
import type { Ended, Reauthentication, Retention, SessionChanges, SessionDraft, SessionRecord, SessionRef } from './session-record.ts';
import type { ConcurrencyLimit, CreateResult, ListedSession, ReadResult, RevokeResult, WriteResult } from './session-store.ts';
import { checkDraft, checkReauthentication, checkRef, checkSuccession, DEFAULT_MAX_BYTES, tooLarge } from './store-input.ts';

/** Options of `memoryStore`. */
export interface MemoryStoreOptions {
  /** The store's clock, epoch milliseconds. Default: `Date.now`. */
  readonly clock?: () => number;
}

/**
 * A store in the memory of this process, for development, tests and programs of a single process. Sessions are gone at a restart
 * and not shared with other processes. It promises what every store promises, with the same answers as the Redis store.
 *
 * @throws {TypeError} for unknown options.
 * @example
 * const clock = manualClock();
 * const store = memoryStore({ clock: clock.now });
 */
export function memoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  return new MemoryStore(options);
}

/** See `memoryStore`. */
export class MemoryStore extends PlainSessions {
  #clock: () => number;
  readonly #entries = new MemoryEntries();
  readonly #epochs = new AppEpochs();
  readonly #notes = new MemoryNotes();
  readonly #uses = new MemoryUses();

  constructor({ clock = Date.now, ...unknown }: MemoryStoreOptions = {}) {
    super();
    if (typeof clock !== 'function') throw new TypeError('memoryStore: clock must be a function that returns epoch milliseconds');
    const [name] = Object.keys(unknown);
    if (name !== undefined) throw new TypeError(`memoryStore has no option "${name}"; it has: clock`);
    this.#clock = clock;
  }

  /** Takes another clock from now on. */
  useClock(clock: () => number): void {
    this.#clock = clock;
  }

  ready(): Promise<void> {
    return Promise.resolve();
  }

  now(): Promise<number> {
    return attempt(() => this.#clock());
  }

  read(ref: SessionRef): Promise<ReadResult> {
    return attempt(() => this.#read(ref, this.#clock()));
  }

  create(ref: SessionRef, draft: SessionDraft, retention: Retention, limit?: ConcurrencyLimit): Promise<CreateResult> {
    return attempt(() => {
      checkRef(ref);
      checkDraft(draft, DEFAULT_MAX_BYTES);
      const now = this.#clock();
      const key = keyOf(ref);
      if (this.#entries.find(key, now) !== undefined) return { outcome: 'conflict' };
      const counts = draft.subject === undefined ? undefined : limit;
      const excess = excessOf(ref, counts, { entries: this.#entries, epochs: this.#epochs, now });
      if (excess === 'limit') return { outcome: 'limit' };
      const record = Object.freeze(newRecord(ref, draft, Math.max(now, this.#epochs.floor(ref.app) + 1)));
      this.#entries.put(key, { ref, value: record, expiresAt: expiryOf(record, retention), previous: undefined }, now);
      this.#entries.enlist(ref.tag, key);
      for (const { key: old, reason } of excess) this.#bury(old, reason, now);
      const endedOldest = excess.filter(({ reason }) => reason === 'session_limit').length;
      return { outcome: 'created', now: record.createdAt, record, endedOldest };
    });
  }

  rotate(from: SessionRef, to: SessionRef, authentication: Reauthentication | undefined, retention: Retention): Promise<CreateResult> {
    return attempt(() => {
      checkSuccession(from, to);
      checkReauthentication(authentication);
      const now = this.#clock();
      const old = this.#live(from, now);
      if (old === undefined || this.#entries.find(keyOf(to), now) !== undefined) return { outcome: 'conflict' };
      const record = Object.freeze(rotatedRecord(old.value, from, authentication, now));
      old.entry.value = Object.freeze({ ...old.value, rotatedAt: now, version: record.version });
      old.entry.expiresAt = now + ROTATION_GRACE_MS;
      this.#entries.put(keyOf(to), { ref: to, value: record, expiresAt: expiryOf(record, retention), previous: from }, now);
      this.#entries.strike(from.tag, keyOf(from));
      this.#entries.enlist(to.tag, keyOf(to));
      return { outcome: 'created', now: Math.max(now, record.lastActiveAt), record, endedOldest: 0 };
    });
  }

  save(ref: SessionRef, changes: SessionChanges): Promise<WriteResult> {
    return attempt(() => {
      checkChanges(changes);
      return this.#update(ref, (record) => {
        const data = mergeEntries(record.data, changes);
        if (Buffer.byteLength(data) > DEFAULT_MAX_BYTES) throw tooLarge(DEFAULT_MAX_BYTES);
        return { ...record, data };
      });
    });
  }

  changeDevice(ref: SessionRef, from: SessionDevice | undefined, to: SessionDevice | undefined): Promise<WriteResult | 'changed'> {
    return attempt(() => {
      checkRef(ref);
      const [before, device] = [soundDevice(from), soundDevice(to)];
      const live = this.#live(ref, this.#clock());
      if (live === undefined) return 'gone';
      return isSameDevice(live.value.device, before) ? this.#update(ref, (record) => ({ ...record, device })) : 'changed';
    });
  }

  recordActivity(ref: SessionRef, at: number, retention: Retention): Promise<WriteResult> {
    return attempt(() => {
      const lastActiveAt = Math.min(at, this.#clock());
      return this.#update(
        ref,
        (record) =>
          lastActiveAt <= record.lastActiveAt
            ? record
            : { ...record, longestGapMs: Math.max(record.longestGapMs, lastActiveAt - record.lastActiveAt), lastActiveAt },
        retention,
      );
    });
  }

  spend(ref: SessionRef, authenticatedAt: number): Promise<boolean> {
    return attempt(() => {
      const record = this.#live(ref, this.#clock())?.value;
      if (record === undefined || authenticatedAt <= 0) return false;
      if (record.authenticatedAt !== authenticatedAt || record.spentAt >= authenticatedAt) return false;
      return this.#update(ref, (before) => ({ ...before, spentAt: authenticatedAt })) === 'written';
    });
  }

  end(ref: SessionRef, reason: EndReason): Promise<RevokeResult> {
    return attempt(() => {
      const now = this.#clock();
      const value = this.#entries.find(keyOf(ref), now)?.value;
      const isReplaced = value !== undefined && 'rotatedAt' in value && value.rotatedAt > 0;
      return { ended: isReplaced ? 0 : this.#bury(keyOf(ref), reason, now), durable: true };
    });
  }

  list(tag: string): Promise<readonly ListedSession[]> {
    return attempt(() => this.#listed(this.#entries.tagged(tag)));
  }

  listApp(app: string, atMost = 1_000): Promise<readonly ListedSession[]> {
    return attempt(() => this.#listed(this.#entries.ofApp(app)).slice(0, atMost));
  }

  endAll(tag: string, reason: EndReason, only: { readonly app?: string; readonly except?: SessionRef } = {}): Promise<RevokeResult> {
    return attempt(() => {
      const now = this.#clock();
      const kept = only.except === undefined ? undefined : keyOf(only.except);
      let ended = 0;
      for (const key of this.#entries.tagged(tag)) {
        const meant = key !== kept && (only.app === undefined || this.#entries.find(key, now)?.ref.app === only.app);
        if (meant) ended += this.#bury(key, reason, now);
      }
      return { ended, durable: true };
    });
  }

  endApp(app: string, reason: EndReason): Promise<RevokeResult> {
    return attempt(() => {
      this.#epochs.raise(app, { reason, at: this.#epochs.next(this.#clock()) });
      return { ended: undefined, durable: true };
    });
  }

  writeNote(ref: NoteRef, note: NoteDraft): Promise<boolean> {
    return attempt(() => this.#notes.write(ref, note, this.#clock()));
  }

  readNote(ref: NoteRef): Promise<NoteRead> {
    return attempt(() => this.#notes.read(ref, this.#clock()));
  }

  takeNote(ref: NoteRef): Promise<NoteRead> {
    return attempt(() => this.#notes.take(ref, this.#clock()));
  }

  changeNote(ref: NoteRef, from: string, to: string, ttlMs: number): Promise<boolean> {
    return attempt(() => this.#notes.change(ref, from, to, ttlMs, this.#clock()));
  }

  listNotes(book: string): Promise<NotesRead> {
    return attempt(() => this.#notes.list(book, this.#clock()));
  }

  useOnce(scope: string, id: string, ttlMs: number): Promise<boolean> {
    return attempt(() => this.#uses.add(scope, id, ttlMs, this.#clock()));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #read(ref: SessionRef, now: number): ReadResult {
    const value = this.#entries.find(keyOf(ref), now)?.value;
    if (value === undefined) return { now, record: undefined, ended: undefined, endedAt: 0 };
    const end = this.#endOf(value, now);
    if (end !== undefined) return { now, record: undefined, ended: end.reason, endedAt: end.at };
    return { now, record: value as SessionRecord, ended: undefined, endedAt: 0 };
  }

  #endOf(value: SessionRecord | Ended, now: number): Ended | undefined {
    if ('reason' in value) return value;
    const ended = this.#epochs.endOf(value.app, value.createdAt);
    return ended ?? (isPastRotation(value, now) ? { reason: 'session_rotated', at: value.rotatedAt } : undefined);
  }

  /** The entry of a session that may be written to, with its record. */
  #live(ref: SessionRef, now: number): { readonly entry: Entry; readonly value: SessionRecord } | undefined {
    const entry = this.#entries.find(keyOf(ref), now);
    if (entry === undefined || 'reason' in entry.value || entry.value.rotatedAt > 0) return undefined;
    return this.#epochs.endOf(ref.app, entry.value.createdAt) === undefined ? { entry, value: entry.value } : undefined;
  }

  #update(ref: SessionRef, change: (record: SessionRecord) => SessionRecord, retention?: Retention): WriteResult {
    const live = this.#live(ref, this.#clock());
    if (live === undefined) return 'gone';
    const changed = change(live.value);
    if (changed === live.value) return 'written';
    live.entry.value = Object.freeze({ ...changed, version: live.value.version + 1 });
    if (retention !== undefined) live.entry.expiresAt = expiryOf(changed, retention);
    return 'written';
  }

  /** Puts a tombstone in the place of a session and of those it took over from. Returns how many live ones that were. */
  #bury(key: string, reason: EndReason, now: number): number {
    const entry = this.#entries.find(key, now);
    if (entry === undefined) return 0;
    this.#entries.strike(entry.ref.tag, key);
    if ('reason' in entry.value) return 0;
    const wasLive = entry.value.rotatedAt === 0;
    entry.value = Object.freeze({ reason, at: now });
    entry.expiresAt = Math.max(entry.expiresAt, now + RETENTION_GRACE_MS);
    const previous = entry.previous === undefined ? undefined : this.#entries.find(keyOf(entry.previous), now);
    if (previous !== undefined && 'rotatedAt' in previous.value && previous.value.rotatedAt > 0)
      this.#bury(keyOf(previous.ref), reason, now);
    return wasLive ? 1 : 0;
  }

  #listed(keys: Iterable<string>): readonly ListedSession[] {
    const now = this.#clock();
    const sessions = [...keys].flatMap((key) => {
      const entry = this.#entries.find(key, now);
      const live = entry === undefined ? undefined : this.#live(entry.ref, now);
      return live === undefined ? [] : [{ ref: live.entry.ref, record: live.value }];
    });
    return sessions.sort((a, b) => a.record.lastActiveAt - b.record.lastActiveAt);
  }
}

/** Whatever goes wrong reaches the caller as a rejection, as from any other store. */
function attempt<T>(work: () => T): Promise<T> {
  try {
    return Promise.resolve(work());
  } catch (error) {
    return Promise.reject(error as Error);
  }
}
