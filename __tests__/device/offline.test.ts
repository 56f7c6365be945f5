import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { decodeJwt, importJWK, jwtVerify } from 'jose';
import { memoryStore } from '../../lib/index.ts';
import type { SessionStore } from '../../lib/sessions/session-store.ts';
import { manualClock } from '../../lib/testing/manual-clock.ts';
import { SECRET } from '../express/portfolio.ts';
import { FailingStore } from '../faults/failing-store.ts';
import { redisSubject } from '../sessions/redis-subject.ts';
import { expressVersions } from '../support/express.ts';
import { openRedis, type SharedRedis } from '../support/redis.ts';
import { offlineDevice } from './offline-device.ts';
import { OFFLINE, offlineWorld, type OfflineWorld, Phone, words, type WorldOptions } from './offline-world.ts';

const HOUR = 3_600_000;
const SECOND = 1_000;

/** A store, and its time in the test's hand. */
interface Place {
  readonly store: SessionStore;
  readonly now: () => number;
  readonly advance: (ms: number) => Promise<void> | void;
}

let redis: SharedRedis;
let client: ReturnType<SharedRedis['client']>;
beforeAll(async () => {
  redis = await openRedis();
  client = redis.client();
});
afterAll(() => redis.stop());

function inMemory(): Place {
  const clock = manualClock();
  return { store: memoryStore({ clock: clock.now }), now: clock.now, advance: (ms) => void clock.advance(ms) };
}

function inRedis(): Place {
  const { store, advance } = redisSubject(client);
  let offset = 0;
  const now = (): number => Date.now() + offset;
  return {
    store,
    now,
    advance: async (ms) => {
      offset += ms;
      await advance(ms);
    },
  };
}

describe.each([
  ['memory', inMemory],
  ['Redis', inRedis],
])('with the sessions in %s', (_where, open) => {
  let place: Place;
  let world: OfflineWorld;
  const worlds: OfflineWorld[] = [];
  beforeEach(async () => {
    place = open();
    world = await another();
  });
  afterEach(() => Promise.all(worlds.splice(0).map((one) => one.close())));

  /** Another process, with the same store; as after a deployment, if the options differ. */
  async function another(options: WorldOptions = {}): Promise<OfflineWorld> {
    const made = await offlineWorld({ store: place.store, now: place.now, ...options });
    worlds.push(made);
    return made;
  }

  describe('a lease', () => {
    test('is for the device, the scopes and the time that the policy says, and names nobody', async () => {
      const phone = await Phone.signedIn(world);
      const lease = await phone.lease();
      expect(lease).toMatchObject({ id: expect.stringMatching(/^[\w-]{22}$/), scopes: OFFLINE.scopes });
      expect(lease.expiresAt - lease.issuedAt).toBe(8 * HOUR);
      expect(Math.abs(lease.issuedAt - place.now())).toBeLessThan(5 * SECOND);
      const { payload, protectedHeader } = await jwtVerify(lease.lease, await importJWK(lease.publicKey), {
        currentDate: new Date(lease.issuedAt),
        typ: 'offline-lease+jwt',
        issuer: 'field',
      });
      expect(protectedHeader.alg).toBe('EdDSA');
      expect(payload).toEqual({
        iss: 'field',
        profile: 'field',
        jti: lease.id,
        iat: lease.issuedAt / SECOND,
        nbf: lease.issuedAt / SECOND,
        exp: lease.expiresAt / SECOND,
        scope: 'notes:write visits:write',
        cnf: { jkt: phone.device.thumbprint },
        policy: expect.any(String),
      });
    });

    test('has some of the scopes, if that is asked for, and never another', async () => {
      const phone = await Phone.signedIn(world);
      const lease = await phone.lease(['visits:write', 'visits:write']);
      expect(decodeJwt(lease.lease)['scope']).toBe('visits:write');
      for (const scopes of [['payments:write'], [], ['notes:write', 'payments:write'], 'notes:write']) {
        expect(await phone.post('/lease', { scopes })).toEqual({ status: 500, body: { code: 'TypeError' } });
      }
    });

    test('ends with the session at the latest', async () => {
      const phone = await Phone.signedIn(world);
      const { expiresAt } = await phone.lease();
      for (let hours = 0; hours < 20; hours += 5) {
        await place.advance(5 * HOUR);
        await phone.post('/others');
      }
      expect((await phone.lease()).expiresAt).toBeLessThanOrEqual(expiresAt + 16 * HOUR);
    });

    test('is not for an app whose profile has none', async () => {
      const phone = await Phone.signedIn(world, { at: '/office' });
      expect(await phone.post('/lease')).toEqual({ status: 403, body: { code: 'ERR_LEASE_REFUSED' } });
    });

    test('is not for a session without a key, nor for a request that does not prove it', async () => {
      const phone = new Phone(world, await offlineDevice(), '/field');
      expect(await phone.post('/login?then=lease', {}, false)).toEqual({ status: 403, body: { code: 'ERR_DEVICE_UNBOUND' } });
      expect(await phone.post('/login?then=lease')).toMatchObject({ status: 200, body: { scopes: OFFLINE.scopes } });
      await phone.signIn();
      expect((await phone.post('/lease', {}, false)).status).toBe(401);
      // Even where the policy does not ask for the device.
      for (const then of ['lease', 'settle']) {
        expect(await phone.post(`/confirm?then=${then}`, {}, false)).toEqual({ status: 401, body: { code: 'ERR_SESSION_ENDED' } });
      }
    });

    test('opens nothing online', async () => {
      const phone = await Phone.signedIn(world);
      phone.token = (await phone.lease()).lease;
      expect((await phone.post('/lease')).status).toBe(401);
    });

    test('is not known for ever: a device has 64', async () => {
      const phone = await Phone.signedIn(world);
      const leases = [];
      for (let count = 0; count < 65; count += 1) leases.push(await phone.lease());
      const [first, second] = leases as [(typeof leases)[0], (typeof leases)[0]];
      expect(words(await phone.settle(first.lease, await phone.work(first, 1)))).toEqual(['lease_unknown']);
      expect(words(await phone.settle(second.lease, await phone.work(second, 1)))).toEqual(['accepted']);
    });
  });

  describe('what was done under it', () => {
    test('is accepted, with what the application needs to carry it out', async () => {
      const phone = await Phone.signedIn(world);
      const lease = await phone.lease();
      await place.advance(HOUR);
      expect(await phone.settle(lease.lease, await phone.work(lease, 2))).toEqual({
        outcome: 'settled',
        actions: [0, 1].map((seq) => ({
          index: seq,
          id: `${lease.id}.${seq}`,
          outcome: 'accepted',
          scope: 'notes:write',
          action: { note: seq },
          doneAt: lease.issuedAt + seq * SECOND,
        })),
      });
    });

    test('is accepted once, and told again as often as somebody asks', async () => {
      const phone = await Phone.signedIn(world);
      const lease = await phone.lease();
      const queue = await phone.work(lease, 3);
      const first = await phone.settle(lease.lease, queue);
      const again = await phone.settle(lease.lease, queue);
      expect(words(again)).toEqual(['accepted_before', 'accepted_before', 'accepted_before']);
      expect(again.actions.map(({ id, action }) => [id, action])).toEqual(first.actions.map(({ id, action }) => [id, action]));
      const signedAgain = await phone.work(lease, 3);
      expect(signedAgain).not.toEqual(queue);
      expect(words(await phone.settle(lease.lease, signedAgain))).toEqual(words(again));
    });

    test('may come back in parts, and with what was sent before', async () => {
      const phone = await Phone.signedIn(world);
      const lease = await phone.lease();
      const queue = await phone.work(lease, 5);
      expect(words(await phone.settle(lease.lease, queue.slice(0, 2)))).toEqual(['accepted', 'accepted']);
      expect(words(await phone.settle(lease.lease, queue.slice(3)))).toEqual(['sequence_gap', 'sequence_gap']);
      expect(words(await phone.settle(lease.lease, queue.slice(1)))).toEqual(['accepted_before', 'accepted', 'accepted', 'accepted']);
    });

    test('is accepted once, if twenty bring it back at the same time to two processes', async () => {
      const phone = await Phone.signedIn(world);
      const elsewhere = phone.elsewhere(await another());
      const lease = await phone.lease();
      const queue = await phone.work(lease, 3);
      const reports = await Promise.all(
        Array.from({ length: 20 }, (_one, turn) =>
          (turn % 2 === 0 ? phone : elsewhere).settle(lease.lease, queue.slice(0, 1 + (turn % 3))),
        ),
      );
      const all = reports.flatMap(({ actions }) => actions);
      const accepted = all.filter(({ outcome }) => outcome === 'accepted').map(({ id }) => id);
      expect(accepted).toHaveLength(3);
      expect(new Set(accepted)).toEqual(new Set([0, 1, 2].map((seq) => `${lease.id}.${seq}`)));
      expect(all.filter(({ outcome }) => outcome === 'refused')).toEqual([]);
    });

    test('is judged one by one', async () => {
      const phone = await Phone.signedIn(world);
      const stranger = await offlineDevice();
      const lease = await phone.lease(['notes:write']);
      const old = await phone.lease();
      await place.advance(HOUR);
      const of = (seq: number, changes: Record<string, unknown> = {}) => ({
        lease: lease.id,
        seq,
        at: lease.issuedAt + seq * SECOND,
        scope: 'notes:write',
        action: seq,
        ...changes,
      });
      const queue = await Promise.all([
        phone.device.act(of(0)),
        phone.device.act(of(1, { scope: 'visits:write' })),
        phone.device.act(of(2, { at: lease.issuedAt - HOUR })),
        phone.device.act(of(3, { at: lease.issuedAt + 2 * HOUR })),
        phone.device.act(of(4, { at: lease.issuedAt + HOUR })),
        phone.device.act(of(5)),
        phone.device.act(of(0, { action: 'something else' })),
        stranger.act(of(6)),
        phone.device.act(of(6, { lease: old.id })),
        phone.device.act('no action'),
        phone.device.act(of(6, { at: lease.issuedAt + HOUR })),
        phone.device.act(of(8)),
      ]);
      const report = await phone.settle(lease.lease, queue);
      expect(words(report)).toEqual([
        'accepted',
        'scope_refused',
        'done_before_lease',
        'done_after_return',
        'accepted',
        'clock_set_back',
        'sequence_repeated',
        'action_signature_invalid',
        'action_of_other_lease',
        'action_malformed',
        'accepted',
        'sequence_gap',
      ]);
      expect(report.actions.filter(({ outcome, action }) => outcome === 'refused' && action !== undefined)).toEqual([]);
    });
  });

  describe('a lease that is none of this session', () => {
    test('was changed', async () => {
      const phone = await Phone.signedIn(world);
      const lease = await phone.lease(['notes:write']);
      const [head, payload = '', signature] = lease.lease.split('.');
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
      const wide = Buffer.from(JSON.stringify({ ...claims, scope: 'notes:write visits:write' })).toString('base64url');
      const queue = await phone.work(lease, 2, { scope: 'visits:write' });
      const report = await phone.settle([head, wide, signature].join('.'), queue);
      expect(report).toMatchObject({ outcome: 'refused', reason: 'lease_invalid' });
      expect(words(report)).toEqual(['lease_invalid', 'lease_invalid']);
    });

    test('is of another device, of another person or the same, and stays as it is', async () => {
      const phone = await Phone.signedIn(world);
      const [others, second] = [await Phone.signedIn(world, { id: 'bob' }), await Phone.signedIn(world)];
      const lease = await phone.lease();
      const queue = await phone.work(lease, 1);
      for (const thief of [others, second]) {
        expect(words(await thief.settle(lease.lease, queue))).toEqual(['lease_foreign']);
        expect(words(await thief.settle(lease.lease, await thief.work(lease, 1)))).toEqual(['lease_foreign']);
      }
      expect(words(await phone.settle(lease.lease, queue))).toEqual(['accepted']);
    });

    test('is of whoever had the key before', async () => {
      const phone = await Phone.signedIn(world);
      const lease = await phone.lease();
      await place.store.takeNote({ book: `key.${phone.device.thumbprint}`, id: 'owner' });
      phone.token = undefined;
      await phone.signIn('bob');
      expect(words(await phone.settle(lease.lease, await phone.work(lease, 1)))).toEqual(['lease_foreign']);
    });

    test('is of another app on the same device', async () => {
      const phone = await Phone.signedIn(world);
      const lease = await phone.lease();
      const round = phone.elsewhere(world, '/round');
      await round.signIn();
      expect(words(await round.settle(lease.lease, await phone.work(lease, 1)))).toEqual(['lease_foreign']);
    });

    test('is nothing that anybody could have got here', async () => {
      const phone = await Phone.signedIn(world);
      const lease = await phone.lease();
      const [one = ''] = await phone.work(lease, 1);
      for (const [text, actions] of [
        [undefined, [one]],
        [lease.lease, undefined],
        [lease.lease, one],
        [lease.lease, [one, 7]],
        [[lease.lease], [one]],
        [lease.lease, Array.from({ length: 1_001 }, () => one)],
      ]) {
        expect(await phone.settle(text, actions)).toMatchObject({ outcome: 'refused', reason: 'return_malformed' });
      }
      for (const text of ['', 'a.b.c', lease.lease.slice(1)]) {
        expect(await phone.settle(text, [one])).toMatchObject({ outcome: 'refused', reason: 'lease_invalid' });
      }
      expect(words(await phone.settle(lease.lease, [one]))).toEqual(['accepted']);
    });

    test('is one that the store has been given by somebody else', async () => {
      const phone = await Phone.signedIn(world);
      const [lease, other] = [await phone.lease(), await phone.lease()];
      const book = `lease.${phone.device.thumbprint}`;
      const { text = '' } = await place.store.takeNote({ book, id: other.id });
      await place.store.takeNote({ book, id: lease.id });
      await place.store.writeNote({ book, id: lease.id }, { text, ttlMs: HOUR, atMost: 9 });
      expect(words(await phone.settle(lease.lease, await phone.work(lease, 1)))).toEqual(['lease_unknown']);
    });

    test('and nobody without the key brings one back', async () => {
      const phone = await Phone.signedIn(world);
      const lease = await phone.lease();
      const body = { lease: lease.lease, actions: await phone.work(lease, 1) };
      expect((await phone.post('/settle', body, false)).status).toBe(401);
      phone.token = undefined;
      expect((await phone.post('/settle', body)).status).toBe(401);
    });
  });

  describe('a session that was ended meanwhile', () => {
    type Ending = (phone: Phone) => Promise<unknown>;
    test.each<[string, Ending]>([
      ['by signing out', (phone) => phone.post('/logout')],
      ['by an administrator', () => world.sessions.revoke({ subject: 'ann' })],
      ['with all sessions of the app', () => world.sessions.revoke({ app: 'field' })],
      ['from another device', async () => (await Phone.signedIn(world)).post('/others')],
    ])('%s takes with it what had not been brought back, and says so', async (_how, end) => {
      const phone = await Phone.signedIn(world);
      const lease = await phone.lease();
      const queue = await phone.work(lease, 3);
      await phone.settle(lease.lease, queue.slice(0, 1));
      await end(phone);
      await place.advance(HOUR);
      expect((await phone.post('/settle', { lease: lease.lease, actions: queue })).status).toBe(401);
      phone.token = undefined;
      await phone.signIn();
      const report = await phone.settle(lease.lease, queue);
      expect(report).toMatchObject({ outcome: 'refused', reason: 'lease_revoked' });
      expect(words(report)).toEqual(['accepted_before', 'lease_revoked', 'lease_revoked']);
      expect(report.actions[1]).toEqual({
        index: 1,
        id: `${lease.id}.1`,
        outcome: 'refused',
        reason: 'lease_revoked',
        scope: 'notes:write',
        doneAt: lease.issuedAt + SECOND,
      });
    });

    test('after it had another id', async () => {
      const phone = await Phone.signedIn(world);
      const lease = await phone.lease();
      await phone.confirm();
      await place.advance(HOUR);
      await world.sessions.revoke({ subject: 'ann' });
      phone.token = undefined;
      await phone.signIn();
      expect(words(await phone.settle(lease.lease, await phone.work(lease, 1)))).toEqual(['lease_revoked']);
    });
  });

  describe('a session that goes on', () => {
    test('under another id still has its lease', async () => {
      const phone = await Phone.signedIn(world);
      const lease = await phone.lease();
      await phone.confirm();
      expect(words(await phone.settle(lease.lease, await phone.work(lease, 1)))).toEqual(['accepted']);
    });

    test('has its lease brought back by the next session of the phone', async () => {
      const phone = await Phone.signedIn(world);
      const lease = await phone.lease();
      await phone.confirm();
      phone.token = undefined;
      await place.advance(HOUR);
      await phone.signIn();
      expect(words(await phone.settle(lease.lease, await phone.work(lease, 1)))).toEqual(['accepted']);
    });

    test('may be replaced by the session that brings its lease back, and no other', async () => {
      const phone = await Phone.signedIn(world);
      const lease = await phone.lease();
      const queue = await phone.work(lease, 2);
      await place.advance(HOUR);
      await phone.signIn();
      expect(words(await phone.settle(lease.lease, queue.slice(0, 1)))).toEqual(['accepted']);
      await place.advance(HOUR);
      await phone.signIn();
      expect(words(await phone.settle(lease.lease, queue))).toEqual(['accepted_before', 'lease_revoked']);
    });

    test('may have run out before its lease', async () => {
      const phone = await Phone.signedIn(world);
      await place.advance(2 * HOUR);
      const lease = await phone.lease();
      const stricter = phone.elsewhere(await another({ absolute: '8h' }));
      await place.advance(7 * HOUR);
      expect((await stricter.post('/settle')).status).toBe(401);
      stricter.token = undefined;
      await stricter.signIn();
      expect(words(await stricter.settle(lease.lease, await phone.work(lease, 1)))).toEqual(['accepted']);
    });
  });

  describe('a lease that is overdue', () => {
    test('counts until its last second', async () => {
      const phone = await Phone.signedIn(world);
      const lease = await phone.lease();
      await place.advance(lease.expiresAt - place.now() - 5 * SECOND);
      expect(words(await phone.settle(lease.lease, await phone.work(lease, 1)))).toEqual(['accepted']);
    });

    test('is refused a second after it, but for what had been accepted', async () => {
      const phone = await Phone.signedIn(world);
      const lease = await phone.lease();
      const queue = await phone.work(lease, 2);
      await place.advance(HOUR);
      await phone.settle(lease.lease, queue.slice(0, 1));
      await place.advance(lease.expiresAt - place.now() + SECOND);
      const report = await phone.settle(lease.lease, queue);
      expect(report).toMatchObject({ outcome: 'refused', reason: 'lease_overdue' });
      expect(words(report)).toEqual(['accepted_before', 'lease_overdue']);
    });

    test('is told so, and not that nobody knows it, for a month', async () => {
      const phone = await Phone.signedIn(world);
      const lease = await phone.lease();
      const queue = await phone.work(lease, 1);
      await place.advance(29 * 24 * HOUR);
      phone.token = undefined;
      await phone.signIn();
      expect(words(await phone.settle(lease.lease, queue))).toEqual(['lease_overdue']);
      await place.advance(2 * 24 * HOUR);
      await phone.signIn();
      expect(words(await phone.settle(lease.lease, queue))).toEqual(['lease_unknown']);
    });
  });

  describe('after a deployment', () => {
    test('with another secret, leases of before count', async () => {
      const phone = await Phone.signedIn(world);
      const lease = await phone.lease();
      const rotated = phone.elsewhere(await another({ secret: ['a-newer-secret-of-more-than-32-characters', SECRET] }));
      expect(words(await rotated.settle(lease.lease, await phone.work(lease, 1)))).toEqual(['accepted']);
      rotated.token = undefined;
      await rotated.signIn();
      expect(words(await rotated.settle(lease.lease, await phone.work(lease, 2)))).toEqual(['accepted_before', 'accepted']);
    });

    test('with fewer scopes, what needs another one is refused', async () => {
      const phone = await Phone.signedIn(world);
      const lease = await phone.lease();
      const narrow = phone.elsewhere(await another({ offline: { ...OFFLINE, scopes: ['visits:write'] } }));
      const [note = ''] = await phone.work(lease, 1);
      const [, visit = ''] = await phone.work(lease, 2, { scope: 'visits:write' });
      expect(words(await narrow.settle(lease.lease, [note, visit]))).toEqual(['scope_refused', 'accepted']);
      expect(words(await phone.settle(lease.lease, [note, visit]))).toEqual(['scope_refused', 'accepted_before']);
    });

    test('with shorter leases, they end earlier', async () => {
      const phone = await Phone.signedIn(world);
      const lease = await phone.lease();
      const short = phone.elsewhere(await another({ offline: { ...OFFLINE, lease: '1h' } }));
      await place.advance(HOUR + SECOND);
      expect(words(await short.settle(lease.lease, await phone.work(lease, 1)))).toEqual(['lease_overdue']);
    });

    test('without leases, they count for nothing until the policy has them again', async () => {
      const phone = await Phone.signedIn(world);
      const lease = await phone.lease();
      const queue = await phone.work(lease, 1);
      const without = phone.elsewhere(await another({ offline: undefined }));
      expect(words(await without.settle(lease.lease, queue))).toEqual(['lease_withdrawn']);
      expect(words(await phone.settle(lease.lease, queue))).toEqual(['accepted']);
    });
  });

  test('the audit sink learns what was leased, what came back and what was refused', async () => {
    const phone = await Phone.signedIn(world);
    const lease = await phone.lease();
    const queue = await phone.work(lease, 2);
    await phone.settle(lease.lease, queue.slice(0, 1));
    await phone.settle(lease.lease, [...queue, 'nothing']);
    await place.advance(9 * HOUR);
    phone.token = undefined;
    await phone.signIn();
    await phone.settle(lease.lease, queue);
    const events = world.events.filter(({ offline }) => offline !== undefined);
    const about = { lease: lease.id };
    expect(events.map(({ type, outcome, reason, offline }) => ({ type, outcome, reason, offline }))).toEqual([
      {
        type: 'offline_leased',
        outcome: 'allow',
        reason: 'allowed',
        offline: { ...about, scopes: OFFLINE.scopes, expiresAt: lease.expiresAt },
      },
      { type: 'offline_settled', outcome: 'allow', reason: 'allowed', offline: { ...about, accepted: 1, acceptedBefore: 0, refused: 0 } },
      { type: 'offline_settled', outcome: 'allow', reason: 'allowed', offline: { ...about, accepted: 1, acceptedBefore: 1, refused: 1 } },
      {
        type: 'offline_settled',
        outcome: 'deny',
        reason: 'lease_overdue',
        offline: { ...about, accepted: 0, acceptedBefore: 2, refused: 0 },
      },
    ]);
    for (const event of events) expect(event).toMatchObject({ app: 'field', profile: 'field', subject: { id: 'ann', kind: 'user' } });
    for (const secret of [phone.token ?? '', lease.lease, ...queue]) expect(JSON.stringify(events)).not.toContain(secret);
  });
});

describe('a store that fails', () => {
  let store: FailingStore;
  let world: OfflineWorld;
  beforeEach(async () => {
    const clock = manualClock();
    store = new FailingStore({ clock: clock.now });
    world = await offlineWorld({ store, clock });
  });
  afterEach(() => world.close());

  test('gives no lease that it does not know', async () => {
    const phone = await Phone.signedIn(world);
    store.fail('writeNote');
    expect((await phone.post('/lease')).status).toBe(503);
  });

  test.each([
    ['before', 'fails', 'accepted'],
    ['after', 'answer-lost', 'accepted_before'],
  ] as const)(
    '%s it has noted what came back: nobody is told that it counts, and it does when it is brought again',
    async (_when, fate, then) => {
      const phone = await Phone.signedIn(world);
      const lease = await phone.lease();
      const body = { lease: lease.lease, actions: await phone.work(lease, 1) };
      store.fate = (method) => (method === 'changeNote' ? fate : 'works');
      expect(await phone.post('/settle', body)).toEqual({ status: 503, body: { code: 'ERR_STORE_UNAVAILABLE' } });
      store.restore();
      const report = await phone.settle(body.lease, body.actions);
      expect(report.actions).toMatchObject([{ outcome: then, action: { note: 0 } }]);
    },
  );

  test('while it is asked what became of the session, nothing counts', async () => {
    const phone = await Phone.signedIn(world);
    const lease = await phone.lease();
    phone.token = undefined;
    await phone.signIn();
    store.fail('list');
    expect((await phone.post('/settle', { lease: lease.lease, actions: await phone.work(lease, 1) })).status).toBe(503);
  });
});

describe.each(expressVersions)('%s', (_name, express) => {
  test('a phone goes offline and comes back', async () => {
    const clock = manualClock();
    const world = await offlineWorld({ express, clock });
    const phone = await Phone.signedIn(world);
    const lease = await phone.lease();
    clock.advance('2h');
    expect(words(await phone.settle(lease.lease, await phone.work(lease, 2)))).toEqual(['accepted', 'accepted']);
    await world.close();
  });
});
