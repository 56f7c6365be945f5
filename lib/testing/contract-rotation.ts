import assert from 'node:assert/strict';
import { type ContractCase, assertSameRefs, begin, created, dataOf, inParallel, mustRead, newRef, RETENTION } from './contract-case.ts';

const AUTHENTICATION = { level: 'aal2', methods: ['otp'] };

/** What holds when a session gets a new id because its subject authenticated again. */
export const ROTATION: readonly ContractCase[] = [
  {
    name: 'authentication, idle time and gap start anew; start, data and earlier levels stay',
    async run({ store, advance }) {
      const [from, to] = pair();
      const old = await begin(store, from, { data: dataOf({ cart: [1] }) });
      await advance(100_000);
      await store.recordActivity(from, await store.now(), RETENTION);
      await advance(50_000);
      const { record } = created(await store.rotate(from, to, AUTHENTICATION, RETENTION));
      assert.deepEqual(record, await mustRead(store, to));
      assert.equal(record.createdAt, old.createdAt);
      assert.ok(record.authenticatedAt >= old.createdAt + 150_000 && record.lastActiveAt === record.authenticatedAt);
      assert.equal(record.longestGapMs, 0);
      assert.equal(record.data, dataOf({ cart: [1] }));
      assert.deepEqual({ ...record.levels }, { aal1: old.createdAt, aal2: record.authenticatedAt });
      assert.deepEqual({ ...record.methods }, { pwd: old.createdAt, otp: record.authenticatedAt });
      assert.ok(record.version > old.version);
    },
  },
  {
    name: 'what was never actively authenticated does not become so',
    async run({ store }) {
      const [from, to] = pair();
      await begin(store, from, { fresh: false });
      const { record } = created(await store.rotate(from, to, AUTHENTICATION, RETENTION));
      assert.deepEqual(Object.keys({ ...record.levels, ...record.methods }).sort(), ['aal2', 'otp']);
    },
  },
  {
    name: 'an authentication at once after the one that was spent is a new one',
    async run({ store }) {
      const [from, to] = pair();
      const { authenticatedAt } = await begin(store, from);
      await store.spend(from, authenticatedAt);
      const { record } = created(await store.rotate(from, to, AUTHENTICATION, RETENTION));
      assert.ok(record.authenticatedAt > authenticatedAt);
      assert.equal(record.spentAt, authenticatedAt);
      assert.equal(await store.spend(to, record.authenticatedAt), true);
    },
  },
  {
    name: 'the old id answers reads for a few seconds, with its old rights, and takes no writes',
    async run({ store, advance }) {
      const [from, to] = pair();
      const old = await begin(store, from);
      await store.rotate(from, to, AUTHENTICATION, RETENTION);
      const seen = await mustRead(store, from);
      assert.ok(seen.rotatedAt >= old.createdAt);
      assert.equal(seen.authenticatedAt, old.authenticatedAt);
      assert.equal(await store.save(from, new Map([['a', '1']])), 'gone');
      assert.equal(await store.recordActivity(from, await store.now(), RETENTION), 'gone');
      assert.equal(await store.spend(from, old.authenticatedAt), false);
      await advance(6_000);
      assert.equal((await store.read(from)).record, undefined);
    },
  },
  {
    name: 'of 20 rotations of one session at once, one succeeds',
    async run({ store }) {
      const [from] = pair();
      await begin(store, from);
      const results = await inParallel(20, () => store.rotate(from, newRef({ tag: from.tag }), AUTHENTICATION, RETENTION));
      assert.equal(results.filter(({ outcome }) => outcome === 'created').length, 1);
      assert.equal(results.filter(({ outcome }) => outcome === 'conflict').length, 19);
      assert.equal((await store.list(from.tag)).length, 1);
    },
  },
  {
    name: 'a session that is missing, ended or replaced is not rotated, and an id in use is not taken',
    async run({ store }) {
      const [live, ended, other] = [newRef(), newRef(), newRef()];
      const taken = newRef({ tag: live.tag });
      for (const ref of [live, ended, taken]) await begin(store, ref);
      await store.end(ended, 'signed_out');
      const rotate = async (from: typeof live, to = newRef({ tag: from.tag })): Promise<string> =>
        (await store.rotate(from, to, AUTHENTICATION, RETENTION)).outcome;
      assert.deepEqual([await rotate(ended), await rotate(other), await rotate(live, taken)], ['conflict', 'conflict', 'conflict']);
      assert.deepEqual([await rotate(live), await rotate(live)], ['created', 'conflict']);
    },
  },
  {
    name: 'saves during a rotation are in the new session or were refused',
    async run({ store }) {
      const [from, to] = pair();
      await begin(store, from);
      const saves: Promise<string>[] = [];
      for (let index = 0; index < 10; index += 1) saves.push(store.save(from, new Map([[`k${index}`, '1']])));
      const rotation = store.rotate(from, to, AUTHENTICATION, RETENTION);
      for (let index = 10; index < 20; index += 1) saves.push(store.save(from, new Map([[`k${index}`, '1']])));
      created(await rotation);
      const outcomes = await Promise.all(saves);
      const written = outcomes.flatMap((outcome, index) => (outcome === 'written' ? [`k${index}`] : []));
      assert.deepEqual(Object.keys(JSON.parse((await mustRead(store, to)).data) as object).sort(), written.sort());
    },
  },
  {
    name: 'ending the new session ends every id before it',
    async run({ store }) {
      const [first, second] = pair();
      const third = newRef({ tag: first.tag });
      await begin(store, first);
      await store.rotate(first, second, AUTHENTICATION, RETENTION);
      await store.rotate(second, third, AUTHENTICATION, RETENTION);
      assert.deepEqual(await store.end(third, 'signed_out'), { ended: 1, durable: true });
      for (const ref of [first, second, third]) assert.equal((await store.read(ref)).ended, 'signed_out');
    },
  },
  {
    name: 'ending the old id ends nothing: the session goes on under the new one',
    async run({ store }) {
      const [first, second] = pair();
      await begin(store, first);
      await store.rotate(first, second, AUTHENTICATION, RETENTION);
      assert.deepEqual(await store.end(first, 'signed_out'), { ended: 0, durable: true });
      assert.ok((await mustRead(store, first)).rotatedAt > 0);
      assert.equal((await mustRead(store, second)).rotatedAt, 0);
    },
  },
  {
    name: 'the list shows the new id in the place of the old one',
    async run({ store }) {
      const [from, to] = pair();
      await begin(store, from);
      await store.rotate(from, to, AUTHENTICATION, RETENTION);
      assertSameRefs(await store.list(from.tag), [to]);
      assert.equal((await store.endAll(from.tag, 'session_revoked')).ended, 1);
      for (const ref of [from, to]) assert.equal((await store.read(ref)).ended, 'session_revoked');
    },
  },
  {
    name: "another subject's, app's or profile's id is refused",
    async run({ store }) {
      const from = newRef();
      await begin(store, from);
      for (const place of [{}, { tag: from.tag, app: 'admin' }, { tag: from.tag, profile: 'phone' }]) {
        await assert.rejects(async () => store.rotate(from, newRef(place), AUTHENTICATION, RETENTION), TypeError);
      }
    },
  },
];

function pair(): readonly [ReturnType<typeof newRef>, ReturnType<typeof newRef>] {
  const from = newRef();
  return [from, newRef({ tag: from.tag })];
}
