import type { SessionDevice } from '../../policy/device.ts';
import type { EndReason } from '../../policy/reason.ts';
import { checkChanges, keyText } from '../data-entries.ts';
import { soundDevice } from '../device-format.ts';
import type { NoteDraft, NoteRead, NoteRef, NotesRead } from '../note.ts';
import { PlainSessions } from '../plain-sessions.ts';
import { decodeNumber, decodeValue, encodeDraftMeta, isEnded, reasonLetter } from '../record-format.ts';
import { isPastRotation, newRecord } from '../record-lifecycle.ts';
import type { Reauthentication, Retention, SessionChanges, SessionDraft, SessionRecord, SessionRef } from '../session-record.ts';
import type { ConcurrencyLimit, CreateResult, ListedSession, ReadResult, RevokeResult, WriteResult } from '../session-store.ts';
import { checkDraft, checkName, checkReauthentication, checkSuccession, tooLarge } from '../store-input.ts';
import { checkUse } from '../use-input.ts';
import { Connection } from './connection.ts';
import { replaceSessionDevice } from './device-change.ts';
import { Durability } from './durability.ts';
import { KeySpace } from './key-space.ts';
import type { ReadAndWrite } from './live-session.ts';
import { Pulse } from './pulse.ts';
import { checkRedisOptions, type RedisSettings, type RedisStoreOptions } from './redis-options.ts';
import { RedisNotes } from './redis-notes.ts';
import { rotateSession } from './rotation.ts';
import { type ScriptArguments, ScriptRunner } from './script-runner.ts';
import { ACTIVITY, CREATE, END, END_ALL, END_APP, SAVE, SPEND } from './scripts.ts';
import { ServerCheck } from './server-check.ts';
import { SessionLists } from './session-lists.ts';
import { BatchedReads, type SessionReads, SingleReads } from './session-reads.ts';

export type { RedisStoreOptions } from './redis-options.ts';

/**
 * A store in Redis 6.2 or newer (or Valkey): one server, a primary found by Sentinel, or a Cluster; shared by any number of processes.
 *
 * A request costs one read, sent together with all others of the same turn of the event loop; on a Cluster a read each, for which
 * `enableAutoPipelining` on the client is worth having. Ending all sessions of an app is seen at once on one server, and within a second on a
 * Cluster. Every call answers or rejects with `StoreUnavailableError` within `deadline`, and a write that missed it is not carried out later,
 * but for the ending of a session and the use of an id, which may be (on a Cluster any may be: its clocks can't be compared). A server that may evict sessions is refused
 * in production; see `ready()`.
 *
 * @throws {TypeError} for unknown or impossible options, and for clients that would read from replicas or add a prefix of their own.
 * @example
 * const store = redisStore({ client: new Redis(process.env.REDIS_URL) });
 */
export function redisStore(options: RedisStoreOptions): RedisStore {
  return new RedisStore(options);
}

/** See `redisStore`. */
export class RedisStore extends PlainSessions {
  readonly #settings: RedisSettings;
  readonly #keys: KeySpace;
  readonly #connection: Connection;
  readonly #pulse: Pulse;
  readonly #reads: SessionReads;
  readonly #durability: Durability;
  readonly #runner: ScriptRunner;
  readonly #notes: RedisNotes;
  readonly #lists: SessionLists;

  constructor(options: RedisStoreOptions) {
    super();
    const settings = checkRedisOptions(options);
    const { client, deadline, minReplicas, clockOffset } = settings;
    const check = new ServerCheck(settings);
    this.#settings = settings;
    this.#keys = new KeySpace(settings.prefix, client.isCluster);
    this.#pulse = new Pulse(client, this.#keys.epochs, clockOffset, deadline);
    this.#connection = new Connection(
      client,
      deadline,
      () => check.run(),
      () => this.#pulse.forget(),
    );
    this.#reads = client.isCluster
      ? new SingleReads(this.#connection, this.#pulse)
      : new BatchedReads(this.#connection, this.#pulse, this.#keys.epochs[0] as string);
    this.#durability = new Durability(client, minReplicas, deadline);
    this.#runner = new ScriptRunner(settings, this.#connection, this.#pulse);
    this.#notes = new RedisNotes(this.#runner, this.#keys);
    this.#lists = new SessionLists(this.#connection, this.#runner, this.#pulse, this.#keys);
  }

  /**
   * Resolves when the server is there and safe to use.
   *
   * @throws {SessionError} `ERR_STORE_UNSAFE` if it is older than 6.2, or in production may evict sessions or lacks the replicas that
   * `minReplicas` asks for (every later call rejects with it too); `ERR_STORE_UNAVAILABLE` if it does not answer.
   */
  ready(): Promise<void> {
    return this.#connection.run(() => Promise.resolve());
  }

  now(): Promise<number> {
    if (this.#pulse.isUsable()) return Promise.resolve(this.#pulse.now);
    return this.#connection.run(async () => {
      await this.#pulse.usable();
      return this.#pulse.now;
    });
  }

  async read(ref: SessionRef): Promise<ReadResult> {
    const text = await this.#reads.read(this.#keys.place(ref));
    const { now } = this.#pulse;
    if (text === undefined) return { now, record: undefined, ended: undefined, endedAt: 0 };
    const decoded = decodeValue(text, ref);
    if (isEnded(decoded)) return { now, record: undefined, ended: decoded.reason, endedAt: decoded.at };
    const end = this.#pulse.epochs.endOf(ref.app, decoded.createdAt);
    if (end !== undefined) return { now, record: undefined, ended: end.reason, endedAt: end.at };
    if (isPastRotation(decoded, now)) return { now, record: undefined, ended: 'session_rotated', endedAt: decoded.rotatedAt };
    return { now, record: decoded, ended: undefined, endedAt: 0 };
  }

  async create(ref: SessionRef, draft: SessionDraft, retention: Retention, limit?: ConcurrencyLimit): Promise<CreateResult> {
    checkDraft(draft, this.#settings.maxBytes);
    const { home, own, member } = this.#keys.place(ref);
    const reply = await this.#runner.run(CREATE, [home, own], (deadline) => [
      ...this.#runner.clockAndLatest(deadline),
      this.#pulse.epochs.floor(ref.app),
      ...limits(retention),
      member,
      draft.fresh ? '1' : '0',
      encodeDraftMeta(draft),
      draft.data,
      ...(limit === undefined || draft.subject === undefined ? ['', '', '', ''] : [limit.max, limit.onLimit, ...limits(limit)]),
    ]);
    if (reply === 'conflict' || reply === 'limit') return { outcome: reply };
    const [, createdAt, endedOldest] = reply as [string, string, number];
    const record = newRecord(ref, draft, Number(createdAt));
    return { outcome: 'created', now: record.createdAt, record, endedOldest };
  }

  rotate(from: SessionRef, to: SessionRef, authentication: Reauthentication | undefined, retention: Retention): Promise<CreateResult> {
    checkSuccession(from, to);
    checkReauthentication(authentication);
    return this.#readAndWrite(from, limits(retention), (ways) => rotateSession({ from, to, authentication, keys: this.#keys, ...ways }));
  }

  async save(ref: SessionRef, changes: SessionChanges): Promise<WriteResult> {
    checkChanges(changes);
    const { home, member } = this.#keys.place(ref);
    const pairs = [...changes].flatMap(([key, text]) => [keyText(key), text ?? '']);
    const reply = await this.#runner.run(SAVE, [home], (deadline) => [
      ...this.#runner.clockAndLatest(deadline),
      this.#pulse.epochs.floor(ref.app),
      member,
      this.#settings.maxBytes,
      ...pairs,
    ]);
    if (reply === 'large') throw tooLarge(this.#settings.maxBytes);
    return reply as WriteResult;
  }

  async changeDevice(ref: SessionRef, from: SessionDevice | undefined, to: SessionDevice | undefined): Promise<WriteResult | 'changed'> {
    const change = { ref, place: this.#keys.place(ref), from: soundDevice(from), to: soundDevice(to) };
    const isOver = ({ app, createdAt }: SessionRecord): boolean => this.#pulse.epochs.endOf(app, createdAt) !== undefined;
    return this.#readAndWrite(ref, [], (ways) => replaceSessionDevice({ ...change, isOver, ...ways }));
  }

  async recordActivity(ref: SessionRef, at: number, retention: Retention): Promise<WriteResult> {
    const { home, member } = this.#keys.place(ref);
    const reply = await this.#runner.run(ACTIVITY, [home], () => [
      this.#runner.clock(),
      this.#pulse.epochs.floor(ref.app),
      member,
      Math.floor(at),
      ...limits(retention),
    ]);
    return reply as WriteResult;
  }

  async spend(ref: SessionRef, authenticatedAt: number): Promise<boolean> {
    const { home, member } = this.#keys.place(ref);
    const reply = await this.#runner.run(SPEND, [home], (deadline) => [
      ...this.#runner.clockAndLatest(deadline),
      this.#pulse.epochs.floor(ref.app),
      member,
      authenticatedAt,
    ]);
    return reply === 1;
  }

  async end(ref: SessionRef, reason: EndReason): Promise<RevokeResult> {
    const { home, member } = this.#keys.place(ref);
    return this.#ending([home], () => this.#runner.run(END, [home], () => [this.#runner.clock(), reasonLetter(reason), member]));
  }

  list(tag: string): Promise<readonly ListedSession[]> {
    return this.#lists.ofTag(tag);
  }

  listApp(app: string, atMost = 1_000): Promise<readonly ListedSession[]> {
    return this.#lists.ofApp(app, atMost);
  }

  async endAll(tag: string, reason: EndReason, only: { readonly app?: string; readonly except?: SessionRef } = {}): Promise<RevokeResult> {
    const home = this.#keys.home(tag);
    const kept = only.except === undefined ? '' : this.#keys.member(only.except);
    return this.#ending([home], () =>
      this.#runner.run(END_ALL, [home], () => [this.#runner.clock(), reasonLetter(reason), only.app ?? '', kept]),
    );
  }

  /** In a Cluster every copy of the epochs has to take it. */
  endApp(app: string, reason: EndReason): Promise<RevokeResult> {
    if (app !== '*') checkName(app);
    return this.#ending(this.#keys.epochs, async () => {
      const args = (): readonly string[] => [this.#epochClock(), app, reasonLetter(reason)];
      const replies = await Promise.all(this.#keys.epochs.map((key) => this.#runner.run(END_APP, [key], args)));
      const at = Math.max(...replies.map((reply) => decodeNumber(String(reply), [0, String(reply).length])));
      this.#pulse.epochs.raise(app, { reason, at });
    });
  }

  writeNote(ref: NoteRef, note: NoteDraft): Promise<boolean> {
    return this.#notes.write(ref, note);
  }

  readNote(ref: NoteRef): Promise<NoteRead> {
    return this.#notes.read(ref);
  }

  takeNote(ref: NoteRef): Promise<NoteRead> {
    return this.#notes.take(ref);
  }

  changeNote(ref: NoteRef, from: string, to: string, ttlMs: number): Promise<boolean> {
    return this.#notes.change(ref, from, to, ttlMs);
  }

  listNotes(book: string): Promise<NotesRead> {
    return this.#notes.list(book);
  }

  /** A command that the client sends again on a new connection may find its own mark: then none gets `true`, never two. */
  async useOnce(scope: string, id: string, ttlMs: number): Promise<boolean> {
    checkUse(scope, id, ttlMs);
    const { client } = this.#connection;
    const key = this.#keys.use(scope, id);
    return (await this.#connection.run(() => client.call('set', [key, '1', 'NX', 'PX', ttlMs]))) === 'OK';
  }

  close(): Promise<void> {
    this.#connection.close();
    this.#pulse.close();
    this.#durability.close();
    return Promise.resolve();
  }

  /** The clock of another process may be ahead of ours by as much as an answer takes; what it has just created is ended, too. */
  #epochClock(): string {
    return this.#settings.client.isCluster ? String(this.#pulse.now + this.#settings.deadline) : this.#runner.clock();
  }

  /** Carries out an ending, and uses what is left of the time to see whether it is durable. */
  async #ending(keys: readonly string[], end: () => Promise<unknown>): Promise<RevokeResult> {
    const startedAt = performance.now();
    const ended = await end();
    const left = this.#settings.deadline - (performance.now() - startedAt);
    const fences = keys.map((key) => `${key}:fence`);
    return { ended: typeof ended === 'number' ? ended : undefined, durable: await this.#durability.confirm(fences, left) };
  }

  /** A change that is made from what is read first, in one call. Its script gets the clock, the latest instant, the floor and `more`. */
  #readAndWrite<T>(ref: SessionRef, more: ScriptArguments, change: (ways: ReadAndWrite) => Promise<T>): Promise<T> {
    return this.#connection.run((deadline) =>
      change({
        read: (place) => this.#reads.read(place),
        write: (script, keys, args) =>
          this.#runner.send(script, keys, () => [
            ...this.#runner.clockAndLatest(deadline),
            this.#pulse.epochs.floor(ref.app),
            ...more,
            ...args,
          ]),
      }),
    );
  }
}

function limits({ idleMs, absoluteMs }: Retention): readonly [number | '', number | ''] {
  return [idleMs ?? '', absoluteMs ?? ''];
}
