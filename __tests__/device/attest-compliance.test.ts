import { describe, expect, test } from '@jest/globals';
import { type ComplianceReport, memoryStore } from '../../lib/index.ts';
import { manualClock } from '../../lib/testing/manual-clock.ts';
import { expressVersions } from '../support/express.ts';
import { type AttestClient, signedIn } from './attest-client.ts';
import { type AttestWorld, attestWorld, trustingVerifier } from './attest-world.ts';
import { dpopDevice } from './dpop-device.ts';

const [, express] = expressVersions[0] as (typeof expressVersions)[number];
const OLD = 'the-older-secret-of-tests-0123456789-abcdef';
const NEW = 'the-newer-secret-of-tests-0123456789-abcdef';
const [device, otherDevice] = await Promise.all([dpopDevice(), dpopDevice()]);

function world(options: Parameters<typeof attestWorld>[1] = {}): AttestWorld {
  const made = attestWorld(express, options);
  made.verifiers.set('trusting', trustingVerifier());
  return made;
}

/** One that is attested and managed. */
async function managed(at: AttestWorld, key = device, as?: string): Promise<AttestClient> {
  const phone = await signedIn(at, key, as);
  await phone.attestWithChallenge();
  expect((await phone.assertPosture()).body.trust).toBe('managed');
  return phone;
}

describe('a device that is reported', () => {
  test('is managed no more, in all its sessions, at once; what else is known of it stays', async () => {
    const at = world();
    const [one, two, other] = [await managed(at), await managed(at), await managed(at, otherDevice)];
    expect(await at.sessions.devices.report({ key: device.thumbprint, compliant: false })).toBe(2);
    expect([await one.trust(), await two.trust(), await other.trust()]).toEqual(['attested', 'attested', 'managed']);
    expect((await one.send('GET', '/phone/managed')).status).toBe(403);
  });

  test('loses its sessions where that is asked, with a reason', async () => {
    const at = world();
    const [one, two, other] = [await managed(at), await signedIn(at, device), await managed(at, otherDevice)];
    expect(await at.sessions.devices.report({ key: device.thumbprint, compliant: false, end: true })).toBe(2);
    for (const phone of [one, two]) {
      const answer = await phone.send('GET', '/phone/me');
      expect([answer.status, answer.body.reason]).toEqual([401, 'session_revoked']);
    }
    expect(await other.trust()).toBe('managed');
  });

  test('is told to whoever keeps the evidence, once for each session', async () => {
    const at = world();
    await managed(at);
    await signedIn(at, device);
    at.events.length = 0;
    await at.sessions.devices.report({ key: device.thumbprint, compliant: false, end: true });
    await new Promise(setImmediate);
    const about = at.events.map(({ type, outcome, reason, subject, app, device: evidence }) => ({
      type,
      outcome,
      reason,
      subject: subject?.id,
      app,
      evidence,
    }));
    const reported = {
      type: 'device',
      outcome: 'deny',
      reason: 'device_trust_insufficient',
      subject: 'ada',
      app: 'phone',
      evidence: { action: 'non_compliant', handle: device.thumbprint },
    };
    const revoked = { type: 'revoked', outcome: 'allow', reason: 'session_revoked', subject: 'ada', app: 'phone', evidence: undefined };
    expect(about).toHaveLength(4);
    expect(about).toEqual(expect.arrayContaining([reported, revoked]));
    expect(about.filter(({ type }) => type === 'device')).toEqual([reported, reported]);
  });

  test('and that nobody has used is about no session', async () => {
    const at = world();
    expect(await at.sessions.devices.report({ key: device.thumbprint, compliant: false })).toBe(0);
    expect(await at.sessions.devices.report({ key: device.thumbprint, compliant: false, end: true })).toBe(0);
  });

  test('is found in sessions from before the secret was changed', async () => {
    const clock = manualClock();
    const store = memoryStore({ clock: clock.now });
    const before = world({ store, clock, secret: OLD });
    const old = await managed(before);
    const after = world({ store, clock, secret: [NEW, OLD] });
    const young = await managed(after);
    expect(await after.sessions.devices.report({ key: device.thumbprint, compliant: false })).toBe(2);
    expect([await old.trust(), await young.trust()]).toEqual(['attested', 'attested']);
  });
});

describe('what was said before the report', () => {
  test('is refused after it, and what is said after it is taken', async () => {
    const at = world();
    const phone = await managed(at);
    const before = await at.posture(phone.key);
    at.clock.advance('10m');
    await at.sessions.devices.report({ key: phone.key, compliant: false });
    const refused = await phone.attest('posture', before);
    expect([refused.status, refused.body.cause]).toEqual([403, 'use_fresh_attestation']);
    expect(await phone.trust()).toBe('attested');
    at.clock.advance('2m');
    expect((await phone.assertPosture()).body.trust).toBe('managed');
  });

  test('may be dated up to a minute after it: the clock of the device manager may be ahead', async () => {
    const at = world();
    const phone = await managed(at);
    await at.sessions.devices.report({ key: phone.key, compliant: false });
    at.clock.advance('60s');
    expect((await phone.assertPosture()).status).toBe(403);
    at.clock.advance('1s');
    expect((await phone.assertPosture()).status).toBe(200);
  });

  test('is nothing to a later session either, nor once the device was reported again', async () => {
    const at = world();
    await managed(at);
    const before = await at.posture(device.thumbprint);
    await at.sessions.devices.report({ key: device.thumbprint, compliant: false });
    at.clock.advance('5m');
    const later = await signedIn(at, device);
    expect((await later.attest('posture', before)).status).toBe(403);
    const between = await at.posture(device.thumbprint);
    expect((await later.attest('posture', between)).status).toBe(200);
    at.clock.advance('5m');
    await at.sessions.devices.report({ key: device.thumbprint, compliant: false });
    expect((await later.attest('posture', between)).status).toBe(403);
  });
});

describe('a report at the same moment as an assertion', () => {
  const report = { key: device.thumbprint, compliant: false } as const;

  /** Does something once, at the moment at which a session is to become managed: before that is stored, or after. */
  function meeting(when: 'before' | 'after') {
    const at = world();
    const original = at.store.changeDevice.bind(at.store);
    const moment = { happens: async (): Promise<unknown> => undefined };
    at.store.changeDevice = async (ref, from, to) => {
      const { happens } = moment;
      if (to?.managed === undefined) return original(ref, from, to);
      moment.happens = async () => undefined;
      if (when === 'before') await happens();
      const result = await original(ref, from, to);
      if (when === 'after') await happens();
      return result;
    };
    return { at, moment };
  }

  test.each(['before', 'after'] as const)('wins, if it comes just %s that is stored', async (when) => {
    const { at, moment } = meeting(when);
    const phone = await signedIn(at, device);
    const reports: Promise<number>[] = [];
    moment.happens = async () => reports.push(at.sessions.devices.report(report)) && reports[0];
    const answer = await phone.assertPosture();
    expect(reports).toHaveLength(1);
    expect(answer.status).toBe(403);
    expect(await phone.trust()).toBe('bound');
    expect((await phone.send('GET', '/phone/managed')).status).toBe(403);
  });

  test('finds a session that gets another id meanwhile', async () => {
    const at = world();
    const phone = await managed(at);
    const original = at.store.list.bind(at.store);
    let isFirst = true;
    at.store.list = async (tag) => {
      const listed = await original(tag);
      if (isFirst) {
        isFirst = false;
        await phone.confirm();
      }
      return listed;
    };
    expect(await at.sessions.devices.report(report)).toBe(1);
    expect(await phone.trust()).toBe('attested');
  });

  test('and another report, both count', async () => {
    const at = world();
    const phone = await managed(at);
    expect(await Promise.all([at.sessions.devices.report(report), at.sessions.devices.report(report)])).toEqual([1, 1]);
    expect(await phone.trust()).toBe('attested');
  });
});

test.each([
  [{ key: device.thumbprint, compliant: true }],
  [{ key: device.thumbprint }],
  [{ key: 'short', compliant: false }],
  [{ key: `${device.thumbprint}:x`, compliant: false }],
  [{ key: device.thumbprint, compliant: false, end: 'yes' }],
  [{ key: device.thumbprint, compliant: false, trust: 'managed' }],
  [undefined],
])('%#: what is no report is refused, and raises nothing', async (wrong) => {
  const at = world();
  const phone = await signedIn(at, device);
  await expect(at.sessions.devices.report(wrong as ComplianceReport)).rejects.toThrow('a report is');
  expect(await phone.trust()).toBe('bound');
});
