import assert from 'node:assert/strict';
import type { EndReason } from '../policy/reason.ts';
import { type ContractCase, assertSameRefs, begin, inParallel, mustRead, newRef, RETENTION } from './contract-case.ts';

const REASONS: readonly EndReason[] = [
  'signed_out',
  'session_revoked',
  'session_rotated',
  'session_limit',
  'idle_timeout',
  'absolute_timeout',
  'context_changed',
  'session_invalid',
];

/** What holds when sessions end. */
export const ENDING: readonly ContractCase[] = [
  {
    name: 'an ended session says why and when, and the first reason stays',
    async run({ store, advance }) {
      for (const reason of REASONS) {
        const ref = newRef();
        const { createdAt } = await begin(store, ref);
        await advance(1_000);
        assert.deepEqual(await store.end(ref, reason), { ended: 1, durable: true });
        assert.deepEqual(await store.end(ref, 'signed_out'), { ended: 0, durable: true });
        const { record, ended, endedAt, now } = await store.read(ref);
        assert.deepEqual([record, ended], [undefined, reason]);
        assert.ok(endedAt > createdAt && endedAt <= now);
      }
    },
  },
  {
    name: 'ending what is not there is no error and leaves nothing',
    async run({ store }) {
      const ref = newRef();
      assert.deepEqual(await store.end(ref, 'signed_out'), { ended: 0, durable: true });
      assert.equal((await store.read(ref)).ended, undefined);
    },
  },
  {
    name: 'with 20 slow saves and activities under way, an ended session stays ended',
    async run({ store, advance }) {
      const ref = newRef();
      await begin(store, ref);
      await advance(10_000);
      const at = await store.now();
      const write = (index: number): Promise<unknown> =>
        index % 2 === 0 ? store.save(ref, new Map([['late', '1']])) : store.recordActivity(ref, at, RETENTION);
      const before = inParallel(10, write);
      const ending = store.end(ref, 'signed_out');
      const after = inParallel(10, write);
      await Promise.all([before, ending, after]);
      assert.deepEqual([...new Set(await inParallel(20, write))], ['gone']);
      assert.equal((await store.read(ref)).ended, 'signed_out');
      assertSameRefs(await store.list(ref.tag), []);
    },
  },
  {
    name: 'a tombstone outlives the idle limit',
    async run({ store, advance }) {
      const ref = newRef();
      await begin(store, ref);
      await store.end(ref, 'signed_out');
      await advance((RETENTION.idleMs as number) + 1);
      assert.equal((await store.read(ref)).ended, 'signed_out');
    },
  },
  {
    name: 'a list shows the live sessions of a tag, newest activity last',
    async run({ store, advance }) {
      const { tag } = newRef();
      const [a, b, c, gone] = [newRef({ tag }), newRef({ tag, app: 'admin' }), newRef({ tag, profile: 'phone' }), newRef({ tag })];
      for (const ref of [a, b, c, gone]) {
        await begin(store, ref);
        await advance(1_000);
      }
      await begin(store, newRef());
      await store.end(gone, 'signed_out');
      await store.recordActivity(a, await store.now(), RETENTION);
      const listed = await store.list(tag);
      assert.deepEqual(
        listed.map(({ ref }) => ref),
        [b, c, a],
      );
      assert.deepEqual(listed[2]?.record, await mustRead(store, a));
    },
  },
  {
    name: 'an app can be listed, and all apps, up to a number',
    async run({ store }) {
      const [a, b, visitor, other] = [newRef(), newRef(), newRef(), newRef({ app: 'admin' })];
      for (const ref of [a, b, other]) await begin(store, ref);
      await begin(store, visitor, { subject: undefined, fresh: false });
      assertSameRefs(await store.listApp('shop'), [a, b, visitor]);
      assertSameRefs(await store.listApp('*'), [a, b, visitor, other]);
      assert.equal((await store.listApp('*', 2)).length, 2);
      assertSameRefs(await store.listApp('sho'), []);
    },
  },
  {
    name: 'all sessions of a tag end together, those of others stay',
    async run({ store }) {
      const { tag } = newRef();
      const refs = [newRef({ tag }), newRef({ tag, app: 'admin' }), newRef({ tag })];
      const stranger = newRef();
      for (const ref of [...refs, stranger]) await begin(store, ref);
      assert.deepEqual(await store.endAll(tag, 'session_revoked'), { ended: 3, durable: true });
      for (const ref of refs) assert.equal((await store.read(ref)).ended, 'session_revoked');
      await mustRead(store, stranger);
      assert.deepEqual(await store.endAll(tag, 'session_revoked'), { ended: 0, durable: true });
    },
  },
  {
    name: 'one session can be left out, and the ending kept to one app',
    async run({ store }) {
      const { tag } = newRef();
      const [kept, other, admin] = [newRef({ tag }), newRef({ tag }), newRef({ tag, app: 'admin' })];
      for (const ref of [kept, other, admin]) await begin(store, ref);
      assert.equal((await store.endAll(tag, 'signed_out', { app: 'shop', except: kept })).ended, 1);
      assertSameRefs(await store.list(tag), [kept, admin]);
      assert.equal((await store.endAll(tag, 'signed_out', { except: kept })).ended, 1);
      assertSameRefs(await store.list(tag), [kept]);
    },
  },
  {
    name: 'an app ends with all its sessions, and the next sign-in works at once',
    async run({ store }) {
      const [old, visitor, other] = [newRef(), newRef(), newRef({ app: 'admin' })];
      for (const ref of [old, other]) await begin(store, ref);
      await begin(store, visitor, { subject: undefined, fresh: false });
      assert.deepEqual(await store.endApp('shop', 'session_revoked'), { ended: undefined, durable: true });
      for (const ref of [old, visitor]) {
        const { record, ended, endedAt } = await store.read(ref);
        assert.deepEqual([record, ended], [undefined, 'session_revoked']);
        assert.ok(endedAt > 0);
      }
      await mustRead(store, other);
      const next = newRef({ tag: old.tag });
      await begin(store, next);
      await mustRead(store, next);
      assertSameRefs(await store.list(old.tag), [next]);
      assertSameRefs(await store.listApp('shop'), [next]);
    },
  },
  {
    name: 'a session that ended with its app takes no writes and does not count',
    async run({ store }) {
      const ref = newRef();
      const { authenticatedAt } = await begin(store, ref);
      await store.endApp('shop', 'session_revoked');
      assert.equal(await store.save(ref, new Map([['a', '1']])), 'gone');
      assert.equal(await store.recordActivity(ref, await store.now(), RETENTION), 'gone');
      assert.equal(await store.spend(ref, authenticatedAt), false);
      assert.equal((await store.rotate(ref, newRef({ tag: ref.tag }), { level: 'aal1', methods: [] }, RETENTION)).outcome, 'conflict');
      const limit = { max: 1, onLimit: 'deny', idleMs: undefined, absoluteMs: undefined } as const;
      const draft = { subject: { id: 'u1', kind: 'user' }, fresh: true, level: undefined, methods: [], data: '{}' } as const;
      assert.equal((await store.create(newRef({ tag: ref.tag }), draft, RETENTION, limit)).outcome, 'created');
    },
  },
  {
    name: 'an app can be ended again and again, each time with what has begun since',
    async run({ store }) {
      for (const app of ['shop', 'shop', '*', 'shop']) {
        const ref = newRef();
        await begin(store, ref);
        await mustRead(store, ref);
        await store.endApp(app, 'session_revoked');
        assert.equal((await store.read(ref)).ended, 'session_revoked');
      }
    },
  },
  {
    name: 'all apps end together',
    async run({ store }) {
      const refs = [newRef(), newRef({ app: 'admin' })];
      for (const ref of refs) await begin(store, ref);
      await store.endApp('*', 'session_revoked');
      for (const ref of refs) assert.equal((await store.read(ref)).ended, 'session_revoked');
      await store.endApp('admin', 'session_revoked');
      await begin(store, newRef({ app: 'admin' }));
      assert.equal((await store.listApp('*')).length, 1);
    },
  },
];
