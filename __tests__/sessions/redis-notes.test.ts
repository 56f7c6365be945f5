import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import slotOf from 'cluster-key-slot';
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import { StoreUnavailableError } from '../../lib/sessions/errors.ts';
import type { NoteRef } from '../../lib/sessions/note.ts';
import { KeySpace } from '../../lib/sessions/redis/key-space.ts';
import { type RedisStore, redisStore } from '../../lib/sessions/redis/redis-store.ts';
import { begin, newRef } from '../../lib/testing/contract-case.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { redisSubject } from './redis-subject.ts';

const TTL_MS = 60_000;

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

function write(store: RedisStore, ref: NoteRef, text = 'text', { ttlMs = TTL_MS, atMost = 100 } = {}): Promise<boolean> {
  return store.writeNote(ref, { text, ttlMs, atMost });
}

const A = { book: 'b', id: 'a' };
const B = { book: 'b', id: 'b' };

describe('where notes are', () => {
  test('all of a book is in one slot of a Cluster, whatever it is called', () => {
    const keys = new KeySpace('esp:', true);
    for (const book of ['b', 'pending.abc', 'x'.repeat(16)]) {
      expect(slotOf(`${keys.book(book)}:id`)).toBe(slotOf(keys.book(book)));
      expect(slotOf(keys.book(book))).toBe(slotOf(book));
    }
  });

  test('a key of a note is no key of any session, in stores with any prefixes', () => {
    const prefix = fc.stringMatching(/^[A-Za-z0-9_.:/@#=+-]{1,8}$/);
    const book = fc.oneof(fc.stringMatching(/^[A-Za-z0-9._-]{1,20}$/), fc.stringMatching(/^[A-Za-z0-9_-]{16}$/));
    fc.assert(
      fc.property(prefix, prefix, book, (ours, theirs, name) => {
        const key = `${new KeySpace(ours, false).book(name)}:id`;
        for (const one of [ours, theirs]) {
          expect(new KeySpace(one, false).readKey(key)).toBeUndefined();
          expect(key.startsWith(new KeySpace(one, false).pattern.slice(0, -1))).toBe(false);
        }
      }),
    );
  });

  test('listing the sessions of an app does not read the notes', async () => {
    const { store } = subject();
    await begin(store, newRef());
    for (let count = 0; count < 20; count += 1) await write(store, { book: newRef().tag, id: 'a' }, 'x'.repeat(1_000));
    await client.config('RESETSTAT');
    expect(await store.listApp('*')).toHaveLength(1);
    const sent = Number(/total_net_output_bytes:(\d+)/.exec(await client.info('stats'))?.[1]);
    expect(sent).toBeLessThan(10_000);
  });
});

describe('what is kept, and for how long', () => {
  test('a note a second longer than it lasts, the book as long as the note that is kept longest', async () => {
    const { store, keys } = subject();
    await write(store, A, 'x', { ttlMs: 500_000 });
    await write(store, B, 'x', { ttlMs: 100_000 });
    await expectLeft(`${keys.book('b')}:a`, 501_000);
    await expectLeft(`${keys.book('b')}:b`, 101_000);
    await expectLeft(keys.book('b'), 501_000);
    await store.changeNote(B, 'x', 'y', 900_000);
    await expectLeft(`${keys.book('b')}:b`, 901_000);
    await expectLeft(keys.book('b'), 901_000);
  });

  test('nothing of what has been taken, nor of what had to go', async () => {
    const { store, prefix } = subject();
    for (let count = 0; count < 20; count += 1) await write(store, { book: 'b', id: String(count) }, 'x', { atMost: 2 });
    expect((await client.keys(`${prefix}*`)).length).toBe(3);
    for (const { id } of (await store.listNotes('b')).notes) await store.takeNote({ book: 'b', id });
    expect(await client.keys(`${prefix}*`)).toEqual([]);
  });

  test("expiry by the store's clock decides, whatever Redis still keeps", async () => {
    let offset = 0;
    const store = redisStore({ client, prefix: 'clock:', clockOffset: () => offset });
    closing.push(() => store.close());
    await write(store, A);
    await write(store, B, 'text', { ttlMs: 3 * TTL_MS });
    offset = TTL_MS + 2_000;
    expect(await client.exists('clock:!{b}:a')).toBe(1);
    expect((await store.readNote(A)).text).toBeUndefined();
    expect(await store.changeNote(A, 'text', 'x', TTL_MS)).toBe(false);
    expect((await store.listNotes('b')).notes.map(({ id }) => id)).toEqual(['b']);
    await write(store, { book: 'b', id: 'c' });
    expect(await client.exists('clock:!{b}:a')).toBe(0);
    expect(await client.call('zrange', 'clock:!{b}', '0', '-1')).toEqual(['b', 'c']);
  });

  async function expectLeft(key: string, expected: number): Promise<void> {
    const left = await client.pttl(key);
    expect(left).toBeLessThanOrEqual(expected);
    expect(left).toBeGreaterThan(expected - 10_000);
  }
});

describe('faults', () => {
  const spoilers: readonly (readonly [string, (key: string) => Promise<unknown>])[] = [
    ['a list', (key) => client.lpush(key, 'x')],
    ['a hash', (key) => client.hset(key, 'a', 'b')],
    ['a text', (key) => client.set(key, 'x')],
    ['an empty text', (key) => client.set(key, '')],
    ['a set of other things', (key) => client.zadd(key, '1', '', '2', 'x:y', '3', '\n')],
  ];

  test.each(spoilers)('%s in the place of a note is no note, and can be written over', async (_what, spoil) => {
    const { store, keys } = subject();
    await write(store, A);
    await write(store, B, 'kept');
    await client.del(`${keys.book('b')}:a`);
    await spoil(`${keys.book('b')}:a`);
    expect((await store.readNote(A)).text).toBeUndefined();
    expect(await store.changeNote(A, 'text', 'x', TTL_MS)).toBe(false);
    expect((await store.listNotes('b')).notes).toEqual([{ id: 'b', text: 'kept' }]);
    expect(await write(store, A, 'new')).toBe(true);
    expect((await store.listNotes('b')).notes.map(({ text }) => text)).toEqual(['kept', 'new']);
    await spoil(`${keys.book('b')}:b`).catch(() => undefined);
    await client.set(`${keys.book('b')}:b`, 'x');
    expect((await store.takeNote(B)).text).toBeUndefined();
  });

  test.each(spoilers)('%s in the place of a book holds nothing, and is put right by the next note', async (_what, spoil) => {
    const { store, keys } = subject();
    await write(store, A);
    await client.del(keys.book('b'));
    await spoil(keys.book('b'));
    expect((await store.listNotes('b')).notes).toEqual([]);
    expect(await store.changeNote(A, 'text', 'other', TTL_MS)).toBe(true);
    expect((await store.takeNote(A)).text).toBe('other');
    expect(await write(store, B, 'new')).toBe(true);
    expect((await store.listNotes('b')).notes).toEqual([{ id: 'b', text: 'new' }]);
  });

  test('any text at all in the place of a note is a note that was written, or none', async () => {
    const { store, keys } = subject();
    const head = fc.constantFrom('', 'N', 'N1', 'N2', 'N1zzzzzz', 'N1zzzzzzz', 'N1-------', 'N1zzz\nzzz', 'L1', 'X1');
    await fc.assert(
      fc.asyncProperty(head, fc.string({ unit: 'binary' }), async (start, rest) => {
        await client.set(`${keys.book('b')}:a`, start + rest);
        const { text } = await store.readNote(A);
        if (text !== undefined) expect(start + rest).toMatch(/^N1[\w-]{7}/);
        expect((await store.takeNote(A)).text).toBe(text);
        expect((await store.takeNote(A)).text).toBeUndefined();
      }),
    );
  });

  test('a server that has forgotten its scripts is told them again, and a note is still taken once', async () => {
    const { store } = subject();
    await write(store, A);
    await client.script('FLUSH');
    const reads = await Promise.all(Array.from({ length: 20 }, () => store.takeNote(A)));
    expect(reads.filter(({ text }) => text === 'text')).toHaveLength(1);
    for (const call of [() => write(store, A), () => store.changeNote(A, 'text', 'b', TTL_MS), () => store.readNote(A)]) {
      await client.script('FLUSH');
      expect(await call()).toBeTruthy();
    }
    await client.script('FLUSH');
    expect((await store.listNotes('b')).notes).toEqual([{ id: 'a', text: 'b' }]);
  });

  test('of 20 processes that take a note at once, one gets it', async () => {
    const { store, prefix } = subject();
    const others = Array.from({ length: 20 }, () => redisStore({ client: server.client(), prefix, deadline: 5_000 }));
    closing.push(async () => void (await Promise.all(others.map((other) => other.close()))));
    await Promise.all(others.map((other) => other.ready()));
    for (let round = 0; round < 10; round += 1) {
      await write(store, A);
      const reads = await Promise.all(others.map((other) => other.takeNote(A)));
      expect(reads.filter(({ text }) => text !== undefined)).toHaveLength(1);
    }
  });

  test('without memory nothing is written and nothing lost, and what is there can be taken', async () => {
    const { store } = subject();
    await write(store, A);
    await write(store, B);
    await client.config('SET', 'maxmemory', '1mb');
    closing.push(async () => void (await client.config('SET', 'maxmemory', '0')));
    await expect(write(store, { book: 'b', id: 'c' }, 'new', { atMost: 1 })).rejects.toThrow(StoreUnavailableError);
    await expect(store.changeNote(A, 'text', 'new', TTL_MS)).rejects.toThrow(StoreUnavailableError);
    expect((await store.listNotes('b')).notes.map(({ text }) => text)).toEqual(['text', 'text']);
    expect((await store.takeNote(A)).text).toBe('text');
    expect((await store.readNote(A)).text).toBeUndefined();
  });
});
