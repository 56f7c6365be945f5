import assert from 'node:assert/strict';
import type { ConcurrencyLimit } from '../sessions/session-store.ts';
import { type ContractCase, assertSameRefs, begin, created, draft, inParallel, newRef, RETENTION } from './contract-case.ts';

const LIMIT: ConcurrencyLimit = { max: 2, onLimit: 'deny', idleMs: 900_000, absoluteMs: 43_200_000 };
const END_OLDEST: ConcurrencyLimit = { ...LIMIT, onLimit: 'end-oldest' };

/** What holds when a subject has as many sessions as it may have. */
export const LIMITS: readonly ContractCase[] = [
  {
    name: 'with deny, of 20 sign-ins at once no more than the limit succeed',
    async run({ store }) {
      const { tag } = newRef();
      const results = await inParallel(20, () => store.create(newRef({ tag }), draft(), RETENTION, LIMIT));
      assert.equal(results.filter(({ outcome }) => outcome === 'created').length, 2);
      assert.equal(results.filter(({ outcome }) => outcome === 'limit').length, 18);
      assert.equal((await store.list(tag)).length, 2);
    },
  },
  {
    name: 'with end-oldest, of 20 sign-ins at once all succeed and the limit is left',
    async run({ store }) {
      const { tag } = newRef();
      const refs = Array.from({ length: 20 }, () => newRef({ tag }));
      const results = await Promise.all(refs.map((ref) => store.create(ref, draft(), RETENTION, END_OLDEST)));
      assert.equal(
        results.reduce((sum, result) => sum + created(result).endedOldest, 0),
        18,
      );
      const reads = await Promise.all(refs.map((ref) => store.read(ref)));
      assert.equal(reads.filter(({ record }) => record !== undefined).length, 2);
      assert.equal(reads.filter(({ ended }) => ended === 'session_limit').length, 18);
    },
  },
  {
    name: 'the oldest is the one that began first, not the one used least',
    async run({ store, advance }) {
      const { tag } = newRef();
      const [first, second, third] = [newRef({ tag }), newRef({ tag }), newRef({ tag })];
      await begin(store, first);
      await advance(10_000);
      await begin(store, second);
      await advance(10_000);
      await store.recordActivity(first, await store.now(), RETENTION);
      assert.equal(created(await store.create(third, draft(), RETENTION, END_OLDEST)).endedOldest, 1);
      assert.equal((await store.read(first)).ended, 'session_limit');
      assertSameRefs(await store.list(tag), [second, third]);
    },
  },
  {
    name: 'sessions that are over make room: idle, past their lifetime, ended',
    async run({ store, advance }) {
      for (const make of [() => advance(LIMIT.idleMs as number), undefined]) {
        const { tag } = newRef();
        const old = [newRef({ tag }), newRef({ tag })];
        for (const ref of old) await begin(store, ref);
        if (make === undefined) for (const ref of old) await store.end(ref, 'signed_out');
        else await make();
        assert.equal((await store.create(newRef({ tag }), draft(), RETENTION, LIMIT)).outcome, 'created');
        assert.equal((await store.list(tag)).length, 1);
      }
    },
  },
  {
    name: 'a session that was cleared away as idle stays over',
    async run({ store, advance }) {
      const { tag } = newRef();
      const old = newRef({ tag });
      await begin(store, old);
      await advance(LIMIT.idleMs as number);
      await store.create(newRef({ tag }), draft(), RETENTION, LIMIT);
      assert.equal((await store.read(old)).ended, 'idle_timeout');
    },
  },
  {
    name: 'sessions of another app do not count',
    async run({ store }) {
      const { tag } = newRef();
      for (const app of ['admin', 'admin', 'admin']) await begin(store, newRef({ tag, app }));
      const results = await inParallel(3, () => store.create(newRef({ tag }), draft(), RETENTION, LIMIT));
      assert.equal(results.filter(({ outcome }) => outcome === 'created').length, 2);
    },
  },
  {
    name: 'a limit of none lets nobody in, whatever it does at the limit',
    async run({ store }) {
      for (const limit of [LIMIT, END_OLDEST]) {
        assert.equal((await store.create(newRef(), draft(), RETENTION, { ...limit, max: 0 })).outcome, 'limit');
      }
    },
  },
  {
    name: 'a sign-in that was refused has changed nothing',
    async run({ store }) {
      const { tag } = newRef();
      const kept = [newRef({ tag }), newRef({ tag })];
      for (const ref of kept) await begin(store, ref);
      const refused = newRef({ tag });
      await store.create(refused, draft(), RETENTION, LIMIT);
      assert.equal((await store.read(refused)).record, undefined);
      assertSameRefs(await store.list(tag), kept);
    },
  },
];
