import { StoreUnavailableError } from '../errors.ts';
import { type Deadline, DeadlineQueue } from './deadline-queue.ts';
import type { RedisClient } from './redis-client.ts';
import { redisCode, storeFailure } from './redis-failure.ts';

const RECONNECT_AT_MOST_EVERY_MS = 1_000;
/** So long with calls and without any answer, and a connection may be to a server that is not coming back: a new one is tried, and rarely. */
const SILENT_MS = 2_000;
const SILENT_RECONNECT_EVERY_MS = 5_000;

const LOSSES = ['close', 'end', 'reconnecting'];

/** A call that waits for the client to be connected. */
interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  readonly deadline: Deadline;
}

/** Sends a command. The deadline tells how long its answer will be waited for. */
export type Send<T> = (deadline: Deadline) => Promise<T>;

/**
 * A client, and the promise that every call through it answers or rejects in time. Nothing is put in the client's offline queue:
 * what waits there is sent whenever the server is back, long after the caller was told that it failed.
 */
export class Connection {
  readonly client: RedisClient;
  readonly #deadlines: DeadlineQueue;
  readonly #check: () => Promise<void>;
  readonly #onFresh: () => void;
  #usable = false;
  #becoming: Promise<void> | undefined;
  /** Counts connections lost, so that a check of one says nothing about the next. */
  #losses = 0;
  #waiting: Waiting[] = [];
  #closed = false;
  /** Since when every call has gone unanswered. */
  #silentSince: number | undefined;
  #reconnectedAt = Number.NEGATIVE_INFINITY;
  readonly #lost = (): void => {
    this.#usable = false;
    this.#becoming = undefined;
    this.#losses += 1;
    this.#onFresh();
    if (this.client.status === 'end') for (const { reject } of this.#waiting.splice(0)) reject(clientClosed());
  };
  readonly #ready = (): void => {
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  };
  /** ioredis prints errors that nobody listens to; callers are told anyway. */
  readonly #ignore = (): void => undefined;

  /**
   * @param check Looks at the server once a connection; nothing is sent before it has passed.
   * @param onFresh Called when what was known about the server no longer holds.
   */
  constructor(client: RedisClient, deadlineMs: number, check: () => Promise<void>, onFresh: () => void) {
    this.client = client;
    this.#deadlines = new DeadlineQueue(deadlineMs);
    this.#check = check;
    this.#onFresh = onFresh;
    if (client.listenerCount('error') === 0) client.on('error', this.#ignore);
    client.on('ready', this.#ready);
    for (const event of LOSSES) client.on(event, this.#lost);
  }

  /** Sends when the server can be used, and answers or rejects with `SessionError` in time. A late reply is dropped. */
  run<T>(send: Send<T>): Promise<T> {
    if (this.#usable && this.client.status === 'ready' && !this.#closed) return this.#inTime(send);
    return this.#inTime(async (deadline) => {
      await this.#becomeUsable();
      if (deadline.settled) throw new StoreUnavailableError('Redis was not ready in time');
      return send(deadline);
    });
  }

  /** Whether or not the server is usable. */
  #inTime<T>(send: Send<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const deadline = this.#deadlines.start(() => reject(this.#late()));
      attempt(send, deadline).then(
        (value) => {
          this.#silentSince = undefined;
          if (deadline.settle()) resolve(value);
        },
        (error: unknown) => {
          this.#notice(error);
          if (deadline.settle()) reject(storeFailure(error));
        },
      );
    });
  }

  /** Resolves when the client is connected and the server has been looked at; shared by all who wait for it. */
  #becomeUsable(): Promise<void> {
    if (this.#closed) return Promise.reject(new StoreUnavailableError('the store is closed'));
    if (this.#usable && this.client.status === 'ready') return Promise.resolve();
    if (this.#becoming === undefined) {
      const becoming = this.#become().finally(() => {
        if (this.#becoming === becoming) this.#becoming = undefined;
      });
      this.#becoming = becoming;
    }
    return this.#becoming;
  }

  close(): void {
    this.#closed = true;
    this.#deadlines.close();
    this.client.off('error', this.#ignore);
    this.client.off('ready', this.#ready);
    for (const event of LOSSES) this.client.off(event, this.#lost);
  }

  async #become(): Promise<void> {
    if (this.client.status !== 'ready') await this.#whenReady();
    const losses = this.#losses;
    await this.#inTime(this.#check);
    this.#usable = losses === this.#losses;
  }

  #whenReady(): Promise<void> {
    const { client } = this;
    if (client.status === 'end') return Promise.reject(clientClosed());
    if (client.status === 'wait') client.connect().catch(this.#ignore);
    return this.#inTime(
      (deadline) =>
        new Promise<void>((resolve, reject) => {
          this.#waiting = this.#waiting.filter((waiting) => !waiting.deadline.settled);
          this.#waiting.push({ resolve, reject, deadline });
        }),
    );
  }

  #late(): StoreUnavailableError {
    if (this.#closed) return new StoreUnavailableError('the store is closed');
    const now = performance.now();
    this.#silentSince ??= now;
    if (now - this.#silentSince > SILENT_MS) this.#reconnect(SILENT_RECONNECT_EVERY_MS);
    return new StoreUnavailableError(this.client.status === 'ready' ? 'Redis did not answer in time' : 'Redis cannot be reached');
  }

  #notice(error: unknown): void {
    const code = redisCode(error);
    if (code !== '') this.#silentSince = undefined;
    // The primary has become a replica: connecting again finds the one that took its place.
    if (code === 'READONLY') this.#reconnect(RECONNECT_AT_MOST_EVERY_MS);
  }

  /** Not for a Cluster, which finds its way by itself. */
  #reconnect(atMostEveryMs: number): void {
    const now = performance.now();
    if (this.client.isCluster || this.client.status !== 'ready' || now - this.#reconnectedAt < atMostEveryMs) return;
    this.#reconnectedAt = now;
    this.client.disconnect(true);
  }
}

function clientClosed(): StoreUnavailableError {
  return new StoreUnavailableError('the Redis client is closed');
}

async function attempt<T>(send: Send<T>, deadline: Deadline): Promise<T> {
  return send(deadline);
}
