import { DEFAULT_MAX_BYTES } from '../store-input.ts';
import type { RedisClient } from './redis-client.ts';

/** Options of `redisStore`. */
export interface RedisStoreOptions {
  /** A `Redis` or `Cluster` of ioredis 5 or 6, connected or not. The store never closes it. */
  readonly client: RedisClient;
  /** What every key starts with. Default `esp:`. Stores with different prefixes share nothing. */
  readonly prefix?: string;
  /** Milliseconds within which every call answers or rejects. Default 250. */
  readonly deadline?: number;
  /** How many replicas must have acknowledged an ending before it counts as durable. Default 0: the primary's word is enough. */
  readonly minReplicas?: number;
  /**
   * The one `maxmemory-policy` other than `noeviction` that is accepted in production, by its name. What is evicted is forgotten: sessions,
   * that they have ended, and that a proof was used before.
   */
  readonly allowEviction?: string;
  /** Most bytes of data in one session. Default 65,536. */
  readonly maxBytes?: number;
  /** For tests: milliseconds to add to the server's clock; it must not get less. Refused in production. */
  readonly clockOffset?: () => number;
}

/** Options that have been checked, with their defaults. */
export type RedisSettings = Omit<Required<RedisStoreOptions>, 'allowEviction'> & { readonly allowEviction: string | undefined };

const KNOWN = ['client', 'prefix', 'deadline', 'minReplicas', 'allowEviction', 'maxBytes', 'clockOffset'];
/** No braces, which would make another hash tag; no characters that mean something in a SCAN pattern; nothing unprintable. */
const PREFIX = /^[A-Za-z0-9_.:/@#=+-]{1,64}$/;

/** @throws {TypeError} for anything unknown or out of range, with what to write instead. */
export function checkRedisOptions(options: RedisStoreOptions): RedisSettings {
  const given: unknown = options;
  if (given === null || typeof given !== 'object') throw new TypeError('redisStore needs options: redisStore({ client: new Redis() })');
  const unknown = Object.keys(given).find((key) => !KNOWN.includes(key));
  if (unknown !== undefined) throw new TypeError(`redisStore has no option "${unknown}"; it has: ${KNOWN.join(', ')}`);
  const { prefix = 'esp:', deadline = 250, minReplicas = 0, allowEviction, maxBytes = DEFAULT_MAX_BYTES, clockOffset } = options;
  if (typeof prefix !== 'string' || !PREFIX.test(prefix)) {
    throw new TypeError('redisStore: prefix must be 1 to 64 letters, digits or any of _ . : / @ # = + -');
  }
  if (allowEviction !== undefined && typeof allowEviction !== 'string') {
    throw new TypeError("redisStore: allowEviction must be the name of a maxmemory-policy, like 'volatile-ttl'");
  }
  checkWhole('deadline', deadline, 10, 60_000, 'milliseconds');
  checkWhole('minReplicas', minReplicas, 0, 100, 'replicas');
  checkWhole('maxBytes', maxBytes, 256, 16 * 1_024 * 1_024, 'bytes');
  return {
    client: checkClient(options.client),
    prefix,
    deadline,
    minReplicas,
    allowEviction,
    maxBytes,
    clockOffset: checkOffset(clockOffset),
  };
}

function checkWhole(name: string, value: unknown, least: number, most: number, unit: string): void {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return;
  throw new TypeError(`redisStore: ${name} must be a whole number of ${unit} from ${least} to ${most}`);
}

function checkOffset(clockOffset: (() => number) | undefined): () => number {
  if (clockOffset === undefined) return () => 0;
  if (typeof clockOffset !== 'function') throw new TypeError('redisStore: clockOffset must be a function that returns milliseconds');
  if (process.env['NODE_ENV'] === 'production') throw new TypeError('redisStore: clockOffset is for tests and refused in production');
  return clockOffset;
}

function checkClient(client: unknown): RedisClient {
  const candidate = client as Partial<Record<keyof RedisClient, unknown>> | null | undefined;
  const methods = ['call', 'mget', 'get', 'on', 'off', 'disconnect', 'duplicate'] as const;
  if (typeof candidate?.status !== 'string' || !methods.every((name) => typeof candidate[name] === 'function')) {
    throw new TypeError('redisStore: client must be a Redis or Cluster of ioredis 5 or 6: redisStore({ client: new Redis() })');
  }
  checkClientOptions((candidate as { readonly options?: unknown }).options);
  return candidate as unknown as RedisClient;
}

/** Settings of a client under which sessions could not be found, or an ended one would still be read. */
function checkClientOptions(options: unknown): void {
  const { keyPrefix, scaleReads, role, redisOptions } = (options ?? {}) as Readonly<Record<string, unknown>>;
  const nested = (redisOptions ?? {}) as Readonly<Record<string, unknown>>;
  if (Boolean(keyPrefix) || Boolean(nested['keyPrefix'])) {
    throw new TypeError("redisStore: the client's keyPrefix does not reach keys inside scripts; use the store's prefix instead");
  }
  if ((scaleReads !== undefined && scaleReads !== 'master') || role === 'slave') {
    throw new TypeError('redisStore: the client must read from primaries; a replica may still show a session that has been ended');
  }
}
