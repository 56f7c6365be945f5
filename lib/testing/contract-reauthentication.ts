import assert from 'node:assert/strict';
import type { Reauthentication, SessionDraft, SessionRecord, SessionRef } from '../sessions/session-record.ts';
import type { SessionStore } from '../sessions/session-store.ts';
import { type ContractCase, assertSpan, begin, created, mustRead, newRef, RETENTION } from './contract-case.ts';

const AUTHENTICATION = { level: 'aal2', methods: ['otp'] };

/** What holds for when an authentication was, what it was for, and what a session was begun with. */
export const REAUTHENTICATION: readonly ContractCase[] = [
  {
    name: 'an authentication that was seen elsewhere counts from when it was; idle time starts anew now',
    async run({ store, advance }) {
      const { ref, record: old } = await beginSession(store);
      await advance(100_000);
      const at = old.createdAt + 60_000;
      const { record } = await reauthenticate(store, ref, { at });
      assert.deepEqual([record.authenticatedAt, record.levels['aal2'], record.methods['otp']], [at, at, at]);
      assert.equal(record.levels['aal1'], old.createdAt);
      assertSpan(record.lastActiveAt - old.createdAt, 100_000);
      assert.deepEqual([record.longestGapMs, record.createdAt], [0, old.createdAt]);
    },
  },
  {
    name: 'no authentication is later than now, whatever the other clock says',
    async run({ store, advance }) {
      const { ref, record: old } = await beginSession(store);
      await advance(100_000);
      const { record } = await reauthenticate(store, ref, { at: old.createdAt + 1_000_000_000 });
      assertSpan(record.authenticatedAt - old.createdAt, 100_000);
      assert.equal(record.lastActiveAt, record.authenticatedAt);
    },
  },
  {
    name: 'none is at or before the one known, nor before the session began',
    async run({ store, advance }) {
      for (const before of [0, 1, 60_000]) {
        const { ref, record: old } = await beginSession(store);
        await advance(100_000);
        const { record } = await reauthenticate(store, ref, { at: old.authenticatedAt - before });
        assert.equal(record.authenticatedAt, old.authenticatedAt + 1);
        assertSpan(record.lastActiveAt - old.createdAt, 100_000);
      }
      const { ref, record: old } = await beginSession(store, { fresh: false });
      await advance(100_000);
      assert.equal((await reauthenticate(store, ref, { at: old.createdAt - 60_000 })).record.authenticatedAt, old.createdAt);
    },
  },
  {
    name: 'what an authentication was for is kept until the next one, which replaces it',
    async run({ store, advance }) {
      const first = await beginSession(store);
      assert.equal(first.record.authenticatedFor, undefined);
      const [action, other] = ['a'.repeat(64), 'b_-'];
      const second = await reauthenticate(store, first.ref, { authenticatedFor: action });
      assert.equal(second.record.authenticatedFor, action);
      await advance(10_000);
      await store.recordActivity(second.ref, await store.now(), RETENTION);
      await store.save(second.ref, new Map([['a', '1']]));
      assert.equal((await mustRead(store, second.ref)).authenticatedFor, action);
      const third = await reauthenticate(store, second.ref, { authenticatedFor: other });
      assert.equal(third.record.authenticatedFor, other);
      assert.equal((await reauthenticate(store, third.ref, {})).record.authenticatedFor, undefined);
    },
  },
  {
    name: 'whatever id a session has, it is known which one it had first',
    async run({ store }) {
      const first = await beginSession(store);
      assert.equal(first.record.origin, undefined);
      const second = await reauthenticate(store, first.ref, {});
      const third = await reauthenticate(store, second.ref, {});
      for (const { ref, record } of [second, third]) {
        assert.equal(record.origin, first.ref.digest);
        assert.equal((await store.read(ref)).record?.origin ?? first.ref.digest, first.ref.digest);
      }
      assert.equal((await mustRead(store, third.ref)).origin, first.ref.digest);
    },
  },
  {
    name: 'what a session was begun with stays with it',
    async run({ store }) {
      const client = 'Firefox on "Linux" é 😀'.padEnd(40, '.');
      const first = await beginSession(store, { client });
      assert.equal(first.record.client, client);
      const second = await reauthenticate(store, first.ref, {});
      assert.equal(second.record.client, client);
      assert.deepEqual(
        (await store.list(first.ref.tag)).map(({ record }) => record.client),
        [client],
      );
      assert.equal((await beginSession(store)).record.client, undefined);
    },
  },
  {
    name: 'times, actions and clients that are none are refused',
    async run({ store }) {
      const { ref } = await beginSession(store);
      const wrong: readonly Partial<Reauthentication>[] = [
        ...[Number.NaN, Number.POSITIVE_INFINITY, -1, 0.5].map((at) => ({ at })),
        ...['', 'a b', 'a.b', 'a\n', 'é', 'a'.repeat(65)].map((authenticatedFor) => ({ authenticatedFor })),
      ];
      for (const part of wrong) await assert.rejects(async () => reauthenticate(store, ref, part), TypeError, JSON.stringify(part));
      for (const client of ['', 'a\nb', '\u0000', 'a\u007f', '\u0085', 'a\u2028', 'x'.repeat(65)]) {
        await assert.rejects(async () => beginSession(store, { client }), TypeError, JSON.stringify(client));
      }
      await mustRead(store, ref);
    },
  },
];

interface Begun {
  readonly ref: SessionRef;
  /** As it reads. */
  readonly record: SessionRecord;
}

async function beginSession(store: SessionStore, changes: Partial<SessionDraft> = {}): Promise<Begun> {
  const ref = newRef();
  const record = await begin(store, ref, changes);
  assert.deepEqual(record, await mustRead(store, ref));
  return { ref, record };
}

/** Rotates, and makes sure that what is answered is what is stored. */
async function reauthenticate(store: SessionStore, from: SessionRef, changes: Partial<Reauthentication>): Promise<Begun> {
  const ref = newRef({ tag: from.tag });
  const { record } = created(await store.rotate(from, ref, { ...AUTHENTICATION, ...changes }, RETENTION));
  assert.deepEqual(record, await mustRead(store, ref));
  return { ref, record };
}
