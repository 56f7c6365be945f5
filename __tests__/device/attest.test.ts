import { describe, expect, test } from '@jest/globals';
import type { DeviceVerifier } from '../../lib/index.ts';
import { StoreUnavailableError } from '../../lib/index.ts';
import { expressVersions } from '../support/express.ts';
import { AttestClient, signedIn } from './attest-client.ts';
import { attestWorld, trustingVerifier } from './attest-world.ts';
import { dpopDevice } from './dpop-device.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const device = await dpopDevice();

describe.each(expressVersions)('%s', (_name, express) => {
  function world(verifier: DeviceVerifier = trustingVerifier()) {
    const made = attestWorld(express);
    made.verifiers.set('trusting', verifier);
    return made;
  }

  describe('evidence with the challenge of the session', () => {
    test('makes the session attested, for as long as it counts', async () => {
      const at = world();
      const phone = await signedIn(at, device);
      expect((await phone.send('GET', '/phone/attested')).status).toBe(403);
      expect((await phone.attestWithChallenge()).body).toEqual({ trust: 'attested', decision: 'allow' });
      expect((await phone.send('GET', '/phone/attested')).status).toBe(200);
      expect((await phone.send('GET', '/phone/managed')).status).toBe(403);
      at.clock.advance(HOUR_MS - 1_000);
      expect(await phone.trust()).toBe('attested');
      at.clock.advance(1_000);
      expect(await phone.trust()).toBe('bound');
    });

    test('is told to whoever keeps the evidence, and nothing of what was presented', async () => {
      const at = world();
      const phone = await signedIn(at, device);
      await phone.attestWithChallenge();
      await phone.challenge();
      await phone.attest('trusting', 'nonsense');
      const about = at.events.filter(({ type }) => type === 'device');
      expect(about.map(({ outcome, device: evidence }) => [outcome, evidence])).toEqual([
        ['allow', { action: 'vouched', handle: phone.key, trust: 'attested', verifier: 'trusting', until: at.clock.now() + HOUR_MS }],
        ['deny', { action: 'refused', handle: phone.key, trust: 'attested', verifier: 'trusting' }],
      ]);
      expect(JSON.stringify(at.logged)).not.toContain('nonsense');
      expect(at.logged).toMatchObject([{ code: 'device_evidence_refused', message: 'trusting: another challenge or key' }]);
    });

    test('stays with the session when its id changes, and goes with it', async () => {
      const phone = await signedIn(world(), device);
      await phone.attestWithChallenge();
      await phone.confirm();
      expect(await phone.trust()).toBe('attested');
      await phone.signIn();
      expect(await phone.trust()).toBe('bound');
    });

    test('may have the challenge from before the id changed', async () => {
      const phone = await signedIn(world(), device);
      const challenge = await phone.challenge();
      await phone.confirm();
      expect((await phone.attest('trusting', `${challenge}.${phone.key}`)).body.trust).toBe('attested');
    });
  });

  describe('a challenge is good', () => {
    test('once', async () => {
      const phone = await signedIn(world(), device);
      const challenge = await phone.challenge();
      await phone.attest('trusting', `${challenge}.${phone.key}`);
      const again = await phone.attest('trusting', `${challenge}.${phone.key}`);
      expect(again.status).toBe(403);
      expect(again.body).toMatchObject({ code: 'ERR_DEVICE_REFUSED', cause: 'use_attestation_challenge' });
    });

    test('once, also if the evidence does not hold', async () => {
      const phone = await signedIn(world(), device);
      const challenge = await phone.challenge();
      expect((await phone.attest('trusting', 'nonsense')).status).toBe(403);
      expect((await phone.attest('trusting', `${challenge}.${phone.key}`)).status).toBe(403);
    });

    test('for one of two that come at once', async () => {
      const phone = await signedIn(world(), device);
      const challenge = await phone.challenge();
      const answers = await Promise.all([1, 2].map(() => phone.attest('trusting', `${challenge}.${phone.key}`)));
      expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 403]);
    });

    test('for five minutes, and until there is another', async () => {
      const at = world();
      const phone = await signedIn(at, device);
      const first = await phone.challenge();
      const second = await phone.challenge();
      expect(second).not.toBe(first);
      expect((await phone.attest('trusting', `${first}.${phone.key}`)).status).toBe(403);
      const third = await phone.challenge();
      at.clock.advance('5m');
      expect((await phone.attest('trusting', `${third}.${phone.key}`)).status).toBe(403);
    });

    test('for this session: neither another of the same person nor another person can use it', async () => {
      const at = world();
      const [phone, tablet, others] = await Promise.all([signedIn(at, device), signedIn(at), signedIn(at, undefined, 'bob')]);
      const challenge = await phone.challenge();
      for (const other of [tablet, others]) {
        await other.challenge();
        expect((await other.attest('trusting', `${challenge}.${other.key}`)).status).toBe(403);
      }
      expect((await phone.attest('trusting', `${challenge}.${phone.key}`)).status).toBe(200);
    });

    test('and necessary, but for a verifier that says otherwise', async () => {
      const told: unknown[] = [];
      const verify: DeviceVerifier['verify'] = async (_evidence, { challenge, key, now }) => {
        told.push(challenge);
        return { key, at: now, until: now + 1_000 };
      };
      const at = world({ name: 'trusting', trust: 'attested', verify });
      at.verifiers.set('optional', { name: 'optional', trust: 'attested', challenge: 'optional', verify });
      const phone = await signedIn(at, device);
      const answer = await phone.attest('trusting', `undefined.${phone.key}`);
      expect([answer.status, answer.body.cause]).toEqual([403, 'use_attestation_challenge']);
      expect(told).toEqual([]);
      const challenge = await phone.challenge();
      await phone.attest('optional', '');
      await phone.attest('optional', '');
      expect(told).toEqual([challenge, undefined]);
    });

    test('while nothing that needs none is verified', async () => {
      const phone = await signedIn(world(), device);
      const challenge = await phone.challenge();
      expect((await phone.assertPosture()).body.trust).toBe('managed');
      expect((await phone.attest('trusting', `${challenge}.${phone.key}`)).status).toBe(200);
    });
  });

  describe('nothing is attested', () => {
    test('of a session without a key', async () => {
      const at = world();
      const phone = await signedIn(at, device);
      const plain = new AttestClient(at, device);
      const login = await plain.send('POST', '/phone/login', { isUnproven: true });
      const answer = await asBearer(at, login.body.token as string, phone.key);
      expect(answer.status).toBe(403);
      expect(answer.body.code).toBe('ERR_DEVICE_UNBOUND');
    });

    test('of a session whose key the request does not prove', async () => {
      const phone = await signedIn(world(), device);
      const challenge = await phone.challenge();
      const stolen = await phone.send('POST', '/phone/attest?by=trusting', {
        isUnproven: true,
        headers: { 'x-evidence': `${challenge}.${phone.key}` },
      });
      expect(stolen.status).toBe(401);
      expect((await phone.send('GET', '/phone/attested')).status).toBe(403);
    });

    test('of nobody', async () => {
      const at = world();
      const nobody = new AttestClient(at, device);
      expect((await nobody.send('POST', '/phone/challenge')).status).toBe(401);
    });
  });

  describe('a verdict is refused', () => {
    const now = attestWorld(express).clock.now();
    test.each([
      ['about another key', { key: 'x'.repeat(43) }],
      ['about no key', { key: undefined as never }],
      ['that has ended', { until: now }],
      ['that ended before it began', { until: 1 }],
      ['without an end', { until: Number.POSITIVE_INFINITY }],
      ['with no number as its end', { until: Number.NaN }],
      ['with a text as its end', { until: '9999999999999' as never }],
      ['from a time to come', { at: now + 60_001 }],
      ['from no time', { at: Number.NaN }],
      ['from before all time', { at: -1 }],
      ['from so long ago that it is over by itself', { at: now - 401 * DAY_MS, until: now + DAY_MS }],
    ])('%s', async (_what, says) => {
      const phone = await signedIn(world(trustingVerifier(says)), device);
      const answer = await phone.attestWithChallenge();
      expect(answer.status).toBe(403);
      expect(answer.body.code).toBe('ERR_DEVICE_REFUSED');
      expect(await phone.trust()).toBe('bound');
    });

    test('and counts for 400 days at most, from when it was said', async () => {
      const at = world(trustingVerifier({ at: now - 390 * DAY_MS, until: now + 1_000 * DAY_MS }));
      const phone = await signedIn(at, device);
      expect((await phone.attestWithChallenge()).status).toBe(200);
      expect(at.events.find(({ type }) => type === 'device')?.device?.until).toBe(now + 10 * DAY_MS);
    });

    test.each([
      ['rejects with what is no error', async () => Promise.reject('secret-evidence' as unknown as Error)],
      ['answers with nothing', async () => undefined as never],
      [
        'throws',
        () => {
          throw new Error('a fault of its own');
        },
      ],
    ])('of a verifier that %s', async (_what, verify) => {
      const at = world({ name: 'trusting', trust: 'attested', verify });
      const phone = await signedIn(at, device);
      const answer = await phone.attestWithChallenge();
      expect(answer.body).toMatchObject({ code: 'ERR_DEVICE_REFUSED', message: 'the evidence about the device does not hold' });
      expect(JSON.stringify(at.logged)).not.toContain('secret-evidence');
    });

    test('but not blamed on the client if the store is out', async () => {
      const verify = () => Promise.reject(new StoreUnavailableError('out'));
      const phone = await signedIn(world({ name: 'trusting', trust: 'attested', verify }), device);
      expect((await phone.attestWithChallenge()).status).toBe(503);
    });

    test.each([
      ['no name', { name: '' }],
      ['a name that is none', { name: 'A Vendor' }],
      ['a trust that it can not give', { trust: 'bound' }],
      ['nothing to verify with', { verify: undefined }],
    ])('of what is no verifier: %s', async (_what, wrong) => {
      const phone = await signedIn(world({ ...trustingVerifier(), ...wrong } as DeviceVerifier), device);
      const answer = await phone.attestWithChallenge();
      expect(answer.status).toBe(500);
      expect(answer.body.message).toContain('a verifier has a name');
    });
  });

  test('what was said last counts, whatever comes first', async () => {
    const at = world();
    const phone = await signedIn(at, device);
    const [older] = [await at.posture(phone.key)];
    at.clock.advance('10m');
    await phone.assertPosture();
    await phone.attest('posture', older);
    at.clock.advance('55m');
    expect(await phone.trust()).toBe('managed');
  });

  test('verifiers of one name remember together, and apart from others', async () => {
    const counts: (boolean | string | undefined)[] = [];
    const remembering = (name: string): DeviceVerifier => ({
      name,
      trust: 'attested',
      challenge: 'none',
      verify: async (_evidence, { key, now, once, memory }) => {
        const before = await memory.read('x');
        counts.push(
          before,
          await once('x', 1_000),
          await memory.replace('x', before, `${before ?? ''}+`),
          await memory.replace('x', 'wrong', 'lost'),
        );
        return { key, at: now, until: now + 1_000 };
      },
    });
    const at = world(remembering('one'));
    at.verifiers.set('other', remembering('other'));
    const phone = await signedIn(at, device);
    await phone.attest('trusting', '');
    await phone.attest('trusting', '');
    await phone.attest('other', '');
    at.clock.advance('2s');
    await phone.attest('other', '');
    expect(counts).toEqual([undefined, true, true, false, '+', false, true, false, undefined, true, true, false, '+', true, true, false]);
  });
});

async function asBearer(at: ReturnType<typeof attestWorld>, token: string, key: string) {
  const { default: request } = await import('supertest');
  const evidence = `x.${key}`;
  return request(at.app)
    .post('/phone/attest?by=trusting')
    .set('Host', 'phone.example')
    .set('Authorization', `Bearer ${token}`)
    .set('x-evidence', evidence);
}
