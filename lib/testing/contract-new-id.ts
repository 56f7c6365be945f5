import assert from 'node:assert/strict';
import { type ContractCase, begin, created, dataOf, inParallel, mustRead, newRef, RETENTION } from './contract-case.ts';

/** What holds when a session gets a new id and nobody has authenticated, as a native client's does now and then. */
export const NEW_ID: readonly ContractCase[] = [
  {
    name: 'without an authentication nothing starts anew: only the id is another',
    async run({ store, advance }) {
      const [first, second, third] = three();
      await begin(store, first, { data: dataOf({ cart: [1] }), client: 'Phone' });
      const authentication = { level: 'aal2', methods: ['otp'], authenticatedFor: 'pay' };
      const { record } = created(await store.rotate(first, second, authentication, RETENTION));
      await store.spend(second, record.authenticatedAt);
      await advance(60_000);
      await store.recordActivity(second, await store.now(), RETENTION);
      await advance(30_000);
      const before = await mustRead(store, second);
      const result = created(await store.rotate(second, third, undefined, RETENTION));
      const { version, ...after } = await mustRead(store, third);
      assert.deepEqual(result.record, { ...after, version });
      assert.ok(version > before.version);
      assert.deepEqual({ ...after, version: before.version }, before);
      assert.ok(before.longestGapMs > 50_000 && before.spentAt > 0 && before.authenticatedFor === 'pay');
      assert.ok(result.now >= before.lastActiveAt + 30_000);
    },
  },
  {
    name: 'what was never actively authenticated is not so under a new id either',
    async run({ store, advance }) {
      const [from, to] = three();
      const old = await begin(store, from, { fresh: false });
      await advance(60_000);
      const { record } = created(await store.rotate(from, to, undefined, RETENTION));
      assert.deepEqual(record, await mustRead(store, to));
      assert.equal(record.authenticatedAt, 0);
      assert.deepEqual([{ ...record.levels }, { ...record.methods }], [{ ...old.levels }, { ...old.methods }]);
      assert.equal(record.lastActiveAt, old.lastActiveAt);
    },
  },
  {
    name: 'an authentication that was spent stays spent under the new id, and one that was not can be spent once',
    async run({ store }) {
      for (const spentBefore of [true, false]) {
        const [from, to] = three();
        const { authenticatedAt } = await begin(store, from);
        if (spentBefore) await store.spend(from, authenticatedAt);
        created(await store.rotate(from, to, undefined, RETENTION));
        const spends = await inParallel(5, (index) => store.spend(index === 0 ? from : to, authenticatedAt));
        assert.equal(spends.filter(Boolean).length, spentBefore ? 0 : 1);
        assert.equal(spends[0], false);
      }
    },
  },
  {
    name: 'it is known which id the session had first, the old one answers reads for a few seconds, and both end together',
    async run({ store, advance }) {
      const [first, second, third] = three();
      await begin(store, first);
      await store.rotate(first, second, undefined, RETENTION);
      const { record } = created(await store.rotate(second, third, undefined, RETENTION));
      assert.equal(record.origin, first.digest);
      assert.ok((await mustRead(store, second)).rotatedAt > 0);
      assert.equal(await store.save(second, new Map([['a', '1']])), 'gone');
      assert.equal((await store.list(first.tag)).length, 1);
      await store.end(third, 'signed_out');
      for (const ref of [first, second, third]) assert.equal((await store.read(ref)).ended, 'signed_out');
      const [from, to] = three();
      await begin(store, from);
      await store.rotate(from, to, undefined, RETENTION);
      await advance(6_000);
      assert.equal((await store.read(from)).record, undefined);
      await mustRead(store, to);
    },
  },
  {
    name: 'of 20 new ids for one session at once, with and without an authentication, it gets one',
    async run({ store }) {
      const [from] = three();
      await begin(store, from);
      const authentication = { level: 'aal2', methods: ['otp'] };
      const results = await inParallel(20, (index) =>
        store.rotate(from, newRef({ tag: from.tag }), index % 2 === 0 ? undefined : authentication, RETENTION),
      );
      assert.equal(results.filter(({ outcome }) => outcome === 'created').length, 1);
      assert.equal((await store.list(from.tag)).length, 1);
    },
  },
];

function three(): readonly [ReturnType<typeof newRef>, ReturnType<typeof newRef>, ReturnType<typeof newRef>] {
  const first = newRef();
  return [first, newRef({ tag: first.tag }), newRef({ tag: first.tag })];
}
