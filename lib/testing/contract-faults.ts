import assert from 'node:assert/strict';
import {
  type ContractCase,
  type CorruptibleStore,
  assertSameRefs,
  begin,
  dataOf,
  draft,
  inParallel,
  mustRead,
  newRef,
  readData,
  RETENTION,
} from './contract-case.ts';

const GARBAGE = [
  '',
  'x',
  'L',
  'L1',
  'null',
  '{}',
  '{"cookie":{}}',
  `L1${'0'.repeat(49)}`,
  `L1${'0'.repeat(49)}{}\n{}`,
  `L1${'z'.repeat(49)}{}\n{}`,
  'X1',
  'X1?000000000',
  'R1',
  '\u0000\uffff',
  'L2'.padEnd(200, '0'),
];

/** What holds when input or storage is not as it should be. */
export const FAULTS: readonly ContractCase[] = [
  {
    name: 'data is kept apart from the objects of the process: __proto__ is an entry like any other',
    async run({ store }) {
      const ref = newRef();
      await begin(store, ref, { data: '{"__proto__":{"polluted":true},\n"a":1}' });
      await store.save(ref, new Map([['constructor', '{"prototype":{"polluted":true}}']]));
      assert.deepEqual(Object.keys((await readData(store, ref)) as object), ['__proto__', 'a', 'constructor']);
      assert.equal(({} as { polluted?: boolean }).polluted, undefined);
    },
  },
  {
    name: 'levels and methods may be called like parts of every object',
    async run({ store }) {
      const ref = newRef();
      await begin(store, ref, { level: 'constructor', methods: ['toString'] });
      const { levels, methods, createdAt } = await mustRead(store, ref);
      assert.deepEqual([levels['constructor'], methods['toString']], [createdAt, createdAt]);
      assert.deepEqual([levels['toString'], methods['valueOf']], [undefined, undefined]);
    },
  },
  {
    name: 'what has been read does not change with the store',
    async run({ store }) {
      const ref = newRef();
      await begin(store, ref, { data: dataOf({ a: 1 }) });
      const before = await mustRead(store, ref);
      const copy = JSON.stringify(before);
      await store.save(ref, new Map([['a', '2']]));
      await store.end(ref, 'signed_out');
      assert.equal(JSON.stringify(before), copy);
    },
  },
  {
    name: 'data and changes that could be taken for something else are refused',
    async run({ store }) {
      const ref = newRef();
      for (const data of ['', '[]', '{"a":1,\n"b":2', 'null', '{"a":1}\n', '{\n"a":1}', '{"a":1,\nb}']) {
        await assert.rejects(async () => store.create(ref, draft({ data }), RETENTION), TypeError, data);
      }
      await begin(store, ref);
      for (const text of ['', '1,\n"admin":true']) await assert.rejects(async () => store.save(ref, new Map([['a', text]])), TypeError);
    },
  },
  {
    name: 'references that could name another place are refused',
    async run({ store }) {
      const ref = newRef();
      const wrong = [
        { app: 'a:b' },
        { app: '*' },
        { app: '' },
        { profile: 'a}b' },
        { tag: 'short' },
        { tag: '{'.repeat(16) },
        { digest: `${ref.digest}\n` },
        { digest: 'a' },
      ];
      for (const part of wrong)
        await assert.rejects(async () => store.create({ ...ref, ...part }, draft(), RETENTION), TypeError, JSON.stringify(part));
    },
  },
  {
    name: 'many sessions of one subject are listed and ended together',
    async run({ store }) {
      const { tag } = newRef();
      await inParallel(120, () => begin(store, newRef({ tag })));
      assert.equal((await store.list(tag)).length, 120);
      assert.equal((await store.endAll(tag, 'session_revoked')).ended, 120);
      assert.equal((await store.list(tag)).length, 0);
    },
  },
];

/** What holds when the storage gives back something else than was put there. */
export const CORRUPTION: readonly ContractCase<CorruptibleStore>[] = [
  {
    name: 'a text that is not a session reads as an invalid one, takes no writes, and can be ended',
    async run({ store, corrupt }) {
      for (const value of GARBAGE) {
        const ref = newRef();
        await begin(store, ref);
        await corrupt(ref, value);
        const { record, ended } = await store.read(ref);
        assert.equal(record, undefined);
        assert.ok(
          ended === 'session_invalid' || (value === '' && ended === undefined),
          `${JSON.stringify(value)} reads as ${ended ?? 'missing'}`,
        );
        assert.equal(await store.spend(ref, 1), false);
        assert.equal(await store.changeDevice(ref, undefined, undefined), 'gone');
        assert.equal((await store.rotate(ref, newRef({ tag: ref.tag }), { level: 'aal1', methods: [] }, RETENTION)).outcome, 'conflict');
        await store.list(ref.tag);
        await store.listApp('shop');
        await store.end(ref, 'session_invalid');
        assertSameRefs(await store.list(ref.tag), []);
      }
    },
  },
];
