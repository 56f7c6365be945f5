import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { type ClientOptions, ClientPool, DISCONNECT_TIMEOUT_MS, newClient } from './redis-clients.ts';
import { startRedis } from './redis-server.ts';

/** A Redis that others may use too: keep to keys under the prefix. */
export interface SharedRedis {
  readonly url: string;
  /** Keys that begin with it are this test's own, and removed by `stop`. */
  readonly prefix: string;
  client(options?: ClientOptions): Redis;
  stop(): Promise<void>;
}

/**
 * The server of `REDIS_URL`, so that the suite can be run against any server (Valkey, a newer Redis), or one of the test's own
 * without it. For tests that do not harm the server; the others use `startRedis`.
 */
export async function openRedis(): Promise<SharedRedis> {
  const prefix = `test-${randomUUID()}:`;
  const url = process.env['REDIS_URL'];
  if (url === undefined || url === '') return { ...(await ownRedis()), prefix };
  const clients = new ClientPool<Redis>();
  const client = (options: ClientOptions = {}): Redis => clients.add(newClient({ ...fromUrl(url), ...options }));
  return {
    url,
    prefix,
    client,
    async stop() {
      await removeKeys(client(), prefix);
      clients.closeAll();
    },
  };
}

async function ownRedis(): Promise<Omit<SharedRedis, 'prefix'>> {
  const server = await startRedis();
  return { url: server.url, client: (options) => server.client(options), stop: () => server.stop() };
}

function fromUrl(text: string): ClientOptions {
  const url = new URL(text);
  return {
    host: url.hostname,
    port: Number(url.port || 6379),
    db: Number(url.pathname.slice(1) || 0),
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    ...(url.username === '' ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
    ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
  };
}

async function removeKeys(client: Redis, prefix: string): Promise<void> {
  for await (const keys of client.scanStream({ match: `${prefix}*`, count: 1000 })) {
    if ((keys as string[]).length > 0) await client.unlink(...(keys as string[]));
  }
}
