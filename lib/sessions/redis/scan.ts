import type { Connection } from './connection.ts';
import { type RedisNode, primaries } from './redis-client.ts';

const KEYS_PER_STEP = 500;

/** Walks the keys of every primary in small steps, each within the deadline, until enough has been found. */
export async function scanSessions<T>(
  connection: Connection,
  pattern: string,
  atMost: number,
  take: (key: string, value: string) => T | undefined,
): Promise<readonly T[]> {
  // SCAN may name a key twice.
  const found = new Map<string, T>();
  for (const node of primaries(connection.client)) {
    let cursor = '0';
    do {
      const step = cursor;
      const [next, keys] = await connection.run(() => scanStep(node, step, pattern));
      cursor = next;
      for (const [key, value] of await connection.run(() => readAll(connection, keys))) {
        const taken = value === null ? undefined : take(key, value);
        if (taken !== undefined && found.size < atMost) found.set(key, taken);
      }
    } while (cursor !== '0' && found.size < atMost);
  }
  return [...found.values()];
}

async function scanStep(node: RedisNode, cursor: string, pattern: string): Promise<[string, readonly string[]]> {
  return (await node.call('scan', [cursor, 'MATCH', pattern, 'COUNT', KEYS_PER_STEP])) as [string, string[]];
}

async function readAll({ client }: Connection, keys: readonly string[]): Promise<readonly (readonly [string, string | null])[]> {
  if (keys.length === 0) return [];
  if (!client.isCluster) {
    const values = await client.mget([...keys]);
    return keys.map((key, index) => [key, values[index] ?? null]);
  }
  return Promise.all(keys.map(async (key) => [key, await client.get(key).catch(() => null)] as const));
}
