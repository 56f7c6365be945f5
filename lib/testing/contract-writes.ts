import assert from 'node:assert/strict';
import { type ContractCase, assertSpan, begin, dataOf, inParallel, mustRead, newRef, readData, RETENTION } from './contract-case.ts';

/** What holds when a live session is written to. */
export const WRITES: readonly ContractCase[] = [
  {
    name: 'a save replaces, adds and removes the entries it names, and no others',
    async run({ store }) {
      const ref = newRef();
      await begin(store, ref, { data: dataOf({ a: 1, b: [], c: { d: [{}] }, e: null }) });
      const changes = new Map<string, string | undefined>([
        ['a', '2'],
        ['b', undefined],
        ['f', '"new"'],
        ['missing', undefined],
      ]);
      assert.equal(await store.save(ref, changes), 'written');
      assert.deepEqual(await readData(store, ref), { a: 2, c: { d: [{}] }, e: null, f: 'new' });
    },
  },
  {
    name: 'everything can be removed and put back',
    async run({ store }) {
      const ref = newRef();
      await begin(store, ref, { data: dataOf({ a: 1 }) });
      await store.save(ref, new Map([['a', undefined]]));
      assert.equal((await mustRead(store, ref)).data, '{}');
      await store.save(ref, new Map([['b', '[]']]));
      assert.equal((await mustRead(store, ref)).data, '{"b":[]}');
    },
  },
  {
    name: '20 saves of different entries at once all survive',
    async run({ store }) {
      const ref = newRef();
      await begin(store, ref);
      await inParallel(20, (index) => store.save(ref, new Map([[`key ${index}`, String(index)]])));
      assert.deepEqual(await readData(store, ref), Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`key ${index}`, index])));
    },
  },
  {
    name: 'values come back to the letter: numbers too large for a double, empty lists, escapes',
    async run({ store }) {
      const ref = newRef();
      const odd = {
        big: '12345678901234567890',
        list: '[]',
        float: '1.0',
        text: '"\\u2028\\ud800 é \\n\\\\"',
        deep: '{"__proto__":{"x":1}}',
      };
      await begin(store, ref, {
        data: `{${Object.entries(odd)
          .map(([key, text]) => `"${key}":${text}`)
          .join(',\n')}}`,
      });
      await store.save(ref, new Map([['more', '[[],{},0.10]']]));
      const { data } = await mustRead(store, ref);
      for (const [key, text] of Object.entries(odd)) assert.ok(data.includes(`"${key}":${text}`), key);
      assert.ok(data.endsWith('"more":[[],{},0.10]}'));
    },
  },
  {
    name: 'an entry may have any key',
    async run({ store }) {
      const ref = newRef();
      await begin(store, ref);
      const keys = ['__proto__', 'constructor', '', 'a"b', 'a\\', '\\"', 'é\u2028\u2029', '\n', ',\n"x"', '%d%s', ':', '\ud800'];
      await store.save(ref, new Map(keys.map((key, index) => [key, String(index)])));
      await store.save(ref, new Map(keys.map((key, index) => [key, String(index + 100)])));
      const { data } = await mustRead(store, ref);
      const found = JSON.parse(data, (_key, value: unknown) => value) as object;
      assert.deepEqual(
        Object.entries(found).map(([key, value]) => [key, value]),
        keys.map((key, index) => [key, index + 100]),
      );
      await store.save(ref, new Map(keys.map((key) => [key, undefined])));
      assert.equal((await mustRead(store, ref)).data, '{}');
    },
  },
  {
    name: 'a large session is kept, one past the limit is refused and changes nothing',
    async run({ store }) {
      const ref = newRef();
      const large = JSON.stringify('x'.repeat(60_000));
      await begin(store, ref);
      assert.equal(await store.save(ref, new Map([['a', large]])), 'written');
      await assert.rejects(store.save(ref, new Map([['b', large]])), { code: 'ERR_SESSION_TOO_LARGE' });
      assert.deepEqual(Object.keys((await readData(store, ref)) as object), ['a']);
      await assert.rejects(begin(store, newRef(), { data: dataOf({ a: 'x'.repeat(80_000) }) }), { code: 'ERR_SESSION_TOO_LARGE' });
    },
  },
  {
    name: 'a save, an activity or a spending never creates',
    async run({ store }) {
      const ref = newRef();
      assert.equal(await store.save(ref, new Map([['a', '1']])), 'gone');
      assert.equal(await store.recordActivity(ref, await store.now(), RETENTION), 'gone');
      assert.equal(await store.spend(ref, await store.now()), false);
      assert.equal((await store.read(ref)).record, undefined);
    },
  },
  {
    name: 'activity moves the idle limit and remembers the longest gap',
    async run({ store, advance }) {
      const ref = newRef();
      const { lastActiveAt } = await begin(store, ref);
      await advance(100_000);
      await store.recordActivity(ref, await store.now(), RETENTION);
      await advance(20_000);
      await store.recordActivity(ref, await store.now(), RETENTION);
      const record = await mustRead(store, ref);
      assertSpan(record.longestGapMs, 100_000);
      assertSpan(record.lastActiveAt - lastActiveAt, 120_000);
      assert.equal(record.createdAt, lastActiveAt);
    },
  },
  {
    name: 'activity never moves backwards, nor ahead of the clock',
    async run({ store, advance }) {
      const ref = newRef();
      const { createdAt } = await begin(store, ref);
      await advance(50_000);
      await store.recordActivity(ref, await store.now(), RETENTION);
      const { lastActiveAt } = await mustRead(store, ref);
      await store.recordActivity(ref, createdAt + 1, RETENTION);
      assert.equal((await mustRead(store, ref)).lastActiveAt, lastActiveAt);
      await store.recordActivity(ref, lastActiveAt + 1_000_000_000, RETENTION);
      assertSpan((await mustRead(store, ref)).lastActiveAt - createdAt, 50_000);
    },
  },
  {
    name: 'activity and saves keep each other',
    async run({ store, advance }) {
      const ref = newRef();
      await begin(store, ref);
      await advance(30_000);
      const at = await store.now();
      await inParallel(20, (index) =>
        index % 2 === 0 ? store.recordActivity(ref, at, RETENTION) : store.save(ref, new Map([[`k${index}`, '1']])),
      );
      const record = await mustRead(store, ref);
      assertSpan(record.longestGapMs, 30_000);
      assert.equal(Object.keys(JSON.parse(record.data) as object).length, 10);
    },
  },
  {
    name: 'the version grows with every write',
    async run({ store, advance }) {
      const ref = newRef();
      const { version, authenticatedAt } = await begin(store, ref);
      await store.save(ref, new Map([['a', '1']]));
      await advance(1_000);
      await store.recordActivity(ref, await store.now(), RETENTION);
      await store.spend(ref, authenticatedAt);
      assert.equal((await mustRead(store, ref)).version, version + 3);
    },
  },
  {
    name: 'of 20 spendings of one authentication at once, one is told yes',
    async run({ store }) {
      const ref = newRef();
      const { authenticatedAt } = await begin(store, ref);
      const results = await inParallel(20, () => store.spend(ref, authenticatedAt));
      assert.equal(results.filter(Boolean).length, 1);
      assert.equal((await mustRead(store, ref)).spentAt, authenticatedAt);
    },
  },
  {
    name: 'only the authentication that the session has can be spent',
    async run({ store }) {
      const [ref, remembered] = [newRef(), newRef()];
      const { authenticatedAt } = await begin(store, ref);
      await begin(store, remembered, { fresh: false });
      for (const other of [authenticatedAt - 1, authenticatedAt + 1, 0, -1]) assert.equal(await store.spend(ref, other), false);
      assert.equal(await store.spend(remembered, 0), false);
      assert.equal(await store.spend(ref, authenticatedAt), true);
    },
  },
];
