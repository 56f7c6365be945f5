import { afterEach, describe, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { type FaultProxy, faultProxy, type RedisServer, startRedis } from '../support/redis.ts';
import { ANSWERED_WITHIN_MS, eventually, openSite, saysUnavailable, type Site } from './redis-site.ts';
import type { Answer } from './serve.ts';

const FAST = { retryStrategy: () => 20 };
const closing: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface World {
  readonly redis: RedisServer;
  readonly proxy: FaultProxy;
  readonly admin: Redis;
}

/** A fault, how to make it, how to mend it, and whether reading and writing fail meanwhile. */
interface Outage {
  readonly what: string;
  readonly args?: readonly string[];
  readonly make: (world: World) => Promise<unknown> | void;
  readonly mend: (world: World) => Promise<unknown> | void;
  readonly readsFail: boolean;
  /** The sessions of before are still there when it is over. */
  readonly keeps: boolean;
}

const OUTAGES: readonly Outage[] = [
  { what: 'killed', make: ({ redis }) => redis.kill(), mend: ({ redis }) => redis.restart(), readsFail: true, keeps: false },
  { what: 'frozen', make: ({ redis }) => redis.pause(), mend: ({ redis }) => redis.resume(), readsFail: true, keeps: true },
  { what: 'slow', make: ({ proxy }) => proxy.delay(400), mend: ({ proxy }) => proxy.restore(), readsFail: true, keeps: true },
  { what: 'cut off', make: ({ proxy }) => proxy.cut(), mend: ({ proxy }) => proxy.restore(), readsFail: true, keeps: true },
  {
    what: 'out of reach',
    make: ({ proxy }) => proxy.freeze('requests'),
    mend: ({ proxy }) => proxy.restore(),
    readsFail: true,
    keeps: true,
  },
  {
    what: 'a replica that takes no writes',
    make: ({ admin }) => admin.call('REPLICAOF', '127.0.0.1', '1'),
    mend: ({ admin }) => admin.call('REPLICAOF', 'NO', 'ONE'),
    readsFail: false,
    keeps: true,
  },
  {
    what: 'loading its data',
    args: ['--key-load-delay', '500', '--loading-process-events-interval-bytes', '1024'],
    async make({ admin }) {
      await admin.call('DEBUG', 'POPULATE', '4000');
      admin.call('DEBUG', 'RELOAD').catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 100));
    },
    mend: ({ admin }) => eventually(async () => (await admin.ping().catch(() => '')) === 'PONG'),
    readsFail: true,
    keeps: true,
  },
];

async function world({ args = [] }: Pick<Outage, 'args'>): Promise<World & { site: Site }> {
  const redis = await startRedis(args);
  closing.push(() => redis.stop());
  const proxy = await faultProxy(redis.port);
  closing.push(() => proxy.close());
  const site = await openSite(redis.client({ ...FAST, port: proxy.port }));
  closing.push(() => site.close());
  return { redis, proxy, admin: redis.client(FAST), site };
}

/** Where a handler passes the error on, the answer is that of Express's own error handler. */
function expectRefused(answer: Answer | undefined, by: 'ours' | "Express's" = 'ours'): void {
  expect(answer).toMatchObject({ status: 503 });
  expect(saysUnavailable(answer)).toBe(by);
  expect(answer?.afterMs).toBeLessThan(ANSWERED_WITHIN_MS);
}

function send(site: Site, line: string, cookie: string): Promise<Answer | undefined> {
  const [method = '', path = ''] = line.split(' ');
  return site.ask(path, { method, cookie });
}

describe('Redis is', () => {
  test.each(OUTAGES)('$what: every request is answered in time, nothing is claimed, and it recovers by itself', async (outage) => {
    const made = await world(outage);
    const { site } = made;
    const cookie = await site.signIn();
    const other = await site.signIn('u2');
    await outage.make(made);
    // First, since a primary that has become a replica is connected to anew, and the reads of that moment fail as well.
    for (const answer of await Promise.all(['GET /page', 'GET /data'].map((line) => send(site, line, cookie)))) {
      if (outage.readsFail) expectRefused(answer);
      else expect(answer?.status).toBe(200);
    }
    const ours = ['GET /put/a/1', 'POST /logout-swallowing', 'POST /login-swallowing'].map((line) => send(site, line, cookie));
    const passedOn = ['POST /logout', 'POST /login', 'POST /confirm'].map((line) => send(site, line, cookie));
    for (const answer of await Promise.all(ours)) expectRefused(answer);
    for (const answer of await Promise.all(passedOn)) expect(saysUnavailable(answer)).toBeDefined();
    await outage.mend(made);
    await eventually(async () => (await site.whoIs(cookie)) !== undefined);
    if (outage.keeps) expect(await site.whoIs(other)).toBe('u2');
    await eventually(async () => (await site.ask('/login', { method: 'POST' }))?.status === 200);
    expect(await site.whoIs(await site.signIn('u3'))).toBe('u3');
    expect(site.logged.length).toBeGreaterThan(0);
    expect(new Set(site.logged.map(({ code }) => code))).toEqual(new Set(['store_unavailable']));
  });

  test('down at the start: answered, then used without a restart', async () => {
    const redis = await startRedis();
    closing.push(() => redis.stop());
    await redis.kill();
    const site = await openSite(redis.client(FAST));
    closing.push(() => site.close());
    await expect(site.sessions.ready()).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
    for (const path of ['/page', '/put/a/1']) expectRefused(await site.ask(path));
    await redis.restart();
    await eventually(async () => (await site.ask('/page'))?.status === 200);
    expect(await site.whoIs(await site.signIn())).toBe('u1');
  });

  test('out of memory: nobody signs in, who is signed in goes on and can sign out', async () => {
    const { site, admin } = await world({});
    const cookie = await site.signIn();
    await admin.config('SET', 'maxmemory', '1mb');
    expectRefused(await site.ask('/login', { method: 'POST' }), "Express's");
    expectRefused(await site.ask('/login-swallowing', { method: 'POST' }));
    expectRefused(await site.ask('/put/a/1', { cookie }));
    expect(await site.whoIs(cookie)).toBe('u1');
    expect(await site.ask('/logout', { method: 'POST', cookie })).toMatchObject({ status: 200, body: 'signed out' });
    expect(await site.whoIs(cookie)).toBeNull();
    await admin.config('SET', 'maxmemory', '0');
    expect(await site.whoIs(await site.signIn())).toBe('u1');
  });

  test('without its scripts: nobody notices', async () => {
    const { site, admin } = await world({});
    const cookie = await site.signIn();
    for (const path of ['/put/a/1', '/page']) {
      await admin.script('FLUSH');
      expect((await site.ask(path, { cookie }))?.status).toBe(200);
    }
    await admin.script('FLUSH');
    expect((await site.ask('/confirm', { method: 'POST', cookie }))?.status).toBe(200);
    await admin.script('FLUSH');
    const again = await site.signIn();
    await admin.script('FLUSH');
    expect((await site.ask('/logout', { method: 'POST', cookie: again }))?.status).toBe(200);
    expect(site.logged).toEqual([]);
  });

  test('answering too late: what was refused is not signed in, and who signed out is not signed in for sure', async () => {
    const { site, proxy } = await world({});
    const cookie = await site.signIn();
    proxy.freeze('replies');
    expect(saysUnavailable(await site.ask('/logout', { method: 'POST', cookie }))).toBeDefined();
    proxy.restore();
    await eventually(async () => (await site.whoIs(cookie)) !== undefined);
    expect(['u1', null]).toContain(await site.whoIs(cookie));
    expect((await site.ask('/logout', { method: 'POST', cookie }))?.status).toBe(200);
    expect(await site.whoIs(cookie)).toBeNull();
  });

  test('out, and the profile of a public page says to go on: pages do, signing in and out do not', async () => {
    const redis = await startRedis();
    closing.push(() => redis.stop());
    const site = await openSite(redis.client(FAST), { profile: { preset: 'public-web', onStoreError: 'anonymous' } });
    closing.push(() => site.close());
    const cookie = await site.signIn();
    redis.pause();
    const page = await site.ask('/page', { cookie });
    expect(page).toMatchObject({ status: 200, body: '{"subject":null,"reason":"allowed"}' });
    expect(page?.afterMs).toBeLessThan(ANSWERED_WITHIN_MS);
    for (const path of ['/login', '/login-swallowing', '/logout', '/logout-swallowing'])
      expect(saysUnavailable(await site.ask(path, { method: 'POST', cookie }))).toBeDefined();
    redis.resume();
    await eventually(async () => (await site.whoIs(cookie)) === 'u1');
  });
});
