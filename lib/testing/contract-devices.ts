import assert from 'node:assert/strict';
import type { SessionDevice } from '../policy/device.ts';
import type { SessionRef } from '../sessions/session-record.ts';
import type { SessionStore } from '../sessions/session-store.ts';
import {
  type ContractCase,
  assertSpan,
  begin,
  created,
  dataOf,
  draft,
  inParallel,
  mustRead,
  newRef,
  readData,
  RETENTION,
} from './contract-case.ts';

const AT = 1_700_000_000_000;
const FULL: SessionDevice = {
  known: { id: 'k'.repeat(22), at: AT },
  binding: { by: 'dpop', key: 'A-_z'.repeat(11).slice(0, 43), provenAt: AT + 1 },
  attested: { at: AT + 2, until: AT + 2 },
  managed: { at: 0, until: Number.MAX_SAFE_INTEGER },
  workstation: { id: 'W-_9'.repeat(6).slice(0, 22) },
};
const BOUND: SessionDevice = { binding: { by: 'dbsc', key: 'b'.repeat(43), provenAt: AT } };
const OTHER: SessionDevice = { binding: { by: 'dbsc', key: 'o'.repeat(43), provenAt: AT } };

/** What holds for what a session knows of its device. */
export const DEVICES: readonly ContractCase[] = [
  {
    name: 'what the device has shown with a sign-in is in the new session, and in the lists',
    async run({ store }) {
      for (const device of [FULL, ...variants()]) {
        const ref = newRef();
        assert.deepEqual((await begin(store, ref, { device })).device, device);
        assert.deepEqual((await mustRead(store, ref)).device, device);
        assert.deepEqual(
          (await store.list(ref.tag)).map(({ record }) => record.device),
          [device],
        );
      }
    },
  },
  {
    name: 'a device of which nothing is known is none',
    async run({ store }) {
      for (const device of [
        undefined,
        {},
        { known: undefined, binding: undefined, attested: undefined, managed: undefined, workstation: undefined },
      ]) {
        const ref = newRef();
        assert.equal((await begin(store, ref, { device })).device, undefined);
        assert.equal(await store.changeDevice(ref, device, FULL), 'written');
        assert.equal(await store.changeDevice(ref, FULL, device), 'written');
        assert.equal((await mustRead(store, ref)).device, undefined);
      }
    },
  },
  {
    name: 'a change of the device is a write, but no activity, and touches nothing else',
    async run({ store, advance }) {
      const ref = newRef();
      await begin(store, ref, { data: dataOf({ cart: [1] }), client: 'Firefox on Linux' });
      await advance(60_000);
      await store.recordActivity(ref, await store.now(), RETENTION);
      const before = await mustRead(store, ref);
      await store.spend(ref, before.authenticatedAt);
      await advance(60_000);
      assert.equal(await store.changeDevice(ref, undefined, FULL), 'written');
      const { version, ...after } = await mustRead(store, ref);
      assert.ok(version > before.version + 1);
      assert.deepEqual({ ...after, version: before.version }, { ...before, device: FULL, spentAt: before.authenticatedAt });
    },
  },
  {
    name: 'a device is replaced only by who knows it: all of it, in whatever order it is told',
    async run({ store }) {
      const ref = newRef();
      await begin(store, ref, { device: FULL });
      for (const from of [undefined, {}, BOUND, ...variants().filter((device) => device !== FULL)]) {
        assert.equal(await store.changeDevice(ref, from, OTHER), 'changed');
      }
      assert.deepEqual((await mustRead(store, ref)).device, FULL);
      const { known, binding, attested, managed, workstation } = FULL;
      const sameInAnotherOrder = {
        workstation,
        managed,
        attested,
        binding: { provenAt: AT + 1, by: 'dpop', key: binding?.key ?? '' } as const,
        known,
      };
      assert.equal(await store.changeDevice(ref, sameInAnotherOrder, BOUND), 'written');
      assert.deepEqual((await mustRead(store, ref)).device, BOUND);
    },
  },
  {
    name: 'of 20 keys that are bound to one session at once, one is, and it is the one that is kept',
    async run({ store }) {
      const ref = newRef();
      await begin(store, ref);
      const keys = Array.from({ length: 20 }, (_, index) => String.fromCharCode(97 + index).repeat(43));
      const results = await inParallel(20, (index) => store.changeDevice(ref, undefined, bound(keys[index] as string)));
      assert.deepEqual([...results].sort(), [...Array(19).fill('changed'), 'written']);
      assert.equal((await mustRead(store, ref)).device?.binding?.key, keys[results.indexOf('written')]);
    },
  },
  {
    name: 'saves and activity during a change of the device all survive, and so does the device',
    async run({ store, advance }) {
      const ref = newRef();
      const { createdAt } = await begin(store, ref);
      await advance(60_000);
      const at = await store.now();
      const changes = [
        ...Array.from({ length: 10 }, (_, index) => store.save(ref, new Map([[`k${index}`, '1']]))),
        store.changeDevice(ref, undefined, BOUND),
        store.recordActivity(ref, at, RETENTION),
        ...Array.from({ length: 10 }, (_, index) => store.save(ref, new Map([[`l${index}`, '1']]))),
      ];
      for (const result of await Promise.all(changes)) assert.equal(result, 'written');
      const { device, lastActiveAt } = await mustRead(store, ref);
      assert.deepEqual(device, BOUND);
      assertSpan(lastActiveAt - createdAt, 60_000);
      assert.equal(Object.keys((await readData(store, ref)) as object).length, 20);
    },
  },
  {
    name: 'a device that changes during a rotation is in the new session, or was refused',
    async run({ store }) {
      for (const authentication of [{ level: 'aal2', methods: ['otp'] }, undefined]) {
        const [from, to] = pair();
        await begin(store, from);
        const change = store.changeDevice(from, undefined, BOUND);
        const rotation = store.rotate(from, to, authentication, RETENTION);
        const [changed, rotated] = await Promise.all([change, rotation]);
        const expected = changed === 'written' ? BOUND : undefined;
        assert.deepEqual(created(rotated).record.device, expected);
        assert.deepEqual((await mustRead(store, to)).device, expected);
      }
    },
  },
  {
    name: 'the device goes with the session to its next id, and is changed there, and every id still ends with it',
    async run({ store }) {
      const [first, second] = pair();
      const third = newRef({ tag: first.tag });
      await begin(store, first, { device: FULL });
      const { record } = created(await store.rotate(first, second, { level: 'aal2', methods: ['otp'] }, RETENTION));
      assert.deepEqual(record.device, FULL);
      assert.equal(await store.changeDevice(second, FULL, BOUND), 'written');
      assert.deepEqual(created(await store.rotate(second, third, undefined, RETENTION)).record.device, BOUND);
      assert.equal(await store.changeDevice(third, BOUND, undefined), 'written');
      assert.deepEqual([(await mustRead(store, first)).device, (await mustRead(store, second)).device], [FULL, BOUND]);
      await store.end(third, 'signed_out');
      for (const ref of [first, second, third]) assert.equal((await store.read(ref)).ended, 'signed_out');
    },
  },
  {
    name: 'a session that is missing, ended, ended with its app, or replaced has no device to change',
    async run({ store }) {
      const [missing, ended, replaced, ofApp] = [newRef(), newRef(), newRef(), newRef({ app: 'admin' })];
      for (const ref of [ended, replaced, ofApp]) await begin(store, ref, { device: BOUND });
      await store.end(ended, 'signed_out');
      await store.rotate(replaced, newRef({ tag: replaced.tag }), undefined, RETENTION);
      await store.endApp('admin', 'session_revoked');
      for (const ref of [missing, ended, replaced, ofApp]) {
        for (const from of [BOUND, undefined]) assert.equal(await store.changeDevice(ref, from, OTHER), 'gone');
      }
      assert.deepEqual((await mustRead(store, replaced)).device, BOUND);
      assert.equal((await store.read(missing)).record, undefined);
      assert.equal((await store.read(ended)).ended, 'signed_out');
    },
  },
  {
    name: 'what was given can be changed afterwards without changing what is kept',
    async run({ store }) {
      const ref = newRef();
      const device = { known: { id: 'k'.repeat(22), at: AT }, binding: { by: 'mtls' as const, key: 'a'.repeat(43), provenAt: AT } };
      await begin(store, ref, { device });
      device.binding.key = 'z'.repeat(43);
      assert.equal((await mustRead(store, ref)).device?.binding?.key, 'a'.repeat(43));
    },
  },
  {
    name: 'devices that are none are refused, and nothing is written',
    async run({ store }) {
      const ref = newRef();
      await begin(store, ref);
      for (const device of wrong()) {
        const what = JSON.stringify(device);
        const other = newRef({ tag: ref.tag });
        await assert.rejects(async () => store.create(other, draft({ device }), RETENTION), TypeError, what);
        assert.equal((await store.read(other)).ended, undefined);
        await assert.rejects(async () => store.changeDevice(ref, undefined, device), TypeError, what);
        await assert.rejects(async () => store.changeDevice(ref, device, undefined), TypeError, what);
      }
      assert.equal((await mustRead(store, ref)).device, undefined);
      assert.equal((await store.list(ref.tag)).length, 1);
    },
  },
  {
    name: 'the device of a place that could be another is refused',
    async run({ store }) {
      const ref = newRef();
      const wrongPlaces: readonly Partial<SessionRef>[] = [
        { app: 'a:b' },
        { profile: 'a}b' },
        { tag: 'short' },
        { digest: `${ref.digest}\n` },
      ];
      for (const part of wrongPlaces) await refuse(store, { ...ref, ...part });
    },
  },
];

/** The same device with one thing different or missing, and one for each way to prove a key. */
function variants(): readonly SessionDevice[] {
  const { known, binding, attested, managed, workstation } = FULL;
  if (known === undefined || binding === undefined || attested === undefined || managed === undefined) return [];
  return [
    { known },
    { binding },
    { attested },
    { managed },
    { known, managed },
    { workstation },
    { known, workstation },
    { known, binding, attested, managed },
    { ...FULL, workstation: { id: 'w'.repeat(22) } },
    { binding, attested, managed },
    { ...FULL, known: { ...known, at: AT + 1 } },
    { ...FULL, managed: { ...managed, until: AT } },
    ...(['dbsc', 'mtls', 'passkey'] as const).map((by) => ({ ...FULL, binding: { ...binding, by } })),
  ];
}

function wrong(): readonly SessionDevice[] {
  const [id, key] = ['k'.repeat(22), 'b'.repeat(43)];
  const odd: readonly unknown[] = [
    ...['', 'short', 'k'.repeat(23), `${'k'.repeat(21)}.`, `${id}\n`, 7].map((wrongId) => ({ known: { id: wrongId, at: AT } })),
    ...['', 'short', 'k'.repeat(23), `${id}\n`, 7, undefined].map((wrongId) => ({ workstation: { id: wrongId } })),
    ...['', 'b'.repeat(42), 'b'.repeat(44), `${'b'.repeat(42)}=`, `${key}\n`].map((wrongKey) => ({
      binding: { by: 'dpop', key: wrongKey, provenAt: AT },
    })),
    ...['', 'none', 'p', 'constructor', undefined].map((by) => ({ binding: { by, key, provenAt: AT } })),
    ...[-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '1', null, undefined].flatMap((at) => [
      { known: { id, at } },
      { binding: { by: 'dpop', key, provenAt: at } },
      { attested: { at, until: AT } },
      { managed: { at: 0, until: at } },
    ]),
    { attested: { at: AT, until: AT - 1 } },
    { managed: {} },
  ];
  return odd as readonly SessionDevice[];
}

function bound(key: string): SessionDevice {
  return { binding: { by: 'dbsc', key, provenAt: AT } };
}

function pair(): readonly [SessionRef, SessionRef] {
  const from = newRef();
  return [from, newRef({ tag: from.tag })];
}

async function refuse(store: SessionStore, ref: SessionRef): Promise<void> {
  await assert.rejects(async () => store.changeDevice(ref, undefined, BOUND), TypeError, JSON.stringify(ref));
}
