import { type RedisClient, type RedisNode, primaries } from './redis-client.ts';
import { redisCode } from './redis-failure.ts';

const FENCE_LIFETIME_MS = 1_000;

/** Calls that wait for the same acknowledgement. */
interface Round {
  readonly keys: Set<string>;
  readonly done: Promise<boolean>;
}

/**
 * Says whether what has been written is on enough replicas. It asks on a connection of its own, since WAIT holds up every
 * command behind it: a small write there comes after everything that was acknowledged before, so replicas that have it have all of that.
 */
export class Durability {
  readonly #client: RedisClient;
  readonly #replicas: number;
  readonly #deadlineMs: number;
  #own: RedisClient | undefined;
  #running: Promise<boolean> | undefined;
  #next: Round | undefined;

  constructor(client: RedisClient, replicas: number, deadlineMs: number) {
    this.#client = client;
    this.#replicas = replicas;
    this.#deadlineMs = deadlineMs;
  }

  /** @param fences Keys in the slots that were written to. `false` when it is not known within so many milliseconds. */
  confirm(fences: readonly string[], withinMs: number): Promise<boolean> {
    if (this.#replicas === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), Math.max(0, withinMs)).unref();
      const settle = (durable: boolean): void => {
        clearTimeout(timer);
        resolve(durable);
      };
      this.#join(fences).then(settle, () => settle(false));
    });
  }

  close(): void {
    this.#own?.disconnect();
  }

  /** Who comes while a round is under way shares the next one. */
  #join(fences: readonly string[]): Promise<boolean> {
    if (this.#next === undefined) {
      const keys = new Set<string>();
      const before = this.#running ?? Promise.resolve(true);
      const start = (): Promise<boolean> => {
        this.#next = undefined;
        return this.#ask([...keys]);
      };
      const done = before.then(start, start);
      this.#running = done;
      this.#next = { keys, done };
    }
    for (const key of fences) this.#next.keys.add(key);
    return this.#next.done;
  }

  async #ask(keys: readonly string[]): Promise<boolean> {
    const nodes = primaries(await this.#connected());
    const confirmed = await Promise.all(nodes.map((node) => this.#askNode(node, keys)));
    const written = new Set(confirmed.flatMap((node) => node.written));
    return keys.every((key) => written.has(key)) && confirmed.every((node) => node.written.length === 0 || node.durable);
  }

  async #askNode(node: RedisNode, keys: readonly string[]): Promise<{ readonly written: readonly string[]; readonly durable: boolean }> {
    const written: string[] = [];
    for (const key of keys) if (await writesFence(node, key)) written.push(key);
    if (written.length === 0) return { written, durable: false };
    const acknowledged = Number(await node.call('wait', [this.#replicas, this.#deadlineMs]));
    return { written, durable: acknowledged >= this.#replicas };
  }

  async #connected(): Promise<RedisClient> {
    if (this.#own === undefined) {
      this.#own = this.#client.duplicate();
      this.#own.on('error', () => undefined);
    }
    const own = this.#own;
    if (own.status === 'wait') own.connect().catch(() => undefined);
    if (own.status !== 'ready') await new Promise<void>((resolve) => onReady(own, resolve, this.#deadlineMs));
    return own;
  }
}

/** Only the master of the key's slot takes it. */
async function writesFence(node: RedisNode, key: string): Promise<boolean> {
  try {
    await node.call('set', [key, '', 'PX', FENCE_LIFETIME_MS]);
    return true;
  } catch (error) {
    if (redisCode(error) === 'MOVED' || redisCode(error) === 'ASK') return false;
    throw error;
  }
}

function onReady(client: RedisClient, resolve: () => void, atMostMs: number): void {
  const finish = (): void => {
    clearTimeout(timer);
    client.off('ready', finish);
    resolve();
  };
  const timer = setTimeout(finish, atMostMs).unref();
  client.on('ready', finish);
}
