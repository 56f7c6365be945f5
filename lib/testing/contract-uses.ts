import { randomBytes } from 'node:crypto';
import assert from 'node:assert/strict';
import { type ContractCase, assertSameRefs, begin, inParallel, mustRead, newRef } from './contract-case.ts';

const TTL_MS = 60_000;

/** What holds for ids that may be used once. */
export const USES: readonly ContractCase[] = [
  {
    name: 'of 20 uses of an id at once, one is the first, and later ones never are',
    async run({ store }) {
      const [scope, id] = [newId(), newId()];
      const results = await inParallel(20, () => store.useOnce(scope, id, TTL_MS));
      assert.equal(results.filter(Boolean).length, 1);
      assert.equal(await store.useOnce(scope, id, TTL_MS), false);
    },
  },
  {
    name: 'a use is remembered for its time and no longer, and later tries do not prolong it',
    async run({ store, advance }) {
      const [scope, id] = [newId(), newId()];
      assert.equal(await store.useOnce(scope, id, TTL_MS), true);
      await advance(TTL_MS - 10_000);
      assert.equal(await store.useOnce(scope, id, 10 * TTL_MS), false);
      await advance(10_000);
      assert.equal(await store.useOnce(scope, id, TTL_MS), true);
      assert.equal(await store.useOnce(scope, id, TTL_MS), false);
    },
  },
  {
    name: 'the same id in another scope, and another id in the same, is another one',
    async run({ store }) {
      const id = 'a-_Z9'.padEnd(64, 'x');
      for (const scope of ['a', 'A', 'a.', 'a-a', newRef().tag, 'x'.repeat(80)]) {
        for (const one of [id, id.slice(1), id.toLowerCase(), 'a']) {
          assert.equal(await store.useOnce(scope, one, TTL_MS), true, `${scope} ${one}`);
          assert.equal(await store.useOnce(scope, one, TTL_MS), false, `${scope} ${one}`);
        }
      }
    },
  },
  {
    name: 'what was used beside a session is no part of it: it neither shows, nor ends with it, nor takes its place',
    async run({ store }) {
      const ref = newRef();
      const note = { book: ref.tag, id: ref.digest };
      assert.equal(await store.useOnce(ref.tag, ref.digest, TTL_MS), true);
      assert.deepEqual([await store.list(ref.tag), await store.listApp('*'), (await store.readNote(note)).text], [[], [], undefined]);
      await begin(store, ref);
      assert.equal(await store.writeNote(note, { text: 'note', ttlMs: TTL_MS, atMost: 1 }), true);
      assert.equal(await store.useOnce(ref.tag, 'epochs', TTL_MS), true);
      assertSameRefs(await store.list(ref.tag), [ref]);
      assertSameRefs(await store.listApp('*'), [ref]);
      await mustRead(store, ref);
      await store.endAll(ref.tag, 'session_revoked');
      await store.endApp('*', 'session_revoked');
      await store.takeNote(note);
      assert.equal(await store.useOnce(ref.tag, ref.digest, TTL_MS), false);
    },
  },
  {
    name: 'scopes and ids that could name another place, and times without an end, are refused, and nothing is used',
    async run({ store }) {
      const [scope, id] = [newId(), newId()];
      for (const wrong of ['', 'a:b', 'a}', 'a{b', 'a b', '*', 'a\n', 'é', 'x'.repeat(81)]) {
        await assert.rejects(async () => store.useOnce(wrong, id, TTL_MS), TypeError, JSON.stringify(wrong));
      }
      for (const wrong of ['', 'a:b', 'a.b', 'a b', 'a\n', 'x'.repeat(65)]) {
        await assert.rejects(async () => store.useOnce(scope, wrong, TTL_MS), TypeError, JSON.stringify(wrong));
      }
      for (const wrong of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 401 * 86_400_000]) {
        await assert.rejects(async () => store.useOnce(scope, id, wrong), TypeError, String(wrong));
      }
      assert.equal(await store.useOnce(scope, id, 1), true);
    },
  },
];

function newId(): string {
  return randomBytes(16).toString('base64url');
}
