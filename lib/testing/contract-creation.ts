import assert from 'node:assert/strict';
import { type ContractCase, begin, created, dataOf, draft, inParallel, mustRead, newRef, RETENTION } from './contract-case.ts';

/** What holds when a session begins. */
export const CREATION: readonly ContractCase[] = [
  {
    name: 'a new session reads as it was created',
    async run({ store }) {
      const ref = newRef();
      const result = created(await store.create(ref, draft({ data: dataOf({ cart: [], theme: 'dark' }) }), RETENTION));
      const found = await store.read(ref);
      assert.deepEqual(plain(found.record), plain(result.record));
      const { createdAt } = result.record;
      assert.deepEqual(plain(result.record), {
        app: 'shop',
        profile: 'web',
        subject: { id: 'u1', kind: 'user' },
        createdAt,
        authenticatedAt: createdAt,
        lastActiveAt: createdAt,
        longestGapMs: 0,
        levels: { aal1: createdAt },
        methods: { pwd: createdAt },
        spentAt: 0,
        data: dataOf({ cart: [], theme: 'dark' }),
        version: 1,
        rotatedAt: 0,
      });
      assert.equal(found.ended, undefined);
      assert.ok(found.now >= createdAt && createdAt > 0);
      assert.equal(result.endedOldest, 0);
    },
  },
  {
    name: 'a sign-in that is not fresh leaves no time of authentication',
    async run({ store }) {
      const record = await begin(store, newRef(), { fresh: false });
      assert.equal(record.authenticatedAt, 0);
      assert.ok(!Object.values({ ...record.levels, ...record.methods }).some((at) => at > 0));
    },
  },
  {
    name: 'every kind of subject comes back, and a visitor is nobody',
    async run({ store }) {
      for (const kind of ['user', 'service', 'agent'] as const) {
        const ref = newRef();
        await begin(store, ref, { subject: { id: 'x"\n{}\u2028é', kind } });
        assert.deepEqual((await mustRead(store, ref)).subject, { id: 'x"\n{}\u2028é', kind });
      }
      const ref = newRef();
      await begin(store, ref, { subject: undefined, fresh: false, level: undefined, methods: [] });
      assert.equal((await mustRead(store, ref)).subject, undefined);
    },
  },
  {
    name: 'what is not there reads as missing',
    async run({ store }) {
      const { record, ended, now } = await store.read(newRef());
      assert.deepEqual([record, ended], [undefined, undefined]);
      assert.ok(now > 0);
    },
  },
  {
    name: 'create never overwrites, not even of many at once',
    async run({ store }) {
      const ref = newRef();
      const results = await inParallel(20, (index) => store.create(ref, draft({ data: dataOf({ index }) }), RETENTION));
      assert.deepEqual(results.map(({ outcome }) => outcome).sort(), [...Array(19).fill('conflict'), 'created']);
      const winner = results.findIndex(({ outcome }) => outcome === 'created');
      assert.equal((await mustRead(store, ref)).data, dataOf({ index: winner }));
    },
  },
  {
    name: 'the place of an ended session is never taken again',
    async run({ store }) {
      const ref = newRef();
      await begin(store, ref);
      await store.end(ref, 'signed_out');
      assert.equal((await store.create(ref, draft(), RETENTION)).outcome, 'conflict');
      assert.equal((await store.read(ref)).ended, 'signed_out');
    },
  },
  {
    name: 'the same digest under another app, profile or tag is another session',
    async run({ store }) {
      const ref = newRef();
      await begin(store, ref);
      for (const other of [{ app: 'admin' }, { profile: 'phone' }, { tag: newRef().tag }]) {
        assert.equal((await store.read({ ...ref, ...other })).record, undefined);
      }
    },
  },
  {
    name: 'the clock moves on when it is moved',
    async run({ store, advance }) {
      const before = await store.now();
      await advance(3_600_000);
      assert.ok((await store.now()) - before >= 3_600_000);
    },
  },
];

/** Instants come back in objects that inherit nothing; `undefined` and missing are the same. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
