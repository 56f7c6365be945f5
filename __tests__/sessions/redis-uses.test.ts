import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import slotOf from 'cluster-key-slot';
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import { StoreUnavailableError } from '../../lib/sessions/errors.ts';
import { KeySpace } from '../../lib/sessions/redis/key-space.ts';
import { redisStore } from '../../lib/sessions/redis/redis-store.ts';
import { begin, newRef } from '../../lib/testing/contract-case.ts';
import { faultProxy } from '../support/fault-proxy.ts';
import { startCluster } from '../support/redis-cluster.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { redisSubject } from './redis-subject.ts';

const TTL_MS = 60_000;
const FAST = { retryStrategy: () => 20 };

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

function subject(): ReturnType<typeof redisSubject> {
  const made = redisSubject(client);
  closing.push(made.close);
  return made;
}

/** A store behind a network that can fail. */
async function distant(
  of: RedisServer,
  deadline: number,
): Promise<{ store: ReturnType<typeof redisStore>; proxy: Awaited<ReturnType<typeof faultProxy>> }> {
  const proxy = await faultProxy(of.port);
  closing.push(() => proxy.close());
  const store = redisStore({ client: of.client({ ...FAST, port: proxy.port }), deadline });
  closing.push(() => store.close());
  await store.ready();
  return { store, proxy };
}

describe('where it is remembered that an id was used', () => {
  test('in the slot of the session whose tag is the scope', () => {
    const keys = new KeySpace('esp:', true);
    const { tag } = newRef();
    expect(slotOf(keys.use(tag, 'a'))).toBe(slotOf(keys.home(tag)));
    expect(slotOf(keys.use('dpop.shop', 'a'))).toBe(slotOf('dpop.shop'));
  });

  test('under a key that is none of any session, note or epoch, in stores with any prefixes', () => {
    const prefix = fc.stringMatching(/^[A-Za-z0-9_.:/@#=+-]{1,8}$/);
    const scope = fc.oneof(fc.stringMatching(/^[A-Za-z0-9._-]{1,20}$/), fc.stringMatching(/^[A-Za-z0-9_-]{16}$/), fc.constant('epochs'));
    fc.assert(
      fc.property(prefix, prefix, scope, scope, (ours, theirs, name, other) => {
        const key = new KeySpace(ours, false).use(name, 'id');
        for (const one of [ours, theirs].map((text) => new KeySpace(text, true))) {
          expect(one.readKey(key)).toBeUndefined();
          expect(key.startsWith(one.pattern.slice(0, -1))).toBe(false);
          expect(one.epochs).not.toContain(key);
          expect(key.startsWith(`${one.book(other)}`)).toBe(false);
        }
      }),
    );
  });

  test('in one small key for each, which goes by itself', async () => {
    const { store, keys, prefix } = subject();
    await store.useOnce('scope', 'a', TTL_MS);
    await store.useOnce('scope', 'a', 100 * TTL_MS);
    expect(await client.keys(`${prefix}*`)).toEqual([keys.use('scope', 'a')]);
    const left = await client.pttl(keys.use('scope', 'a'));
    expect(left).toBeLessThanOrEqual(TTL_MS);
    expect(left).toBeGreaterThan(TTL_MS - 10_000);
  });
});

describe('what it costs', () => {
  test('nothing is waited for twice: it is on its way together with the read of the session', async () => {
    const { store, proxy } = await distant(server, 5_000);
    const ref = newRef();
    await begin(store, ref);
    await client.config('RESETSTAT');
    // Whatever is sent from here on is sent without an answer to anything.
    proxy.freeze('replies');
    const both = Promise.all([store.read(ref), store.useOnce(ref.tag, 'proof', TTL_MS)]);
    await eventually(async () => {
      const seen = await client.info('commandstats');
      return /cmdstat_mget:calls=1,/.test(seen) && /cmdstat_set:calls=1,/.test(seen);
    });
    proxy.restore();
    const [{ record }, first] = await both;
    expect([record?.app, first]).toEqual(['shop', true]);
  });

  test('in a Cluster the server of the session answers both', async () => {
    const cluster = await startCluster();
    closing.push(() => cluster.stop());
    const store = redisStore({ client: cluster.client({ enableAutoPipelining: true }), deadline: 5_000 });
    closing.push(() => store.close());
    for (let round = 0; round < 10; round += 1) {
      const ref = newRef();
      await begin(store, ref);
      const [{ record }, first] = await Promise.all([store.read(ref), store.useOnce(ref.tag, ref.digest, TTL_MS)]);
      expect([record?.app, first, await store.useOnce(ref.tag, ref.digest, TTL_MS)]).toEqual(['shop', true, false]);
    }
  }, 30_000);
});

describe('faults', () => {
  test('of 20 processes that use an id at once, one is the first', async () => {
    const { prefix } = subject();
    const others = Array.from({ length: 20 }, () => redisStore({ client: server.client(), prefix, deadline: 5_000 }));
    closing.push(async () => void (await Promise.all(others.map((other) => other.close()))));
    await Promise.all(others.map((other) => other.ready()));
    for (let round = 0; round < 10; round += 1) {
      const results = await Promise.all(others.map((other) => other.useOnce('scope', `id-${round}`, TTL_MS)));
      expect(results.filter(Boolean)).toHaveLength(1);
    }
  });

  test('who does not hear in time is refused, and nobody else is the first afterwards', async () => {
    const { store, proxy } = await distant(server, 100);
    const id = newRef().digest;
    proxy.freeze('replies');
    await expect(store.useOnce('late', id, TTL_MS)).rejects.toThrow(StoreUnavailableError);
    proxy.restore();
    const answers: boolean[] = [];
    await eventually(async () => answers.push(await store.useOnce('late', id, TTL_MS)) > 0);
    expect(answers).toEqual([false]);
  });

  test('an answer that is lost with its connection makes nobody the first twice', async () => {
    const { store, proxy } = await distant(server, 5_000);
    const id = newRef().digest;
    proxy.freeze('replies');
    const use = store.useOnce('lost', id, TTL_MS).catch(() => false);
    await eventually(async () => (await client.exists(`esp:!!{lost}:${id}`)) === 1);
    proxy.cut();
    proxy.restore();
    expect([await use, await store.useOnce('lost', id, TTL_MS)]).toEqual([false, false]);
  });

  test('a server that is killed meanwhile has one first use at most', async () => {
    const own = await startRedis(['--appendonly', 'yes', '--appendfsync', 'always']);
    closing.push(() => own.stop());
    const store = redisStore({ client: own.client(FAST), deadline: 200 });
    closing.push(() => store.close());
    await store.ready();
    const uses = Promise.allSettled(Array.from({ length: 20 }, () => store.useOnce('killed', 'id', TTL_MS)));
    await own.kill();
    const before = (await uses).filter((result) => result.status === 'fulfilled' && result.value).length;
    await own.restart();
    let after = 0;
    await eventually(async () => {
      if (await store.useOnce('killed', 'id', TTL_MS)) after += 1;
      return true;
    });
    expect(before + after).toBeLessThanOrEqual(1);
  });

  test('without memory nobody is the first', async () => {
    const { store } = subject();
    await client.config('SET', 'maxmemory', '1mb');
    closing.push(async () => void (await client.config('SET', 'maxmemory', '0')));
    await expect(store.useOnce('full', 'id', TTL_MS)).rejects.toThrow(StoreUnavailableError);
  });

  test('anything else in its place counts as a use', async () => {
    const { store, keys } = subject();
    await client.lpush(keys.use('odd', 'list'), 'x');
    await client.set(keys.use('odd', 'text'), '');
    for (const id of ['list', 'text']) expect(await store.useOnce('odd', id, TTL_MS)).toBe(false);
  });
});

/** Fails after five seconds; an outage on the way is no answer. */
async function eventually(condition: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 5_000; performance.now() < end; await new Promise((resolve) => setTimeout(resolve, 10))) {
    const holds = await condition().catch((error: unknown) => {
      if (!(error instanceof StoreUnavailableError)) throw error;
      return false;
    });
    if (holds) return;
  }
  throw new Error('it did not happen in time');
}
