import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import slotOf from 'cluster-key-slot';
import fc from 'fast-check';
import { Cluster, Redis } from 'ioredis';
import { StoreUnavailableError } from '../../lib/sessions/errors.ts';
import { KeySpace } from '../../lib/sessions/redis/key-space.ts';
import { redisStore, type RedisStoreOptions } from '../../lib/sessions/redis/redis-store.ts';
import { begin, draft, newRef, RETENTION } from '../../lib/testing/contract-case.ts';
import { startCluster } from '../support/redis-cluster.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { redisSubject } from './redis-subject.ts';

let server: RedisServer;
let client: Redis;
beforeAll(async () => {
  server = await startRedis();
  client = server.client();
});
afterAll(() => server.stop());

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function subject(options: Partial<RedisStoreOptions> = {}): ReturnType<typeof redisSubject> {
  const made = redisSubject(client, options);
  closing.push(made.close);
  return made;
}

describe('options', () => {
  const unconnected = new Redis({ lazyConnect: true });
  test.each([
    [undefined, 'redisStore needs options'],
    [{}, 'client must be a Redis or Cluster'],
    [{ client: { get: () => null } }, 'client must be a Redis or Cluster'],
    [{ client: unconnected, ttl: 60 }, 'no option "ttl"'],
    [{ client: unconnected, prefix: 'a{b}' }, 'prefix must be'],
    [{ client: unconnected, prefix: 'a*' }, 'prefix must be'],
    [{ client: unconnected, prefix: 'a\n' }, 'prefix must be'],
    [{ client: unconnected, prefix: '' }, 'prefix must be'],
    [{ client: unconnected, deadline: '250ms' }, 'deadline must be a whole number of milliseconds'],
    [{ client: unconnected, deadline: 0 }, 'deadline must be a whole number of milliseconds'],
    [{ client: unconnected, deadline: Number.POSITIVE_INFINITY }, 'deadline must be a whole number of milliseconds'],
    [{ client: unconnected, minReplicas: -1 }, 'minReplicas must be a whole number'],
    [{ client: unconnected, maxBytes: 1 }, 'maxBytes must be a whole number'],
    [{ client: unconnected, allowEviction: true }, 'allowEviction must be the name'],
    [{ client: unconnected, clockOffset: 5 }, 'clockOffset must be a function'],
    [{ client: new Redis({ lazyConnect: true, keyPrefix: 'x:' }) }, "use the store's prefix"],
    [{ client: new Cluster([], { lazyConnect: true, scaleReads: 'slave' }) }, 'must read from primaries'],
    [{ client: new Cluster([], { lazyConnect: true, redisOptions: { keyPrefix: 'x:' } }) }, "use the store's prefix"],
    [
      { client: new Redis({ lazyConnect: true, role: 'slave', sentinels: [{ host: '127.0.0.1', port: 1 }], name: 'x' }) },
      'must read from primaries',
    ],
  ])('%# are refused', (options, message) => {
    expect(() => redisStore(options as unknown as RedisStoreOptions)).toThrow(TypeError);
    expect(() => redisStore(options as unknown as RedisStoreOptions)).toThrow(message);
  });
});

describe('the server', () => {
  const environment = process.env['NODE_ENV'];
  const production = (): void => {
    process.env['NODE_ENV'] = 'production';
    closing.push(() => {
      process.env['NODE_ENV'] = environment;
    });
  };
  const withPolicy = async (policy: string): Promise<void> => {
    await client.config('SET', 'maxmemory-policy', policy);
    closing.push(async () => void (await client.config('SET', 'maxmemory-policy', 'noeviction')));
  };
  const storeWith = (options: Partial<RedisStoreOptions>): ReturnType<typeof redisStore> => {
    const store = redisStore({ client, deadline: 5_000, ...options });
    closing.push(() => store.close());
    return store;
  };

  test('that may evict sessions is refused in production, by every call, until it no longer does', async () => {
    production();
    await withPolicy('allkeys-lru');
    const store = storeWith({});
    for (const call of [() => store.ready(), () => store.read(newRef()), () => store.end(newRef(), 'signed_out')]) {
      await expect(call()).rejects.toMatchObject({
        code: 'ERR_STORE_UNSAFE',
        message: expect.stringContaining("allowEviction: 'allkeys-lru'"),
      });
    }
    await client.config('SET', 'maxmemory-policy', 'noeviction');
    await expect(store.ready()).resolves.toBeUndefined();
  });

  test('that may evict sessions is accepted by the name of its policy only', async () => {
    production();
    await withPolicy('volatile-ttl');
    await expect(storeWith({ allowEviction: 'volatile-ttl' }).ready()).resolves.toBeUndefined();
    await expect(storeWith({ allowEviction: 'allkeys-lru' }).ready()).rejects.toMatchObject({ code: 'ERR_STORE_UNSAFE' });
  });

  test('that may evict sessions is warned about once elsewhere', async () => {
    await withPolicy('allkeys-lru');
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    closing.push(() => warn.mockRestore());
    const store = storeWith({});
    await store.ready();
    await store.read(newRef());
    expect(warn.mock.calls.map(([text]) => text)).toEqual([expect.stringContaining('maxmemory-policy is allkeys-lru')]);
  });

  test('without the replicas that an ending needs is refused in production', async () => {
    production();
    await expect(storeWith({ minReplicas: 1 }).ready()).rejects.toMatchObject({ code: 'ERR_STORE_UNSAFE' });
  });

  test('that does not tell its policy is treated as one that evicts', async () => {
    production();
    await client.call('ACL', 'SETUSER', 'shy', 'on', '>secret', '~*', '+@all', '-info');
    const shy = server.client({ username: 'shy', password: 'secret', enableReadyCheck: false });
    await expect(storeWith({ client: shy }).ready()).rejects.toMatchObject({ code: 'ERR_STORE_UNSAFE' });
  });

  test("'s clock can't be moved in production", () => {
    production();
    expect(() => redisStore({ client, clockOffset: () => 0 })).toThrow('refused in production');
  });
});

describe('reading', () => {
  test('all reads of a turn are one command', async () => {
    const { store } = subject();
    const refs = await Promise.all(Array.from({ length: 50 }, async () => ({ ref: newRef() })));
    for (const { ref } of refs) await begin(store, ref);
    await client.config('RESETSTAT');
    const reads = await Promise.all(refs.map(({ ref }) => store.read(ref)));
    expect(reads.every(({ record }) => record !== undefined)).toBe(true);
    expect(await client.info('commandstats')).toMatch(/cmdstat_mget:calls=1,/);
  });

  test('another process sees an app that has ended with its next read', async () => {
    const one = subject();
    const two = redisStore({ client: server.client(), prefix: one.prefix });
    closing.push(() => two.close());
    const ref = newRef();
    await begin(one.store, ref);
    expect((await two.read(ref)).record).toBeDefined();
    await one.store.endApp('shop', 'session_revoked');
    expect((await two.read(ref)).ended).toBe('session_revoked');
  });

  test.each([
    ['garbage', async (key: string) => void (await client.set(key, 'x'))],
    ['another type', async (key: string) => void (await client.lpush(key, 'x'))],
  ])('epochs that hold %s stop the store: what is revoked is not known', async (_what, spoil) => {
    const { store, keys, prefix } = subject();
    const ref = newRef();
    await begin(store, ref);
    await spoil(keys.epochs[0] as string);
    const other = redisStore({ client, prefix });
    closing.push(() => other.close());
    await expect(other.read(ref)).rejects.toThrow(StoreUnavailableError);
    await expect(other.endApp('shop', 'session_revoked')).rejects.toThrow(StoreUnavailableError);
  });

  test('a session whose home is gone is not believed: it could not be found to be ended', async () => {
    const { store, keys } = subject();
    const { tag } = newRef();
    const [inside, own] = [newRef({ tag }), newRef({ tag })];
    for (const ref of [inside, own]) await begin(store, ref);
    expect((await store.read(own)).record).toBeDefined();
    await client.del(keys.home(tag));
    for (const ref of [inside, own]) expect((await store.read(ref)).record).toBeUndefined();
  });

  test('keys of another type are no sessions, take no writes, and can be ended', async () => {
    const { store, keys } = subject();
    const { tag } = newRef();
    const [inside, own] = [newRef({ tag }), newRef({ tag })];
    for (const ref of [inside, own]) await begin(store, ref);
    await client.del(keys.place(own).own, keys.home(tag));
    await client.lpush(keys.place(own).own, 'x');
    await client.hset(keys.home(tag), 'x', 'y');
    for (const ref of [inside, own]) {
      expect((await store.read(ref)).record).toBeUndefined();
      expect(await store.save(ref, new Map([['a', '1']]))).toBe('gone');
      expect(await store.recordActivity(ref, await store.now(), RETENTION)).toBe('gone');
      expect(await store.spend(ref, 1)).toBe(false);
    }
    expect(await store.list(tag)).toEqual([]);
    expect(await store.listApp('shop')).toEqual([]);
    for (const ref of [inside, own]) expect((await store.end(ref, 'signed_out')).ended).toBe(0);
  });

  test('any text at all in the place of a home is survived', async () => {
    const { store, keys } = subject();
    const line = fc.constantFrom('', '\n', '+', 'shop:web:x', '\n\n', 'L1', 'X1o', '\n\nL1'.padEnd(60, 'k'));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(line, fc.string({ unit: 'binary' })), { maxLength: 6 }), async (parts) => {
        const ref = newRef();
        await client.set(keys.home(ref.tag), parts.join(''));
        expect((await store.read(ref)).record).toBeUndefined();
        expect(await store.save(ref, new Map([['a', '1']]))).toBe('gone');
        await store.list(ref.tag);
        await begin(store, ref);
        expect((await store.read(ref)).record).toBeDefined();
        expect((await store.endAll(ref.tag, 'signed_out')).ended).toBeGreaterThanOrEqual(1);
        expect((await store.read(ref)).record).toBeUndefined();
      }),
    );
  });
});

describe('what is kept, and for how long', () => {
  test('one key for a subject with one session, its id only as a digest', async () => {
    const { store, prefix } = subject();
    const ref = newRef();
    await begin(store, ref);
    expect(await client.keys(`${prefix}*`)).toEqual([`${prefix}{${ref.tag}}`]);
  });

  test('a session twice its idle limit and a minute, a tombstone as long, all of it no longer than its lifetime', async () => {
    const { store, keys } = subject();
    const ref = newRef();
    await store.create(ref, draft(), { idleMs: 100_000, absoluteMs: 1_000_000 });
    await expectLeft(keys.home(ref.tag), 260_000);
    await store.recordActivity(ref, (await store.now()) + 5, { idleMs: 3_000_000, absoluteMs: 1_000_000 });
    await store.end(ref, 'signed_out');
    const left = await client.pttl(keys.home(ref.tag));
    expect(left).toBeGreaterThan(60_000);
    expect(left).toBeLessThanOrEqual(1_060_000);
  });

  test('a home as long as the session that is kept longest', async () => {
    const { store, keys } = subject();
    const { tag } = newRef();
    await store.create(newRef({ tag }), draft(), { idleMs: 100_000, absoluteMs: undefined });
    const own = newRef({ tag });
    await store.create(own, draft(), { idleMs: 1_000_000, absoluteMs: undefined });
    await expectLeft(keys.home(tag), 2_060_000);
    await sleep(2);
    await store.recordActivity(own, await store.now(), { idleMs: 2_000_000, absoluteMs: undefined });
    await expectLeft(keys.home(tag), 4_060_000);
  });

  test('nothing without an end', async () => {
    const { store, prefix } = subject();
    const unlimited = { idleMs: undefined, absoluteMs: undefined };
    const { tag } = newRef();
    for (let count = 0; count < 20; count += 1) await store.create(newRef({ tag }), draft(), unlimited);
    const [from, to] = [newRef(), newRef()];
    await store.create(from, draft(), unlimited);
    await store.rotate(from, { ...to, tag: from.tag }, { level: 'aal1', methods: [] }, unlimited);
    await store.end(newRef({ tag }), 'signed_out');
    for (const key of await client.keys(`${prefix}*`)) expect(await client.pttl(key)).toBeGreaterThan(0);
  });

  test('a list that is cleared of sessions that are gone, even without a limit', async () => {
    const { store, advance, keys } = subject();
    const { tag } = newRef();
    await begin(store, newRef({ tag }));
    for (let count = 0; count < 60; count += 1) {
      await advance(100_000);
      await store.create(newRef({ tag }), draft(), { idleMs: 50_000, absoluteMs: undefined });
    }
    expect(String(await client.get(keys.home(tag))).split('\n').length).toBeLessThan(24);
  });

  async function expectLeft(key: string, expected: number): Promise<void> {
    const left = await client.pttl(key);
    expect(left).toBeLessThanOrEqual(expected);
    expect(left).toBeGreaterThan(expected - 10_000);
  }
});

describe('in a Cluster', () => {
  test('the copies of the epochs are on three masters, and another process sees an app that has ended within a second', async () => {
    const thirds = new KeySpace('esp:', true).epochs.map((key) => Math.floor(slotOf(key) / 5_462));
    expect(new Set(thirds).size).toBe(3);
    const cluster = await startCluster();
    closing.push(() => cluster.stop());
    const [one, two] = [redisStore({ client: cluster.client() }), redisStore({ client: cluster.client() })];
    const ref = newRef();
    await begin(one, ref);
    expect((await two.read(ref)).record).toBeDefined();
    await one.endApp('shop', 'session_revoked');
    const end = performance.now() + 1_000;
    let seen: string | undefined;
    while (seen === undefined && performance.now() < end) seen = (await two.read(ref)).ended;
    expect(seen).toBe('session_revoked');
    await Promise.all([one.close(), two.close()]);
  }, 30_000);
});
