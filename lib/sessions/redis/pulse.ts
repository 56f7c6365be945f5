import { AppEpochs } from '../app-epochs.ts';
import { StoreUnavailableError } from '../errors.ts';
import { DeadlineQueue } from './deadline-queue.ts';
import type { RedisClient } from './redis-client.ts';
import { LUA_PULSE } from './lua-epochs.ts';
import { Script } from './script.ts';

const REFRESH_AFTER_MS = 400;
const USABLE_FOR_MS = 1_000;
const PULSE = new Script(LUA_PULSE);

/** The server's clock at some moment of ours, which is counted by a clock that nobody sets. */
interface Sample {
  readonly serverMs: number;
  /** When the question was sent: counting from there, the server's clock is never behind the estimate. */
  readonly askedAt: number;
  /** When the answer came: counting from there, the estimate is never ahead of the server's clock. */
  readonly answeredAt: number;
}

/**
 * The one clock, and which apps have been ended: asked from the server together, and believed for a second at most. While the store
 * is used it is renewed in the background, so nobody waits for it.
 */
export class Pulse {
  readonly epochs: AppEpochs = new AppEpochs();
  readonly #client: RedisClient;
  readonly #keys: readonly string[];
  readonly #offset: () => number;
  readonly #deadlines: DeadlineQueue;
  #copy = 0;
  #sample: Sample | undefined;
  #refreshing: Promise<void> | undefined;

  constructor(client: RedisClient, keys: readonly string[], offset: () => number, deadlineMs: number) {
    this.#client = client;
    this.#keys = keys;
    this.#offset = offset;
    this.#deadlines = new DeadlineQueue(Math.max(5, deadlineMs / keys.length));
  }

  /** Whether `now` can be relied on. Renews it in the background when that is due. */
  isUsable(): boolean {
    const age = this.#sample === undefined ? Number.POSITIVE_INFINITY : performance.now() - this.#sample.askedAt;
    if (age > REFRESH_AFTER_MS && age <= USABLE_FOR_MS) this.#refresh().catch(() => undefined);
    return age <= USABLE_FOR_MS;
  }

  /** Epoch milliseconds by the server's clock; a little early rather than late, so that limits are met on the strict side. */
  get now(): number {
    const { serverMs, askedAt } = this.#known();
    return Math.floor(serverMs + performance.now() - askedAt) + this.#offset();
  }

  /** What the server's clock will show at least when so many milliseconds have passed. */
  after(ms: number): number {
    const { serverMs, answeredAt } = this.#known();
    return Math.floor(serverMs + performance.now() - answeredAt + ms) + this.#offset();
  }

  /** Resolves when `now` and `epochs` can be relied on. */
  async usable(): Promise<void> {
    if (!this.isUsable()) await this.#refresh();
  }

  /** Takes the epochs as they were read. What can't be understood must not look like nothing. */
  adopt(text: string | null): void {
    try {
      this.epochs.adopt(text);
    } catch {
      throw new StoreUnavailableError('which sessions were revoked with their app cannot be read');
    }
  }

  /** Another server may answer from now on. */
  forget(): void {
    this.#sample = undefined;
    this.#refreshing = undefined;
  }

  close(): void {
    this.#deadlines.close();
  }

  #known(): Sample {
    if (this.#sample === undefined) throw new StoreUnavailableError('the clock of Redis is not known');
    return this.#sample;
  }

  #refresh(): Promise<void> {
    if (this.#refreshing === undefined) {
      const refreshing = this.#ask().finally(() => {
        if (this.#refreshing === refreshing) this.#refreshing = undefined;
      });
      this.#refreshing = refreshing;
    }
    return this.#refreshing;
  }

  /** A copy that cannot be had is left for the next one. */
  async #ask(): Promise<void> {
    for (let attempts = 1; ; attempts += 1) {
      try {
        return await this.#askCopy(this.#keys[this.#copy] as string);
      } catch (error) {
        this.#copy = (this.#copy + 1) % this.#keys.length;
        if (attempts >= this.#keys.length) throw error;
      }
    }
  }

  async #askCopy(key: string): Promise<void> {
    const askedAt = performance.now();
    const [seconds, micros, epochs] = (await this.#inTime(PULSE.run(this.#client, [key], []))) as [string, string, string];
    this.adopt(epochs);
    this.#sample = { serverMs: Number(seconds) * 1_000 + Number(micros) / 1_000, askedAt, answeredAt: performance.now() };
  }

  #inTime<T>(reply: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const deadline = this.#deadlines.start(() => reject(new StoreUnavailableError('Redis did not answer in time')));
      reply.then(
        (value) => deadline.settle() && resolve(value),
        (error: Error) => deadline.settle() && reject(error),
      );
    });
  }
}
