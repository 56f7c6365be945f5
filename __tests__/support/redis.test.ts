import { access } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from '@jest/globals';
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis5';
import { faultProxy, startCluster, startRedis, startSentinel } from './redis.ts';

const FAST = { retryStrategy: () => 20, maxRetriesPerRequest: null };

describe('a Redis of the test', () => {
  test('answers, freezes, goes on, is killed and comes back on the same port', async () => {
    const redis = await startRedis();
    const client = redis.client(FAST);
    await client.set('a', '1');
    redis.pause();
    const reply = client.get('a');
    expect(await Promise.race([reply, sleep(100, 'frozen')])).toBe('frozen');
    redis.resume();
    expect(await reply).toBe('1');
    const before = redis.pid;
    await redis.kill();
    await redis.restart();
    expect(redis.pid).not.toBe(before);
    expect(await client.get('a')).toBeNull();
    await redis.stop();
    expect(isAlive(redis.pid)).toBe(false);
  });

  test('takes arguments and clients of ioredis 5', async () => {
    const redis = await startRedis(['--maxmemory', '3mb']);
    expect(await redis.client({ Client: Redis5 }).config('GET', 'maxmemory')).toEqual(['maxmemory', '3145728']);
    await redis.stop();
  });

  test('does not outlive a process that dies without stopping it', async () => {
    const program = `import('${url('./typescript-loader.mjs')}').then(async () => {
      const { startRedis } = await import('${url('./redis.ts')}');
      const redis = await startRedis();
      console.log(redis.pid + ' ' + (await redis.client().config('GET', 'dir')).dir);
      setInterval(() => {}, 1000);
    })`;
    const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const [pid, folder] = line.toString().trim().split(' ') as [string, string];
    expect(isAlive(Number(pid))).toBe(true);
    child.kill('SIGKILL');
    await until(async () => !isAlive(Number(pid)) && !(await exists(folder)));
  });
});

describe('a Redis behind a faulty network', () => {
  const open: { stop(): Promise<void> }[] = [];
  afterAll(async () => {
    for (const server of open) await server.stop();
  });

  test('is slow, silent, deaf or cut off, and back', async () => {
    const redis = await startRedis();
    open.push(redis);
    const proxy = await faultProxy(redis.port);
    const client = redis.client({ ...FAST, port: proxy.port });
    await client.ping();
    proxy.delay(40);
    const before = performance.now();
    await client.ping();
    expect(performance.now() - before).toBeGreaterThanOrEqual(79);
    proxy.restore();
    proxy.freeze('replies');
    const lost = client.set('late', '1');
    expect(await Promise.race([lost, sleep(60, 'silent')])).toBe('silent');
    expect(await redis.client().get('late')).toBe('1');
    proxy.cut();
    expect(await Promise.race([client.ping(), sleep(60, 'cut')])).toBe('cut');
    proxy.restore();
    expect(await client.ping()).toBe('PONG');
    await proxy.close();
  });
});

test('a Cluster has three masters that serve all slots, for ioredis 6 and 5', async () => {
  const cluster = await startCluster();
  for (const client of [cluster.client(), cluster.client({ Client: Cluster5 })]) {
    for (const key of ['a', 'b', 'c', 'd']) expect(await client.set(key, '1')).toBe('OK');
  }
  expect(new Set(cluster.ports).size).toBe(3);
  await cluster.stop();
});

test('Sentinel makes the replica the primary when the primary dies', async () => {
  const group = await startSentinel();
  const client = group.client(FAST);
  await client.set('a', '1');
  await client.wait(1, 1000);
  await group.primary.kill();
  await until(async () => (await group.replica.client().info('replication')).includes('role:master'));
  expect(await client.get('a')).toBe('1');
  await group.stop();
});

function url(path: string): string {
  return new URL(path, import.meta.url).href;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await condition()); tries += 1) {
    if (tries > 400) throw new Error('it did not happen within eight seconds');
    await sleep(20);
  }
}
