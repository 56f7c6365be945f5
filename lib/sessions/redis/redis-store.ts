import type { EndReason } from '../../policy/reason.ts';
import { checkChanges, keyText } from '../data-entries.ts';
import { StoreUnavailableError } from '../errors.ts';
import { PlainSessions } from '../plain-sessions.ts';
import { decodeNumber, decodeValue, encodeDraftMeta, INVALID, isEnded, reasonLetter } from '../record-format.ts';
import { isPastRotation, newRecord } from '../record-lifecycle.ts';
import type { Retention, SessionChanges, SessionDraft, SessionRef } from '../session-record.ts';
import type { ConcurrencyLimit, CreateResult, ListedSession, ReadResult, RevokeResult, WriteResult } from '../session-store.ts';
import { checkDraft, checkName, checkSuccession, tooLarge } from '../store-input.ts';
import { Connection } from './connection.ts';
import type { Deadline } from './deadline-queue.ts';
import { Durability } from './durability.ts';
import { KeySpace } from './key-space.ts';
import { Pulse } from './pulse.ts';
import { checkRedisOptions, type RedisSettings, type RedisStoreOptions } from './redis-options.ts';
import { rotateSession } from './rotation.ts';
import { scanSessions } from './scan.ts';
import type { Script } from './script.ts';
import { ACTIVITY, CREATE, END, END_ALL, END_APP, LIST, SAVE, SPEND } from './scripts.ts';
import { ServerCheck } from './server-check.ts';
import { BatchedReads, type SessionReads, SingleReads } from './session-reads.ts';
import { sessionInside } from './session-text.ts';

export type { RedisStoreOptions } from './redis-options.ts';

/**
 * A store in Redis 6.2 or newer (or Valkey): one server, a primary found by Sentinel, or a Cluster; shared by any number of processes.
 *
 * A request costs one read, sent together with all others of the same turn of the event loop; on a Cluster a read each, for which
 * `enableAutoPipelining` on the client is worth having. Ending all sessions of an app is seen at once on one server, and within a second on a
 * Cluster. Every call answers or rejects with `StoreUnavailableError` within `deadline`, and a write that missed it is not carried out later,
 * but for the ending of a session (on a Cluster any may be: its clocks can't be compared). A server that may evict sessions is refused
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
    const reply = await this.#write(CREATE, [home, own], (deadline) => [
      ...this.#clockAndLatest(deadline),
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

  rotate(
    from: SessionRef,
    to: SessionRef,
    authentication: Pick<SessionDraft, 'level' | 'methods'>,
    retention: Retention,
  ): Promise<CreateResult> {
    checkSuccession(from, to);
    return this.#connection.run((deadline) => {
      const write = (script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> =>
        this.#script(script, keys, () => [
          ...this.#clockAndLatest(deadline),
          this.#pulse.epochs.floor(from.app),
          ...limits(retention),
          ...args,
        ]);
      return rotateSession({ from, to, authentication, keys: this.#keys, read: (place) => this.#reads.read(place), write });
    });
  }

  async save(ref: SessionRef, changes: SessionChanges): Promise<WriteResult> {
    checkChanges(changes);
    const { home, member } = this.#keys.place(ref);
    const pairs = [...changes].flatMap(([key, text]) => [keyText(key), text ?? '']);
    const reply = await this.#write(SAVE, [home], (deadline) => [
      ...this.#clockAndLatest(deadline),
      this.#pulse.epochs.floor(ref.app),
      member,
      this.#settings.maxBytes,
      ...pairs,
    ]);
    if (reply === 'large') throw tooLarge(this.#settings.maxBytes);
    return reply as WriteResult;
  }

  async recordActivity(ref: SessionRef, at: number, retention: Retention): Promise<WriteResult> {
    const { home, member } = this.#keys.place(ref);
    const reply = await this.#write(ACTIVITY, [home], () => [
      this.#clock(),
      this.#pulse.epochs.floor(ref.app),
      member,
      Math.floor(at),
      ...limits(retention),
    ]);
    return reply as WriteResult;
  }

  async spend(ref: SessionRef, authenticatedAt: number): Promise<boolean> {
    const { home, member } = this.#keys.place(ref);
    const reply = await this.#write(SPEND, [home], (deadline) => [
      ...this.#clockAndLatest(deadline),
      this.#pulse.epochs.floor(ref.app),
      member,
      authenticatedAt,
    ]);
    return reply === 1;
  }

  async end(ref: SessionRef, reason: EndReason): Promise<RevokeResult> {
    const { home, member } = this.#keys.place(ref);
    return this.#ending([home], () => this.#write(END, [home], () => [this.#clock(), reasonLetter(reason), member]));
  }

  async list(tag: string): Promise<readonly ListedSession[]> {
    const reply = (await this.#write(LIST, [this.#keys.home(tag)], () => [])) as readonly string[];
    const sessions: (ListedSession | undefined)[] = [];
    for (let at = 0; at + 1 < reply.length; at += 2) sessions.push(this.#listed(tag, reply[at] as string, reply[at + 1] as string));
    return byActivity(sessions);
  }

  async listApp(app: string, atMost = 1_000): Promise<readonly ListedSession[]> {
    if (app !== '*') checkName(app);
    const take = (key: string, value: string): ListedSession | undefined => {
      const listed = this.#listedUnder(key, value);
      return app === '*' || listed?.ref.app === app ? listed : undefined;
    };
    await this.#connection.run(() => this.#pulse.usable());
    return byActivity(await scanSessions(this.#connection, this.#keys.pattern, atMost, take));
  }

  async endAll(tag: string, reason: EndReason, only: { readonly app?: string; readonly except?: SessionRef } = {}): Promise<RevokeResult> {
    const home = this.#keys.home(tag);
    const kept = only.except === undefined ? '' : this.#keys.member(only.except);
    return this.#ending([home], () => this.#write(END_ALL, [home], () => [this.#clock(), reasonLetter(reason), only.app ?? '', kept]));
  }

  /** In a Cluster every copy of the epochs has to take it. */
  endApp(app: string, reason: EndReason): Promise<RevokeResult> {
    if (app !== '*') checkName(app);
    return this.#ending(this.#keys.epochs, async () => {
      const args = (): readonly string[] => [this.#epochClock(), app, reasonLetter(reason)];
      const replies = await Promise.all(this.#keys.epochs.map((key) => this.#write(END_APP, [key], args)));
      const at = Math.max(...replies.map((reply) => decodeNumber(String(reply), [0, String(reply).length])));
      this.#pulse.epochs.raise(app, { reason, at });
    });
  }

  close(): Promise<void> {
    this.#connection.close();
    this.#pulse.close();
    this.#durability.close();
    return Promise.resolve();
  }

  #write(script: Script, keys: readonly string[], args: (deadline: Deadline) => readonly (string | number)[]): Promise<unknown> {
    return this.#connection.run((deadline) => this.#script(script, keys, () => args(deadline)));
  }

  /** Runs a script. Its arguments are made when the clock is known. */
  async #script(script: Script, keys: readonly string[], args: () => readonly (string | number)[]): Promise<unknown> {
    await this.#pulse.usable();
    const reply = await script.run(this.#connection.client, keys, args());
    if (reply === 'late') throw new StoreUnavailableError('Redis did not get the command in time');
    return reply;
  }

  /** What a script takes for now: on one server its own clock; in a Cluster, whose clocks differ, that of the one we ask. */
  #clock(): string {
    return this.#settings.client.isCluster ? String(this.#pulse.now) : `+${this.#settings.clockOffset()}`;
  }

  /** With the instant from which on the script must not do anything any more, since nobody waits for it. */
  #clockAndLatest(deadline: Deadline): readonly [string, number | ''] {
    return [this.#clock(), this.#settings.client.isCluster ? '' : this.#pulse.after(deadline.left)];
  }

  /** The clock of another process may be ahead of ours by as much as an answer takes; what it has just created is ended, too. */
  #epochClock(): string {
    return this.#settings.client.isCluster ? String(this.#pulse.now + this.#settings.deadline) : this.#clock();
  }

  /** Carries out an ending, and uses what is left of the time to see whether it is durable. */
  async #ending(keys: readonly string[], end: () => Promise<unknown>): Promise<RevokeResult> {
    const startedAt = performance.now();
    const ended = await end();
    const left = this.#settings.deadline - (performance.now() - startedAt);
    const fences = keys.map((key) => `${key}:fence`);
    return { ended: typeof ended === 'number' ? ended : undefined, durable: await this.#durability.confirm(fences, left) };
  }

  /** The session of a key that a scan came upon, if it is the key of one. */
  #listedUnder(key: string, value: string): ListedSession | undefined {
    const { tag, member } = this.#keys.readKey(key) ?? {};
    if (tag === undefined) return undefined;
    const found = member === undefined ? sessionInside(value) : { member, text: value };
    return found === undefined ? undefined : this.#listed(tag, found.member, found.text);
  }

  #listed(tag: string, member: string, text: string): ListedSession | undefined {
    const ref = this.#keys.refOfMember(tag, member);
    const decoded = ref === undefined ? INVALID : decodeValue(text, ref);
    if (ref === undefined || isEnded(decoded) || decoded.rotatedAt > 0) return undefined;
    return this.#pulse.epochs.endOf(ref.app, decoded.createdAt) === undefined ? { ref, record: decoded } : undefined;
  }
}

function limits({ idleMs, absoluteMs }: Retention): readonly [number | '', number | ''] {
  return [idleMs ?? '', absoluteMs ?? ''];
}

function byActivity(sessions: readonly (ListedSession | undefined)[]): readonly ListedSession[] {
  const live = sessions.filter((session) => session !== undefined);
  return live.sort((a, b) => a.record.lastActiveAt - b.record.lastActiveAt);
}
