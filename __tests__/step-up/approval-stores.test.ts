import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import express from 'express';
import { memoryStore, redisStore } from '../../lib/index.ts';
import type { SessionStore } from '../../lib/sessions/session-store.ts';
import { manualClock } from '../../lib/testing/manual-clock.ts';
import { SECRET } from '../express/portfolio.ts';
import { openRedis, type SharedRedis } from '../support/redis.ts';
import { type ApprovalWorld, approvalWorld, asked, type Person } from './approval-world.ts';

const BOOK = 'approvals.desk';

let redis: SharedRedis;
beforeAll(async () => {
  redis = await openRedis();
});
afterAll(() => redis.stop());

describe('two processes with one Redis', () => {
  let nodes: readonly [ApprovalWorld, ApprovalWorld];
  let round = 0;
  const stores: SessionStore[] = [];
  beforeEach(() => {
    round += 1;
    const store = (): SessionStore => {
      const made = redisStore({ client: redis.client(), prefix: `${redis.prefix}${round}:`, deadline: 10_000 });
      stores.push(made);
      return made;
    };
    nodes = [approvalWorld(express, { store: store() }), approvalWorld(express, { store: store() })];
  });
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
  });

  async function people() {
    const [one, two] = nodes;
    const [ann, bob, cyd] = [await one.person('ann'), await two.person('bob'), await one.person('cyd')];
    return { one, two, ann, bob, cyd };
  }

  test('what is asked on one is given on the other, and counts on both', async () => {
    const { two, ann, bob } = await people();
    const request = await asked(ann);
    expect((await bob.list()).others.map(({ id }) => id)).toEqual([request.id]);
    await bob.decides('approve', request.id).expect(200);
    for (const there of [ann, ann.on(two)]) await there.deletes().expect(200);
    await bob.decides('revoke', request.id).expect(200);
    for (const there of [ann, ann.on(two)]) await there.deletes().expect(403);
  });

  test('of those who approve and refuse at the same time, one decides', async () => {
    const { one, two, bob, cyd } = await people();
    for (let turn = 0; turn < 12; turn += 1) {
      const ann = await nodes[turn % 2]?.person(`ann${turn}`);
      const { id } = await asked(ann as Person);
      const answers = await Promise.all([
        bob.decides('approve', id),
        cyd.decides('refuse', id),
        bob.on(one).decides('refuse', id),
        cyd.on(two).decides('approve', id),
        (ann as Person).decides('revoke', id),
      ]);
      const decided = answers.filter(({ status }) => status === 200);
      expect(decided).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 409)).toHaveLength(4);
      await (ann as Person).deletes().expect(decided[0]?.body.state === 'granted' ? 200 : 403);
    }
    const events = nodes.flatMap((node) => node.events).filter(({ type }) => /^approval_(granted|refused|revoked)$/.test(type));
    expect(events).toHaveLength(12);
  });

  test('asked at the same time, on both, it is one request', async () => {
    const { one, two, ann } = await people();
    const answers = await Promise.all([1, 2, 3, 4, 5, 6].map((turn) => ann.on(turn % 2 === 0 ? one : two).asks()));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
  });

  test('Redis holds neither who asked nor why', async () => {
    const { ann, bob } = await people();
    await bob.decides('approve', (await asked(ann, { reason: 'a secret illness' })).id, { comment: 'poor ann' }).expect(200);
    const client = redis.client();
    const keys = (await client.keys(`*${BOOK}*`)).filter((key) => key.startsWith(`${redis.prefix}${round}:`));
    const notes = await Promise.all(keys.map(async (key) => [key, await client.get(key).catch(() => '')]));
    expect(keys.length).toBeGreaterThan(1);
    expect(JSON.stringify(notes)).not.toMatch(/illness|poor|"ann|bob|delete/);
  });

  test('without Redis nothing is open', async () => {
    const { ann, bob } = await people();
    await bob.decides('approve', (await asked(ann)).id).expect(200);
    const [store] = stores as [SessionStore];
    const read = store.readNote.bind(store);
    store.readNote = async () => {
      throw new Error('no answer');
    };
    await ann.deletes().expect(500);
    store.readNote = read;
    await ann.deletes().expect(200);
  });
});

describe('whoever can write to the store', () => {
  async function granted() {
    const clock = manualClock();
    const store = memoryStore({ clock: clock.now });
    const world = approvalWorld(express, { store, clock });
    const [ann, bob, eve] = [await world.person('ann'), await world.person('bob'), await world.person('eve')];
    const request = await asked(ann);
    await bob.decides('approve', request.id).expect(200);
    const [note] = (await store.listNotes(BOOK)).notes;
    return { clock, store, world, ann, bob, eve, request, note: note as { id: string; text: string } };
  }

  const TTL_MS = 3_600_000;

  test("gets nothing by putting what was approved for one in another's place", async () => {
    const { store, eve, note, ann, bob } = await granted();
    await asked(eve);
    const [, theirs] = (await store.listNotes(BOOK)).notes;
    await store.changeNote({ book: BOOK, id: theirs?.id as string }, theirs?.text as string, note.text, TTL_MS);
    expect((await eve.deletes().expect(403)).body.state).toBe('none');
    expect((await eve.list()).own).toEqual([]);
    expect((await bob.list()).others).toHaveLength(1);
    await ann.deletes().expect(200);
  });

  test('gets nothing by making it last longer', async () => {
    const { store, clock, ann, note } = await granted();
    await store.changeNote({ book: BOOK, id: note.id }, note.text, note.text, 30 * 86_400_000);
    clock.advance('15m');
    expect((await ann.deletes().expect(403)).body.state).toBe('ended');
  });

  test('gets nothing by writing what is none: it is asked for anew, and nobody else is kept from anything', async () => {
    const { store, ann, bob, eve, note } = await granted();
    for (const text of ['', '{}', 'null', note.text.slice(0, -3), `${note.text.slice(0, -8)}AAAAAAAA`, 'x'.repeat(1_000)]) {
      await store.takeNote({ book: BOOK, id: note.id });
      await store.writeNote({ book: BOOK, id: note.id }, { text, ttlMs: TTL_MS, atMost: 100 });
      expect((await ann.deletes().expect(403)).body.state).toBe('none');
      expect((await bob.list()).others).toEqual([]);
    }
    await asked(eve);
    await bob.decides('approve', (await asked(ann)).id).expect(200);
    await ann.deletes().expect(200);
  });

  test('gets nothing with another secret', async () => {
    const { store, clock, ann, bob } = await granted();
    const forger = approvalWorld(express, { store, clock, secret: 'another-secret-that-somebody-else-made-up-here' });
    const [dan, cyd] = [await forger.person('ann'), await forger.person('cyd')];
    await cyd.decides('approve', (await asked(dan)).id).expect(200);
    expect((await bob.list()).others.map(({ subject }) => subject.id)).toEqual(['ann']);
    await ann.deletes().expect(200);
  });

  test('a changed secret keeps what was approved, as long as the old one is in the list', async () => {
    const { store, clock, ann } = await granted();
    const newer = 'the-new-secret-of-the-same-application-after-a-while';
    await ann
      .on(approvalWorld(express, { store, clock, secret: [newer, SECRET] }))
      .deletes()
      .expect(200);
  });
});

test('a full book takes no more, and loses nothing', async () => {
  const clock = manualClock();
  const store = memoryStore({ clock: clock.now });
  const world = approvalWorld(express, { store, clock });
  const [ann, bob, dan] = [await world.person('ann'), await world.person('bob'), await world.person('dan')];
  const request = await asked(ann);
  await bob.decides('approve', request.id).expect(200);
  for (let at = 1; at < 1_000; at += 1) await store.writeNote({ book: BOOK, id: `n${at}` }, { text: 'x', ttlMs: 60_000, atMost: 1_000 });
  expect((await dan.asks().expect(503).expect('Retry-After', '3600')).body.reason).toBe('approval_book_full');
  await ann.deletes().expect(200);
  clock.advance('1m');
  await asked(dan);
});
