import { describe, expect, test } from '@jest/globals';
import { MemoryStore } from '../../lib/sessions/memory-store.ts';
import { manualClock } from '../../lib/testing/manual-clock.ts';
import { FailingStore, type Fate, type StoreMethod } from '../faults/failing-store.ts';
import { expressVersions } from '../support/express.ts';
import { knownWorld, OLD_SECRET, SECRET, Visitor } from './known-world.ts';

const [, express] = expressVersions[0] as (typeof expressVersions)[0];

async function enrolled() {
  const clock = manualClock();
  const store = new FailingStore({ clock: clock.now });
  const world = knownWorld(express, { store: { store, advance: clock.advance } });
  const ada = new Visitor(world.app);
  await ada.signIn();
  return { ...world, ada, store, handle: await ada.enrol() };
}

/** What a sign-in on a known device asks of the store, and a renewal in a session. */
const CALLS: readonly StoreMethod[] = ['readNote', 'changeNote', 'create', 'end', 'changeDevice'];
const FATES: readonly Fate[] = ['fails', 'answer-lost'];

/** A memory store before whose calls something else can happen, as if it came from another process. */
class InterruptedStore extends MemoryStore {
  before: (method: 'create' | 'writeNote') => Promise<unknown> = async () => undefined;

  override async create(...args: Parameters<MemoryStore['create']>): ReturnType<MemoryStore['create']> {
    await this.before('create');
    return super.create(...args);
  }

  override async writeNote(...args: Parameters<MemoryStore['writeNote']>): ReturnType<MemoryStore['writeNote']> {
    await this.before('writeNote');
    return super.writeNote(...args);
  }
}

describe('a device that is forgotten', () => {
  const ADA = { id: 'ada', kind: 'user' } as const;

  /** Ada enrols under the older secret, and signs in under the newer one; in the middle of that, the device is forgotten. */
  async function forgottenBefore(method: 'create' | 'writeNote', secret: readonly string[]) {
    const clock = manualClock();
    const store = new InterruptedStore({ clock: clock.now });
    const stored = { store, advance: clock.advance };
    const first = new Visitor(knownWorld(express, { store: stored, secret: secret.at(-1) as string }).app);
    await first.signIn();
    const handle = await first.enrol();
    clock.advance('2h');
    const { app, sessions } = knownWorld(express, { store: stored, secret });
    store.before = async (called) => {
      if (called !== method) return;
      store.before = async () => undefined;
      expect(await sessions.devices.forget(ADA, handle)).toBe(true);
    };
    const ada = first.copy(app);
    await ada.signIn();
    return { ada, devices: await sessions.devices.list(ADA) };
  }

  test.each([
    ['just before the session is stored', 'create', [SECRET]],
    ['just before the session is stored, under two secrets', 'create', [SECRET, OLD_SECRET]],
    ['just before it is moved under a newer secret', 'writeNote', [SECRET, OLD_SECRET]],
  ] as const)('%s is not known, and stays forgotten', async (_when, method, secret) => {
    const { ada, devices } = await forgottenBefore(method, secret);
    expect(devices).toEqual([]);
    expect(await ada.trust()).toBe('none');
  });
});

describe('while the store fails', () => {
  test.each(CALLS.flatMap((method) => FATES.map((fate) => [method, fate] as const)))(
    'nobody is taken for a thief who tries again within a minute: %s %s',
    async (method, fate) => {
      const { ada, advance, events, store } = await enrolled();
      await advance('25h');
      store.fate = (called) => (called === method ? fate : 'works');
      const [renewal, signIn] = [await ada.get('known'), await ada.signIn()];
      for (const { status } of [renewal, signIn]) expect([200, 503]).toContain(status);
      store.restore();
      await advance('50s');
      await ada.signIn();
      expect(await ada.trust()).toBe('known');
      await advance('2h');
      await ada.signIn();
      expect(await ada.trust()).toBe('known');
      expect(events.filter(({ type }) => type === 'device')).toHaveLength(1);
    },
  );

  test.each(['login', 'login-in-a-hurry'])('a sign-in that fails after the renewal still brings the new credential: %s', async (path) => {
    const { ada, advance, store } = await enrolled();
    await advance('2h');
    store.fail('create');
    const before = ada.device;
    expect((await ada.post(path)).status).toBe(503);
    expect(ada.device).not.toBe(before);
    store.restore();
    await advance('2h');
    await ada.signIn();
    expect(await ada.trust()).toBe('known');
  });

  test('nothing is renewed for a request that is refused for another reason', async () => {
    const { ada, advance } = await enrolled();
    await advance('25h');
    const before = ada.device;
    expect((await ada.get('bound')).status).toBe(403);
    expect(ada.device).toBe(before);
  });

  test('an enrolment that fails leaves nothing behind', async () => {
    const { ada, handle, sessions, store } = await enrolled();
    const bea = new Visitor(knownWorld(express, { store: { store, advance: () => undefined } }).app);
    await bea.signIn();
    store.fail('changeDevice');
    expect((await bea.post('enrol')).status).toBe(503);
    expect(bea.device).toBeUndefined();
    store.restore();
    expect((await sessions.devices.list({ id: 'ada', kind: 'user' })).map((one) => one.handle)).toEqual([handle]);
    expect(await ada.trust()).toBe('known');
  });

  test.each<[StoreMethod, Fate]>([
    ['changeDevice', 'answer-lost'],
    ['readNote', 'fails'],
  ])('an enrolment that fails halfway leaves the device known that was (%s %s)', async (method, fate) => {
    const { ada, handle, sessions, store } = await enrolled();
    let calls = 0;
    store.fate = (called) => (called === method && calls++ === 0 ? fate : 'works');
    expect((await ada.post('enrol')).status).toBe(503);
    store.restore();
    expect(await ada.trust()).toBe('known');
    expect((await sessions.devices.list({ id: 'ada', kind: 'user' })).map((one) => one.handle)).toEqual([handle]);
  });

  test('a device that could not be taken from its sessions is not said to be forgotten, and is with the next try', async () => {
    const { ada, handle, sessions, store } = await enrolled();
    store.fail('changeDevice');
    await expect(sessions.devices.forget({ id: 'ada', kind: 'user' }, handle)).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
    store.restore();
    await sessions.devices.forget({ id: 'ada', kind: 'user' }, handle);
    expect(await ada.trust()).toBe('none');
  });

  test('what somebody else has written in the place of a device is none', async () => {
    const { ada, advance, store } = await enrolled();
    const [, , tag = '', id = ''] = JSON.parse(
      (
        Buffer.from(ada.device as string, 'base64url')
          .toString()
          .match(/^\[.*\]/) as RegExpMatchArray
      )[0],
    ) as string[];
    const ref = { book: `known-device.${tag}`, id };
    const { text } = await store.readNote(ref);
    await advance('2h');
    for (const wrong of ['', '{}', '[]', 'null', text?.replace('"user"', '"service"'), text?.replace('"web"', '"other"')]) {
      await store.takeNote(ref);
      await store.writeNote(ref, { text: wrong as string, ttlMs: 60_000, atMost: 9 });
      const visitor = ada.withoutSession();
      await visitor.signIn();
      expect(await visitor.trust()).toBe('none');
    }
  });
});
