import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import type { SessionDevice } from '../../lib/policy/device.ts';
import { StoreUnavailableError } from '../../lib/sessions/errors.ts';
import { redisStore } from '../../lib/sessions/redis/redis-store.ts';
import { begin, draft, mustRead, newRef, RETENTION } from '../../lib/testing/contract-case.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { type HeldClient, heldClient } from './held-client.ts';
import { type RedisSubject, redisSubject } from './redis-subject.ts';

const AT = 1_700_000_000_000;
const AUTHENTICATION = { level: 'aal2', methods: ['otp'] };

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

function subject(): RedisSubject {
  const made = redisSubject(client);
  closing.push(made.close);
  return made;
}

/** The same store seen by a process whose scripts can be held back. */
function heldStore(prefix: string, deadline = 5_000): HeldClient & { readonly store: ReturnType<typeof redisStore> } {
  const held = heldClient(server.client());
  const store = redisStore({ client: held.client, prefix, deadline });
  closing.push(() => store.close());
  return { ...held, store };
}

function bound(letter: string): SessionDevice {
  return { binding: { by: 'dbsc', key: letter.repeat(43), provenAt: AT } };
}

describe('where the device of a session is', () => {
  test('wherever the session is, and it is changed there and nowhere else, with no other end', async () => {
    const { store, keys, prefix } = subject();
    const { tag } = newRef();
    const refs = [newRef({ tag }), newRef({ tag }), newRef({ tag, app: 'admin' })] as const;
    for (const ref of refs) await store.create(ref, draft(), { idleMs: 100_000, absoluteMs: undefined });
    const names = (await client.keys(`${prefix}*`)).sort();
    for (const [index, ref] of refs.entries()) {
      expect(await store.changeDevice(ref, undefined, bound('abc'.charAt(index)))).toBe('written');
    }
    for (const [index, ref] of refs.entries()) expect((await mustRead(store, ref)).device).toEqual(bound('abc'.charAt(index)));
    expect((await client.keys(`${prefix}*`)).sort()).toEqual(names);
    for (const key of [keys.home(tag), keys.place(refs[1]).own]) {
      expect(await client.pttl(key)).toBeLessThanOrEqual(260_000);
      expect(await client.pttl(key)).toBeGreaterThan(200_000);
    }
  });

  test('what an earlier form of the text said of it is believed by nobody', async () => {
    const { store, corrupt, keys } = subject();
    const ref = newRef();
    await begin(store, ref, { device: bound('a') });
    const text = String(await client.get(keys.home(ref.tag))).split('\n\n')[1] ?? '';
    await corrupt(ref, text.replace(/"d":\[.*\]\]/, '"d":["bound",123]'));
    expect((await store.read(ref)).ended).toBe('session_invalid');
    expect(await store.changeDevice(ref, bound('a'), undefined)).toBe('gone');
  });
});

describe('what happens between reading and writing', () => {
  test('another device that was bound meanwhile is not written over', async () => {
    const { store, prefix, keys } = subject();
    const slow = heldStore(prefix);
    const ref = newRef();
    await begin(store, ref);
    slow.hold(keys.home(ref.tag));
    const change = slow.store.changeDevice(ref, undefined, bound('s'));
    await slow.waiting();
    expect(await store.changeDevice(ref, undefined, bound('f'))).toBe('written');
    slow.release();
    expect(await change).toBe('changed');
    expect((await mustRead(store, ref)).device).toEqual(bound('f'));
  });

  test('what was saved and what was done meanwhile is not lost', async () => {
    const { store, prefix, keys } = subject();
    const slow = heldStore(prefix);
    const ref = newRef();
    await begin(store, ref);
    slow.hold(keys.home(ref.tag));
    const change = slow.store.changeDevice(ref, undefined, bound('s'));
    await slow.waiting();
    await store.save(ref, new Map([['a', '1']]));
    const { authenticatedAt } = await mustRead(store, ref);
    expect(await store.spend(ref, authenticatedAt)).toBe(true);
    slow.release();
    expect(await change).toBe('written');
    expect(await mustRead(store, ref)).toMatchObject({ device: bound('s'), data: '{"a":1}', spentAt: authenticatedAt, version: 4 });
  });

  test.each(['ended', 'replaced'])('a session that was %s meanwhile keeps the device it had', async (what) => {
    const { store, prefix, keys } = subject();
    const slow = heldStore(prefix);
    const ref = newRef();
    await begin(store, ref);
    slow.hold(keys.home(ref.tag));
    const change = slow.store.changeDevice(ref, undefined, bound('s'));
    await slow.waiting();
    const next = newRef({ tag: ref.tag });
    if (what === 'ended') await store.end(ref, 'signed_out');
    else await store.rotate(ref, next, undefined, RETENTION);
    slow.release();
    expect(await change).toBe('gone');
    for (const one of [ref, next]) expect((await store.read(one)).record?.device).toBeUndefined();
  });

  test.each([
    ['an authentication', AUTHENTICATION],
    ['none', undefined],
  ])('a rotation with %s takes the device along that was bound meanwhile', async (_what, authentication) => {
    const { store, prefix, keys } = subject();
    const slow = heldStore(prefix);
    const [from, next] = [newRef(), newRef()];
    const to = { ...next, tag: from.tag };
    await begin(store, from);
    slow.hold(keys.home(from.tag));
    const rotation = slow.store.rotate(from, to, authentication, RETENTION);
    await slow.waiting();
    expect(await store.changeDevice(from, undefined, bound('f'))).toBe('written');
    slow.release();
    expect(await rotation).toMatchObject({ outcome: 'created', record: { device: bound('f') } });
    expect((await mustRead(store, to)).device).toEqual(bound('f'));
  });

  test('activity during a rotation without an authentication counts under the new id', async () => {
    const { store, advance, prefix, keys } = subject();
    const slow = heldStore(prefix);
    const [from, next] = [newRef(), newRef()];
    const to = { ...next, tag: from.tag };
    await begin(store, from);
    slow.hold(keys.home(from.tag));
    const rotation = slow.store.rotate(from, to, undefined, RETENTION);
    await slow.waiting();
    await advance(60_000);
    await store.recordActivity(from, await store.now(), RETENTION);
    const { longestGapMs, lastActiveAt } = await mustRead(store, from);
    expect(longestGapMs).toBeGreaterThanOrEqual(60_000);
    slow.release();
    expect(await rotation).toMatchObject({ outcome: 'created', record: { longestGapMs, lastActiveAt } });
    expect(await mustRead(store, to)).toMatchObject({ longestGapMs, lastActiveAt });
  });
});

describe('faults', () => {
  test('a change that nobody waits for any more is not carried out, and neither is a new id', async () => {
    const { store, prefix, keys } = subject();
    const slow = heldStore(prefix, 100);
    const [ref, next] = [newRef(), newRef()];
    await begin(store, ref);
    await slow.store.ready();
    slow.hold(keys.home(ref.tag));
    const change = slow.store.changeDevice(ref, undefined, bound('s'));
    const rotation = slow.store.rotate(ref, { ...next, tag: ref.tag }, undefined, RETENTION);
    for (const result of await Promise.allSettled([change, rotation])) {
      expect(result).toMatchObject({ reason: expect.any(StoreUnavailableError) });
    }
    slow.release();
    await slow.store.read(ref);
    expect(await mustRead(store, ref)).toMatchObject({ device: undefined, rotatedAt: 0, version: 1 });
  });

  test('a server that has forgotten its scripts is told them again', async () => {
    const { store } = subject();
    const ref = newRef();
    await begin(store, ref);
    await client.script('FLUSH');
    expect(await store.changeDevice(ref, undefined, bound('a'))).toBe('written');
  });

  test('without memory nothing is changed, and nothing is lost', async () => {
    const { store } = subject();
    const ref = newRef();
    await begin(store, ref, { device: bound('a') });
    await client.config('SET', 'maxmemory', '1mb');
    closing.push(async () => void (await client.config('SET', 'maxmemory', '0')));
    await expect(store.changeDevice(ref, bound('a'), bound('b'))).rejects.toThrow(StoreUnavailableError);
    expect((await mustRead(store, ref)).device).toEqual(bound('a'));
  });

  test('of 20 processes that bind a key at once, one does, and its key is kept', async () => {
    const { store, prefix } = subject();
    const others = Array.from({ length: 20 }, () => redisStore({ client: server.client(), prefix, deadline: 5_000 }));
    closing.push(async () => void (await Promise.all(others.map((other) => other.close()))));
    await Promise.all(others.map((other) => other.ready()));
    const letters = others.map((_, index) => String.fromCharCode(97 + index));
    for (let round = 0; round < 5; round += 1) {
      const ref = newRef();
      await begin(store, ref);
      const results = await Promise.all(others.map((other, index) => other.changeDevice(ref, undefined, bound(letters[index] ?? ''))));
      expect(results.filter((result) => result === 'written')).toHaveLength(1);
      expect((await mustRead(store, ref)).device).toEqual(bound(letters[results.indexOf('written')] ?? ''));
    }
  });
});
