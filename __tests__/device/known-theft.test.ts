import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { memoryStore } from '../../lib/index.ts';
import { manualClock } from '../../lib/testing/manual-clock.ts';
import { redisSubject } from '../sessions/redis-subject.ts';
import { expressVersions } from '../support/express.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { type KnownOptions, knownWorld, OLD_SECRET, SECRET, Visitor } from './known-world.ts';

const [, express] = expressVersions[0] as (typeof expressVersions)[0];

let server: RedisServer;
let client: Redis;
beforeAll(async () => {
  server = await startRedis();
  client = server.client();
});
afterAll(() => server.stop());

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

type Stored = NonNullable<KnownOptions['store']>;

const inMemory = (): Stored => {
  const clock = manualClock();
  return { store: memoryStore({ clock: clock.now }), advance: clock.advance };
};
const inRedis = (): Stored => {
  const subject = redisSubject(client);
  closing.push(subject.close);
  return subject;
};

const actions = (events: readonly { readonly device?: { readonly action: string } }[]): readonly string[] =>
  events.flatMap(({ device }) => (device === undefined ? [] : [device.action]));

describe.each([
  ['memory', inMemory],
  ['Redis', inRedis],
])('a copy of a credential, in %s', (_name, newStore) => {
  async function enrolled(options: KnownOptions = {}) {
    const world = knownWorld(express, { store: newStore(), ...options });
    const owner = new Visitor(world.app);
    await owner.signIn();
    const handle = await owner.enrol();
    return { ...world, owner, handle };
  }

  test('used before the owner, comes to light when the owner is back', async () => {
    const { advance, events, owner, handle } = await enrolled();
    const thief = owner.withoutSession();
    await advance('2h');
    await thief.signIn();
    expect(await thief.trust()).toBe('known');
    await advance('2h');
    await owner.signIn();
    expect(await owner.trust()).toBe('none');
    expect(await thief.trust()).toBe('none');
    expect(owner.device).toBeUndefined();
    expect(events.filter(({ type }) => type === 'device')).toMatchObject([
      {
        device: { action: 'enrolled', handle },
        outcome: 'allow',
        reason: 'allowed',
        app: 'desk',
        profile: 'web',
        subject: { id: 'ada', kind: 'user' },
      },
      { device: { action: 'copied', handle }, outcome: 'deny', reason: 'device_proof_invalid' },
    ]);
    expect((await owner.get('session/devices')).body).toEqual({ devices: [] });
  });

  test('used after the owner is refused at once, and takes the trust of the owner’s session along', async () => {
    const { advance, events, owner } = await enrolled();
    const thief = owner.withoutSession();
    await advance('2h');
    await owner.signIn();
    expect(await owner.trust()).toBe('known');
    await advance('2h');
    await thief.signIn();
    expect(await thief.trust()).toBe('none');
    expect(await owner.trust()).toBe('none');
    expect(actions(events)).toEqual(['enrolled', 'copied']);
  });

  test('comes to light within a day, also in sessions that go on', async () => {
    const { advance, events, owner } = await enrolled();
    const thief = owner.withoutSession();
    await advance('1h');
    await thief.signIn();
    await advance('24h');
    expect((await owner.get('known')).body).toMatchObject({ reason: 'device_trust_insufficient' });
    expect(await thief.trust()).toBe('none');
    expect(actions(events)).toEqual(['enrolled', 'copied']);
  });

  test('of long ago is as good as one of a moment ago', async () => {
    const { advance, events, owner } = await enrolled();
    const thief = owner.withoutSession();
    for (let day = 0; day < 3; day += 1) {
      await advance('25h');
      expect((await owner.get('known')).status).toBe(200);
    }
    await thief.signIn();
    expect(await thief.trust()).toBe('none');
    expect(await owner.trust()).toBe('none');
    expect(actions(events)).toEqual(['enrolled', 'copied']);
  });

  test('the credential of a forgotten device is none', async () => {
    const { advance, owner, sessions, handle, events } = await enrolled();
    const later = owner.withoutSession();
    expect(await sessions.devices.forget({ id: 'ada', kind: 'user' }, handle)).toBe(true);
    expect(await owner.trust()).toBe('none');
    expect((await owner.get('known')).status).toBe(403);
    await advance('2h');
    await later.signIn();
    expect(await later.trust()).toBe('none');
    expect(later.device).toBeUndefined();
    expect(await sessions.devices.forget({ id: 'ada', kind: 'user' }, handle)).toBe(false);
    expect(actions(events)).toEqual(['enrolled', 'forgotten']);
  });

  test('an answer that was lost is given again within a minute, and not after it', async () => {
    const { advance, owner } = await enrolled();
    await advance('25h');
    await owner.lost('get', 'known');
    await advance('30s');
    expect((await owner.get('trust')).status).toBe(200);
    await owner.signIn();
    expect(await owner.trust()).toBe('known');
    await advance('25h');
    await owner.lost('get', 'known');
    await advance('2m');
    await owner.signIn();
    expect(await owner.trust()).toBe('none');
  });

  test('twenty requests at the moment of renewal stay known, with one new credential', async () => {
    const { advance, events, owner } = await enrolled();
    await advance('25h');
    const tabs = Array.from({ length: 20 }, () => owner.copy());
    const answers = await Promise.all(tabs.map((tab) => tab.get('known')));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const given = new Set(tabs.map(({ device }) => device));
    given.delete(owner.device);
    expect(given.size).toBe(1);
    owner.device = tabs[0]?.device;
    await advance('25h');
    expect((await owner.get('known')).status).toBe(200);
    expect(actions(events)).toEqual(['enrolled']);
  });

  test('twenty sign-ins at once are all known', async () => {
    const { advance, events, owner } = await enrolled();
    await advance('2h');
    const tabs = Array.from({ length: 20 }, () => owner.withoutSession());
    await Promise.all(tabs.map((tab) => tab.signIn()));
    expect(await Promise.all(tabs.map((tab) => tab.trust()))).toEqual(tabs.map(() => 'known'));
    expect(new Set(tabs.map(({ device }) => device)).size).toBe(1);
    expect(actions(events)).toEqual(['enrolled']);
  });

  test('twenty thieves at once are noticed once', async () => {
    const { advance, events, owner } = await enrolled();
    const thieves = Array.from({ length: 20 }, () => owner.withoutSession());
    await advance('2h');
    await owner.signIn();
    await advance('2h');
    await Promise.all(thieves.map((thief) => thief.signIn()));
    expect(await Promise.all([owner, ...thieves].map((one) => one.trust()))).toEqual(Array.from({ length: 21 }, () => 'none'));
    expect(actions(events)).toEqual(['enrolled', 'copied']);
  });

  test('a device that is forgotten while somebody signs in with it is known to no session', async () => {
    const { advance, owner, sessions, handle } = await enrolled();
    await advance('2h');
    const tabs = Array.from({ length: 10 }, () => owner.withoutSession());
    await Promise.all([...tabs.map((tab) => tab.signIn()), sessions.devices.forget({ id: 'ada', kind: 'user' }, handle)]);
    expect(await Promise.all(tabs.map((tab) => tab.trust()))).toEqual(tabs.map(() => 'none'));
  });

  test('a device that is forgotten while the session gets a new id is not known under that', async () => {
    const { owner, sessions, handle } = await enrolled();
    await Promise.all([owner.post('confirm'), sessions.devices.forget({ id: 'ada', kind: 'user' }, handle)]);
    expect(await owner.trust()).toBe('none');
  });

  test('a device of before a new secret is found, moved under the new one, and goes on without the old one', async () => {
    const store = newStore();
    const before = await enrolled({ store, secret: OLD_SECRET });
    await store.advance(7_200_000);
    const during = knownWorld(express, { store, secret: [SECRET, OLD_SECRET] });
    const owner = before.owner.copy(during.app);
    expect(await owner.trust()).toBe('known');
    expect((await owner.get('session/devices')).body.devices).toMatchObject([{ handle: before.handle }]);
    await owner.signIn();
    expect(await owner.trust()).toBe('known');
    expect((await owner.get('session/devices')).body.devices).toMatchObject([{ handle: before.handle, label: 'Laptop' }]);
    await store.advance(7_200_000);
    const after = knownWorld(express, { store, secret: SECRET });
    const later = owner.copy(after.app);
    await later.signIn();
    expect(await later.trust()).toBe('known');
  });

  test('under two secrets: parallel sign-ins, a copy, and forgetting', async () => {
    const store = newStore();
    const { owner: first } = await enrolled({ store, secret: OLD_SECRET });
    await store.advance(7_200_000);
    const world = knownWorld(express, { store, secret: [SECRET, OLD_SECRET] });
    const tabs = Array.from({ length: 10 }, () => first.copy(world.app).withoutSession());
    await Promise.all(tabs.map((tab) => tab.signIn()));
    expect(await Promise.all(tabs.map((tab) => tab.trust()))).toEqual(tabs.map(() => 'known'));
    await store.advance(7_200_000);
    const thief = first.copy(world.app).withoutSession();
    await thief.signIn();
    expect(await Promise.all([thief, ...tabs].map((tab) => tab.trust()))).toEqual(Array.from({ length: 11 }, () => 'none'));
    expect(actions(world.events)).toEqual(['copied']);
  });

  test('under two secrets: a device that is forgotten while it is moved stays forgotten', async () => {
    const store = newStore();
    const { owner, handle } = await enrolled({ store, secret: OLD_SECRET });
    await store.advance(7_200_000);
    const world = knownWorld(express, { store, secret: [SECRET, OLD_SECRET] });
    const tabs = Array.from({ length: 5 }, () => owner.copy(world.app).withoutSession());
    await Promise.all([...tabs.map((tab) => tab.signIn()), world.sessions.devices.forget({ id: 'ada', kind: 'user' }, handle)]);
    expect(await world.sessions.devices.list({ id: 'ada', kind: 'user' })).toEqual([]);
    expect(await Promise.all(tabs.map((tab) => tab.trust()))).toEqual(tabs.map(() => 'none'));
  });

  test('a demand for a device that was proved of late has it prove itself anew', async () => {
    const { advance, owner } = await enrolled();
    for (const path of ['recent', 'guarded']) {
      const before = owner.device;
      await advance('61m');
      expect((await owner.get(path)).status).toBe(200);
      expect(owner.device).not.toBe(before);
      await advance('30m');
      expect((await owner.get(path)).status).toBe(200);
    }
    const copy = owner.copy();
    copy.device = undefined;
    await advance('61m');
    expect((await copy.get('recent')).status).toBe(403);
    expect((await copy.get('guarded')).status).toBe(403);
  });

  test('nothing of a secret is in the audit, the log, an answer’s body or the store', async () => {
    const { advance, events, logged, owner, store } = await enrolled();
    const thief = owner.withoutSession();
    const credentials = [owner.device as string];
    await advance('2h');
    await owner.signIn();
    credentials.push(owner.device as string);
    const [, , tag = ''] = valueOf(credentials[0] as string);
    const kept = await store.listNotes(`known-device.${tag}`);
    expect(kept.notes).toHaveLength(1);
    await advance('2h');
    const bodies = [(await owner.get('session/devices')).text, (await thief.signIn()).text, (await owner.get('known')).text];
    const all = JSON.stringify([events, logged, bodies, kept]);
    expect(events.length).toBeGreaterThan(5);
    for (const credential of credentials) {
      const secret = valueOf(credential)[4] as string;
      expect(secret).toHaveLength(43);
      expect(all).not.toContain(secret);
      expect(all).not.toContain(credential);
    }
    expect(valueOf(credentials[0] as string)[4]).not.toBe(valueOf(credentials[1] as string)[4]);
  });
});

/** What a credential says. It is signed, not encrypted. */
function valueOf(credential: string): readonly string[] {
  const text = Buffer.from(credential, 'base64url').toString();
  return JSON.parse(text.slice(0, text.lastIndexOf('.'))) as string[];
}
