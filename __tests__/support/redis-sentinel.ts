import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { type ClientOptions, ClientPool, newClient } from './redis-clients.ts';
import { type RedisServer, startConfigured, startRedis } from './redis-server.ts';

const READY_WITHIN_MS = 20_000;
const NAME = 'sessions';

/** A primary, one replica that follows it, and one Sentinel that fails over after about a second. */
export interface RedisSentinel {
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  readonly sentinelPort: number;
  /** The name of the group, as clients ask Sentinel for it. */
  readonly name: string;
  /** A client that asks Sentinel for the primary. */
  client(options?: ClientOptions): Redis;
  stop(): Promise<void>;
}

/** Starts them and waits until the replica is in step and Sentinel knows both. */
export async function startSentinel(): Promise<RedisSentinel> {
  const primary = await startRedis(['--repl-diskless-sync-delay', '0']);
  const replica = await startRedis(['--replicaof', '127.0.0.1', String(primary.port), '--repl-diskless-sync-delay', '0']);
  const sentinel = await startConfigured(async (port, folder) => [await configuration(port, folder, primary.port), '--sentinel']);
  const clients = new ClientPool<Redis>();
  const stop = async (): Promise<void> => {
    clients.closeAll();
    await Promise.all([sentinel, replica, primary].map((server) => server.stop()));
  };
  await Promise.all([
    waitFor(replica, ['INFO', 'replication'], 'master_link_status:up'),
    waitFor(sentinel, ['INFO', 'sentinel'], 'status=ok', 'slaves=1'),
  ]).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  const sentinels = [{ host: '127.0.0.1', port: sentinel.port }];
  const client = (options: ClientOptions = {}): Redis => clients.add(newClient({ sentinels, name: NAME, ...options }));
  return { primary, replica, sentinelPort: sentinel.port, name: NAME, client, stop };
}

async function configuration(port: number, folder: string, primaryPort: number): Promise<string> {
  const file = join(folder, 'sentinel.conf');
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor ${NAME} 127.0.0.1 ${primaryPort} 1`,
    `sentinel down-after-milliseconds ${NAME} 800`,
    `sentinel failover-timeout ${NAME} 3000`,
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  return file;
}

async function waitFor(
  server: RedisServer,
  [command, ...args]: readonly [string, ...string[]],
  ...expected: readonly string[]
): Promise<void> {
  const client = server.client();
  const deadline = Date.now() + READY_WITHIN_MS;
  while (true) {
    const info = String(await client.call(command, ...args));
    if (expected.every((text) => info.includes(text))) break;
    if (Date.now() > deadline) throw new Error(`Redis did not come to ${expected.join(', ')}`);
    await sleep(50);
  }
  client.disconnect();
}
