import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { StoreUnavailableError } from '../../lib/sessions/errors.ts';
import type { RedisClient } from '../../lib/sessions/redis/redis-client.ts';
import { type RedisStore, redisStore } from '../../lib/sessions/redis/redis-store.ts';
import type { SessionRef } from '../../lib/sessions/session-record.ts';
import { draft, newRef, RETENTION } from '../../lib/testing/contract-case.ts';
import { faultProxy } from '../support/fault-proxy.ts';
import { startCluster } from '../support/redis-cluster.ts';
import { startSentinel } from '../support/redis-sentinel.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';

const DEADLINE_MS = 200;
const SCHEDULING_MS = 300;
/** Tries again quickly, so that recovery is seen quickly. */
const FAST = { retryStrategy: () => 20 };

const NOTE = { book: 'failures', id: 'a' };

const opened: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function start(args: readonly string[] = []): Promise<RedisServer> {
  const server = await startRedis(args);
  opened.push(() => server.stop());
  return server;
}

function open(client: RedisClient, minReplicas = 0): RedisStore {
  const store = redisStore({ client, deadline: DEADLINE_MS, minReplicas });
  opened.push(() => store.close());
  return store;
}

async function begin(store: RedisStore, ref: SessionRef = newRef()): Promise<SessionRef> {
  expect((await store.create(ref, draft(), RETENTION)).outcome).toBe('created');
  return ref;
}

/** Every call of the contract, each of which has to fail in time and in the same way. */
async function expectUnavailable(store: RedisStore, ref: SessionRef): Promise<void> {
  const calls: readonly [string, () => Promise<unknown>][] = [
    ['read', () => store.read(ref)],
    ['readNote', () => store.readNote(NOTE)],
    ['listNotes', () => store.listNotes(NOTE.book)],
    ['useOnce', () => store.useOnce('failures', ref.digest, 60_000)],
    ['end', () => store.end(ref, 'signed_out')],
    ...writesOf(store, ref),
  ];
  await Promise.all(calls.map(([name, call]) => expectFailure(name, call, ref)));
}

function writesOf(store: RedisStore, ref: SessionRef): readonly [string, () => Promise<unknown>][] {
  return [
    ['create', () => store.create(newRef(), draft(), RETENTION)],
    ['save', () => store.save(ref, new Map([['late', '"secret-value"']]))],
    ['activity', () => store.recordActivity(ref, Date.now(), RETENTION)],
    ['spend', () => store.spend(ref, 1)],
    ['rotate', () => store.rotate(ref, newRef({ tag: ref.tag }), undefined, RETENTION)],
    ['changeDevice', () => store.changeDevice(ref, undefined, { known: { id: 'secret-value'.padEnd(22, '-'), at: 1 } })],
    ['endAll', () => store.endAll(ref.tag, 'session_revoked')],
    ['endApp', () => store.endApp('elsewhere', 'session_revoked')],
    ['writeNote', () => store.writeNote(NOTE, { text: 'secret-value', ttlMs: 60_000, atMost: 10 })],
    ['takeNote', () => store.takeNote(NOTE)],
    ['changeNote', () => store.changeNote(NOTE, 'secret-value', 'late', 60_000)],
  ];
}

async function expectFailure(name: string, call: () => Promise<unknown>, ref: SessionRef): Promise<void> {
  const before = performance.now();
  const error: unknown = await call().then(
    () => `${name} must not succeed`,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StoreUnavailableError);
  expect(performance.now() - before).toBeLessThan(DEADLINE_MS + SCHEDULING_MS);
  const { message, cause } = error as Error;
  expect(cause).toBeUndefined();
  for (const secret of [ref.digest, ref.tag, 'secret-value', 'evalsha']) expect(message).not.toContain(secret);
}

/** What was done before the fault is there, and everything works again without a restart of ours. */
async function expectRecovery(store: RedisStore, ref?: SessionRef): Promise<void> {
  await until(async () => (await store.read(ref ?? newRef())).now > 0);
  if (ref !== undefined) expect((await store.read(ref)).record).toBeDefined();
  await until(async () => (await store.end(await begin(store), 'signed_out')).ended === 1);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 15_000; ; await sleep(20)) {
    const holds = await condition().catch((error: unknown) => {
      if (!(error instanceof StoreUnavailableError)) throw error;
      return false;
    });
    if (holds) return;
    if (performance.now() > end) throw new Error('it did not happen in time');
  }
}

describe('Redis', () => {
  test('is down at the start, then comes up', async () => {
    const server = await start();
    await server.kill();
    const store = open(server.client(FAST));
    await expect(store.ready()).rejects.toThrow(StoreUnavailableError);
    await expectUnavailable(store, newRef());
    await server.restart();
    await expectRecovery(store);
    await expect(store.ready()).resolves.toBeUndefined();
  });

  test('is connected to when it is first needed', async () => {
    const server = await start();
    await expectRecovery(open(server.client({ ...FAST, lazyConnect: true })));
  });

  test('is killed and comes back', async () => {
    const server = await start();
    const store = open(server.client(FAST));
    const ref = await begin(store);
    await server.kill();
    await expectUnavailable(store, ref);
    await server.restart();
    await expectRecovery(store);
  });

  test('is frozen, and does not carry out later what was refused meanwhile', async () => {
    const server = await start();
    const store = open(server.client(FAST));
    const [ref, late] = [await begin(store), newRef()];
    server.pause();
    const writes = [store.save(ref, new Map([['late', '1']])), store.create(late, draft(), RETENTION), store.read(ref)];
    for (const result of await Promise.allSettled(writes)) expect(result.status).toBe('rejected');
    server.resume();
    await expectRecovery(store, ref);
    expect((await store.read(ref)).record?.data).toBe('{}');
    expect((await store.read(late)).record).toBeUndefined();
  });

  test('is frozen, and a note that was refused meanwhile is neither taken, changed nor written later', async () => {
    const server = await start();
    const store = open(server.client(FAST));
    const [kept, late] = [NOTE, { ...NOTE, id: 'late' }];
    const draft = { text: 'kept', ttlMs: 60_000, atMost: 1 };
    expect(await store.writeNote(kept, draft)).toBe(true);
    server.pause();
    const before = performance.now();
    const calls = [store.changeNote(kept, 'kept', 'late', 60_000), store.takeNote(kept), store.writeNote(late, draft)];
    for (const result of await Promise.allSettled(calls)) expect(result).toMatchObject({ reason: expect.any(StoreUnavailableError) });
    expect(performance.now() - before).toBeLessThan(DEADLINE_MS + SCHEDULING_MS);
    server.resume();
    await expectRecovery(store);
    expect((await store.listNotes(NOTE.book)).notes).toEqual([{ id: 'a', text: 'kept' }]);
  });

  test('is killed while a note is taken: it is there for the next, or gone, never both', async () => {
    const server = await start(['--appendonly', 'yes', '--appendfsync', 'always']);
    const store = open(server.client(FAST));
    expect(await store.writeNote(NOTE, { text: 'once', ttlMs: 60_000, atMost: 1 })).toBe(true);
    const takes = Promise.allSettled(Array.from({ length: 20 }, () => store.takeNote(NOTE)));
    await server.kill();
    const taken = (await takes).filter((result) => result.status === 'fulfilled' && result.value.text === 'once');
    await server.restart();
    await expectRecovery(store);
    const { text } = await store.takeNote(NOTE);
    expect(taken.length + (text === undefined ? 0 : 1)).toBeLessThanOrEqual(1);
  });

  test('is frozen, and an ending that was refused may still happen, never the reverse', async () => {
    const server = await start();
    const store = open(server.client(FAST));
    const ref = await begin(store);
    server.pause();
    await expectUnavailable(store, ref);
    server.resume();
    await until(async () => (await store.read(ref)).record === undefined);
    expect(['signed_out', 'session_revoked']).toContain((await store.read(ref)).ended);
  });

  test('is frozen for long: a new connection is tried', async () => {
    const server = await start();
    const proxy = await faultProxy(server.port);
    opened.push(() => proxy.close());
    const client = server.client({ ...FAST, port: proxy.port });
    const store = open(client);
    const ref = await begin(store);
    let connections = 0;
    client.on('connect', () => (connections += 1));
    proxy.freeze();
    const end = performance.now() + 3_000;
    while (connections === 0 && performance.now() < end + 4_000) await store.read(ref).catch(() => undefined);
    expect(connections).toBe(1);
    proxy.restore();
    await expectRecovery(store, ref);
  }, 20_000);

  test('is slow on the network', async () => {
    const server = await start();
    const proxy = await faultProxy(server.port);
    opened.push(() => proxy.close());
    const store = open(server.client({ ...FAST, port: proxy.port }));
    const ref = await begin(store);
    proxy.delay(DEADLINE_MS);
    await expectUnavailable(store, await begin(open(server.client())));
    proxy.restore();
    await expectRecovery(store, ref);
  });

  test('is busy with something else', async () => {
    const server = await start();
    const store = open(server.client(FAST));
    const ref = await begin(store);
    const busy = server.client().call('DEBUG', 'SLEEP', '0.8');
    await sleep(50);
    await expectUnavailable(store, newRef());
    await busy;
    await expectRecovery(store, ref);
  });

  test('has become a replica, and then a primary again', async () => {
    const [server, other] = [await start(), await start()];
    const store = open(server.client(FAST));
    const ref = await begin(store);
    const admin = server.client();
    // Without full sync the data would be replaced; a port where nothing answers keeps it as it is.
    await other.kill();
    await admin.call('REPLICAOF', '127.0.0.1', String(other.port));
    await expectFailure('end', () => store.end(ref, 'signed_out'), ref);
    await expectFailure('endAll', () => store.endAll(ref.tag, 'signed_out'), ref);
    await admin.call('REPLICAOF', 'NO', 'ONE');
    await expectRecovery(store, ref);
  });

  test('is loading its data', async () => {
    const server = await start(['--key-load-delay', '500', '--loading-process-events-interval-bytes', '1024']);
    const store = open(server.client(FAST));
    const ref = await begin(store);
    const admin = server.client();
    await admin.call('DEBUG', 'POPULATE', '1500');
    const reload = admin.call('DEBUG', 'RELOAD');
    await sleep(100);
    await expectFailure('read', () => store.read(ref), ref);
    await expectFailure('end', () => store.end(ref, 'signed_out'), ref);
    await reload;
    await expectRecovery(store, ref);
  });

  test('is out of memory: nothing begins, and what ends has ended', async () => {
    const server = await start();
    const client = server.client(FAST);
    const store = open(client);
    const { tag } = newRef();
    const [inside, own, kept] = [newRef({ tag }), newRef({ tag }), newRef({ tag })];
    for (const ref of [inside, own, kept]) await begin(store, ref);
    await client.config('SET', 'maxmemory', '1mb');
    await expectFailure('create', () => store.create(newRef(), draft(), RETENTION), inside);
    await expectFailure('save', () => store.save(inside, new Map([['a', '1']])), inside);
    expect((await store.read(inside)).record).toBeDefined();
    for (const ref of [own, inside]) {
      expect(await store.end(ref, 'signed_out')).toEqual({ ended: 1, durable: true });
      expect((await store.read(ref)).record).toBeUndefined();
    }
    expect((await store.list(tag)).map(({ ref }) => ref)).toEqual([kept]);
    expect((await store.endAll(tag, 'session_revoked')).ended).toBe(1);
    await client.config('SET', 'maxmemory', '0');
    await expectRecovery(store);
  });

  test('has forgotten its scripts', async () => {
    const server = await start();
    const client = server.client(FAST);
    const store = open(client);
    const ref = await begin(store);
    await client.script('FLUSH');
    expect(await store.save(ref, new Map([['a', '1']]))).toBe('written');
    expect((await store.end(ref, 'signed_out')).ended).toBe(1);
  });

  test('is restarted with what it has stored', async () => {
    const server = await start(['--appendonly', 'yes', '--appendfsync', 'always']);
    const store = open(server.client(FAST));
    const ref = await begin(store);
    await server.restart();
    await expectRecovery(store, ref);
  });

  test('late replies are dropped without a trace', async () => {
    const server = await start();
    const store = open(server.client(FAST));
    const ref = await begin(store);
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    server.pause();
    await expectUnavailable(store, ref);
    server.resume();
    await expectRecovery(store);
    await server.kill();
    await sleep(50);
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });

  test('a store that was closed answers at once', async () => {
    const server = await start();
    const client = server.client(FAST);
    const listeners = ['ready', 'close', 'end', 'reconnecting', 'error'].map((event) => client.listenerCount(event));
    const store = open(client);
    const ref = await begin(store);
    server.pause();
    const pending = store.read(ref);
    await store.close();
    await expect(pending).rejects.toThrow('the store is closed');
    await expect(store.read(ref)).rejects.toThrow('the store is closed');
    server.resume();
    expect(['ready', 'close', 'end', 'reconnecting', 'error'].map((event) => client.listenerCount(event))).toEqual(listeners);
    expect(await client.ping()).toBe('PONG');
  });

  test('a client that was closed answers at once', async () => {
    const server = await start();
    const client = server.client(FAST);
    const store = open(client);
    await begin(store);
    client.disconnect();
    await until(async () => client.status === 'end');
    await expect(store.read(newRef())).rejects.toThrow('the Redis client is closed');
  });
});

describe('Redis Cluster', () => {
  test('with one master dead goes on where the others are', async () => {
    const cluster = await startCluster(['--cluster-require-full-coverage', 'no']);
    opened.push(() => cluster.stop());
    const store = open(cluster.client({ clusterRetryStrategy: () => 50, slotsRefreshTimeout: 500 }));
    const refs = await Promise.all(Array.from({ length: 30 }, () => begin(store)));
    await cluster.masters[0]?.kill();
    const outcomes = await Promise.all(refs.map((ref) => outcomeOf(store, ref)));
    expect(outcomes.filter((outcome) => outcome === 'read').length).toBeGreaterThan(5);
    expect(outcomes.filter((outcome) => outcome === 'unavailable').length).toBeGreaterThan(2);
    expect(outcomes).not.toContain('missing');
    await expectFailure('endApp', () => store.endApp('elsewhere', 'session_revoked'), newRef());
    const late = open(cluster.client({ clusterRetryStrategy: () => 50, slotsRefreshTimeout: 500 }));
    await until(async () => (await outcomeOf(late, refs[outcomes.indexOf('read')] as SessionRef)) === 'read');
  }, 30_000);

  test('says that an ending is not durable where no replica has it', async () => {
    const cluster = await startCluster();
    opened.push(() => cluster.stop());
    const store = open(cluster.client(), 1);
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    expect(await store.end(await begin(store), 'signed_out')).toEqual({ ended: 1, durable: false });
    expect(await store.endApp('shop', 'session_revoked')).toEqual({ ended: undefined, durable: false });
    expect(warn).toHaveBeenCalled();
    warn.mockRestore();
  }, 30_000);
});

async function outcomeOf(store: RedisStore, ref: SessionRef): Promise<string> {
  try {
    return (await store.read(ref)).record === undefined ? 'missing' : 'read';
  } catch (error) {
    return error instanceof StoreUnavailableError ? 'unavailable' : String(error);
  }
}

describe('replicas', () => {
  test('an ending is durable if they have acknowledged it, and then survives a failover', async () => {
    const group = await startSentinel();
    opened.push(() => group.stop());
    const store = open(group.client({ ...FAST, sentinelRetryStrategy: () => 50 }), 1);
    // A replica that has just been connected acknowledges nothing for a moment.
    await until(async () => (await store.end(newRef(), 'signed_out')).durable);
    const [ended, other] = [await begin(store), await begin(store)];
    expect(await store.end(ended, 'signed_out')).toEqual({ ended: 1, durable: true });
    group.replica.pause();
    const before = performance.now();
    expect(await store.end(other, 'signed_out')).toEqual({ ended: 1, durable: false });
    expect(await store.endAll(other.tag, 'signed_out')).toEqual({ ended: 0, durable: false });
    expect(performance.now() - before).toBeLessThan(2 * (DEADLINE_MS + SCHEDULING_MS));
    group.replica.resume();
    await until(async () => (await store.end(ended, 'signed_out')).durable);
    await group.primary.kill();
    await expectRecovery(store);
    expect((await store.read(ended)).ended).toBe('signed_out');
  }, 40_000);
});
