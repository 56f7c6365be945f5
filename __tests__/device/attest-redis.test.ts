import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type DeviceVerifier, redisStore } from '../../lib/index.ts';
import { appAttest } from '../../lib/proofs/attestation/app-attest.ts';
import { clientDataHash } from '../proofs/attestation/evidence-context.ts';
import { SoftwareAuthority } from '../proofs/attestation/software-authority.ts';
import { softwareIphone } from '../proofs/attestation/software-iphone.ts';
import { expressVersions } from '../support/express.ts';
import { openRedis, type SharedRedis } from '../support/redis.ts';
import { AttestClient, signedIn } from './attest-client.ts';
import { type AttestWorld, attestWorld, trustingVerifier } from './attest-world.ts';
import { dpopDevice } from './dpop-device.ts';

const [, express] = expressVersions[0] as (typeof expressVersions)[number];
const authority = await SoftwareAuthority.at(Date.now());
const apple = appAttest({ teamId: 'ABCDE12345', bundleId: 'com.example.app', roots: authority.root.pem });

let redis: SharedRedis;
const worlds: AttestWorld[] = [];

beforeAll(async () => {
  redis = await openRedis();
  worlds.push(node(), node());
});
afterAll(async () => {
  await Promise.all(worlds.map(({ store }) => store.close()));
  await redis.stop();
});

/** A node of a site: it shares the Redis and the secret with the others, and nothing else. */
function node(): AttestWorld {
  const store = redisStore({ client: redis.client(), prefix: redis.prefix, deadline: 5_000 });
  const world = attestWorld(express, { store, clock: { now: Date.now, advance: () => Date.now() } });
  world.verifiers.set('trusting', trustingVerifier());
  const inHeader: DeviceVerifier = { ...apple, verify: (evidence, context) => apple.verify(JSON.parse(evidence as string), context) };
  world.verifiers.set('app-attest', inHeader);
  return world;
}

/** The same phone, at both nodes. */
async function phoneAtBoth(): Promise<readonly [AttestClient, AttestClient]> {
  const [one, other] = worlds as [AttestWorld, AttestWorld];
  const first = await signedIn(one, await dpopDevice());
  const second = new AttestClient(other, first.device);
  second.token = first.token;
  return [first, second];
}

describe('two nodes on one Redis', () => {
  test('take a challenge that either gave out, once', async () => {
    const [first, second] = await phoneAtBoth();
    const evidence = `${await first.challenge()}.${first.key}`;
    const answers = await Promise.all([first, second, first, second].map((phone) => phone.attest('trusting', evidence)));
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 403, 403, 403]);
    expect([await first.trust(), await second.trust()]).toEqual(['attested', 'attested']);
  });

  test('know the keys of App Attest that either has seen, and their counters', async () => {
    const [first, second] = await phoneAtBoth();
    const iphone = await softwareIphone(authority, 'ABCDE12345.com.example.app');
    const evidence = async (client: AttestClient, make: (hash: Buffer) => Promise<Buffer> | Buffer, name: string) => {
      const about = clientDataHash({ challenge: await client.challenge(), key: client.key });
      const made = await make(about);
      return JSON.stringify({ keyId: iphone.keyId.toString('base64'), [name]: made.toString('base64') });
    };
    const attestation = await evidence(first, (hash) => iphone.attest(hash), 'attestation');
    expect((await first.attest('app-attest', attestation)).body.trust).toBe('attested');
    const assertion = await evidence(second, (hash) => iphone.assert(hash, { counter: 5 }), 'assertion');
    expect((await second.attest('app-attest', assertion)).body.trust).toBe('attested');
    const old = await evidence(first, (hash) => iphone.assert(hash, { counter: 5 }), 'assertion');
    expect((await first.attest('app-attest', old)).status).toBe(403);
  });

  test('act on a report that either gets', async () => {
    const [first, second] = await phoneAtBoth();
    const [, other] = worlds as [AttestWorld, AttestWorld];
    expect((await first.assertPosture()).body.trust).toBe('managed');
    const before = await other.posture(first.key);
    expect(await second.trust()).toBe('managed');
    expect(await other.sessions.devices.report({ key: first.key, compliant: false })).toBe(1);
    expect([await first.trust(), (await first.attest('posture', before)).status]).toEqual(['bound', 403]);
    expect(await other.sessions.devices.report({ key: first.key, compliant: false, end: true })).toBe(1);
    expect((await first.send('GET', '/phone/me')).body.reason).toBe('session_revoked');
  });

  test('whatever meets, no session stays managed that was reported', async () => {
    const [one, other] = worlds as [AttestWorld, AttestWorld];
    for (let round = 0; round < 10; round += 1) {
      const [first, second] = await phoneAtBoth();
      const report = () => other.sessions.devices.report({ key: first.key, compliant: false });
      await Promise.all([first.assertPosture(), report(), second.assertPosture()]);
      expect(await first.trust()).toBe('bound');
      expect((await first.attest('posture', await one.posture(first.key))).status).toBe(403);
    }
  });

  test('what is remembered can not be written by whoever can write to Redis', async () => {
    const [first] = await phoneAtBoth();
    const [one] = worlds as [AttestWorld];
    const seen: (string | undefined)[] = [];
    const remembering = (id: string): DeviceVerifier => ({
      name: 'remembering',
      trust: 'attested',
      challenge: 'none',
      verify: async (_evidence, { key, now, memory }) => {
        seen.push(await memory.read(id));
        await memory.replace(id, undefined, `known ${id}`);
        return { key, at: now, until: now + 1_000 };
      },
    });
    const client = redis.client();
    const places: string[] = [];
    const remember = async (id: string): Promise<void> => {
      one.verifiers.set('remembering', remembering(id));
      await first.attest('remembering', '');
      const keys = await client.keys(`${redis.prefix}*evidence.*:known`);
      places.push(...keys.filter((key) => !places.includes(key)));
    };
    await remember('of others');
    places.length = 0;
    places.push(...(await client.keys(`${redis.prefix}*evidence.*:known`)));
    const count = places.length;
    await remember('mine');
    await remember('yours');
    const [mine = '', yours = ''] = places.slice(count);
    expect(await client.get(mine)).not.toContain('known');
    // What was noted of the one, in the place of the other: it says nothing there.
    await client.set(yours, (await client.get(mine)) as string);
    await remember('yours');
    await remember('mine');
    expect(seen).toEqual([undefined, undefined, undefined, undefined, 'known mine']);
  });
});
