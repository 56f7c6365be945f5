import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { CompactSign, exportJWK } from 'jose';
import request, { type Response } from 'supertest';
import type { Express } from 'express';
import { definePolicy, type DeviceVerifier, memoryStore, sessionPolicy } from '../../lib/index.ts';
import { changeDevice } from '../../lib/express/device/change-device.ts';
import type { SessionDevice } from '../../lib/policy/device.ts';
import type { ProfileDocument } from '../../lib/policy/document.ts';
import { dbscKey } from '../../lib/proofs/dbsc-key.ts';
import { verifyRegistration } from '../../lib/proofs/dbsc-proof.ts';
import { manualClock } from '../../lib/testing/manual-clock.ts';
import { SECRET as PORTFOLIO_SECRET } from '../express/portfolio.ts';
import { expressVersions } from '../support/express.ts';
import { dbscPolicy, dbscWorld } from './dbsc-world.ts';
import { knownWorld, OLD_SECRET, SECRET, Visitor } from './known-world.ts';
import { authority, mtlsWorld } from './mtls-world.ts';
import { challengeOf, SoftwareBrowser } from './software-browser.ts';
import { enrolledWorkstation, type Workstation, workstationWorld } from './workstation-world.ts';

const SESSION = '__Host-shop.session';
const NO_END = { idleMs: undefined, absoluteMs: undefined };

/** Somebody with a copy of a session cookie, and a key of their own. */
function thiefOf(app: Express, victim: SoftwareBrowser): SoftwareBrowser {
  const thief = new SoftwareBrowser(app, '/shop');
  thief.cookies.set(SESSION, victim.cookies.get(SESSION) as string);
  return thief;
}

describe.each(expressVersions)('attacks on %s', (_name, express) => {
  describe('a cookie that is stolen from a session without a key, as in a browser that makes none', () => {
    async function usedForAnHour() {
      const { app, clock, sessions } = dbscWorld(express);
      const victim = new SoftwareBrowser(app, '/shop');
      await victim.signIn();
      for (let minutes = 0; minutes < 60; minutes += 10) {
        clock.advance('10m');
        expect((await victim.get('/files')).status).toBe(200);
      }
      return { app, clock, sessions, victim };
    }

    test('is not made a bound session by the thief', async () => {
      const { app, victim } = await usedForAnHour();
      const thief = thiefOf(app, victim);
      const demand = await thief.get('/bound');
      expect([demand.status, demand.body.reason]).toEqual([403, 'device_trust_insufficient']);
      expect(demand.headers['secure-session-registration']).toBeUndefined();
      thief.challenge = challengeOf(demand) ?? '';
      expect((await thief.register()).status).toBe(403);
      expect((await thief.get('/bound')).status).toBe(403);
    });

    test('nor when a new policy asks running sessions for a key', async () => {
      const { app, victim, sessions } = await usedForAnHour();
      const { document } = dbscPolicy;
      const asksForAKey: ProfileDocument = { ...document.profiles['public'], device: { trust: 'bound' } };
      const profiles: Readonly<Record<string, ProfileDocument>> = { ...document.profiles, public: asksForAKey };
      sessions.reload(definePolicy({ ...document, profiles }));
      expect((await thiefOf(app, victim).get('/files')).headers['secure-session-registration']).toBeUndefined();
    });

    test('and its owner is told to sign in again, which gets them a key', async () => {
      const { victim } = await usedForAnHour();
      const page = await victim.visit('/bound');
      expect([page.status, page.text.includes('a short while after you have signed in')]).toEqual([403, true]);
      expect(page.text).toContain('href="/shop/login?return_to=');
      await victim.signIn();
      victim.challenge = challengeOf(await victim.get('/bound')) as string;
      await victim.register();
      expect((await victim.get('/bound')).status).toBe(200);
    });

    test('a confirmation that was long ago is none', async () => {
      const { clock, victim } = await usedForAnHour();
      await victim.post('/confirm');
      expect((await victim.get('/bound')).headers['secure-session-registration']).toBeDefined();
      clock.advance('15m');
      expect((await victim.get('/bound')).headers['secure-session-registration']).toBeDefined();
      clock.advance(1);
      expect((await victim.get('/bound')).headers['secure-session-registration']).toBeUndefined();
    });
  });

  describe('what a client sends as the handle of a device', () => {
    test.each([[SECRET], [[SECRET, OLD_SECRET]]])('goes no further if it is none (%#)', async (secret) => {
      const visitor = new Visitor(knownWorld(express, { secret }).app, 'shop');
      await visitor.signIn();
      for (const handle of ['x', 'a'.repeat(65), '%0d%0a', '../..', '{x}:y', '*']) {
        const answer = await visitor.post(`forget?device=${handle}`);
        expect([handle, answer.status, answer.body]).toEqual([handle, 200, { done: false, trust: 'none' }]);
      }
      expect((await visitor.post('forget')).status).toBe(200);
    });
  });

  test('challenges for evidence do not push enrolled devices out of the book', async () => {
    const { app, sessions, advance } = knownWorld(express, {
      mount: (mounted) => {
        mounted.post('/shop/challenge', (req, res, next) => {
          req.sessionPolicy.device.challenge().then(() => void res.end(), next);
        });
      },
    });
    for (let count = 0; count < 20; count += 1) {
      await advance('2m');
      const visitor = new Visitor(app, 'shop');
      await visitor.signIn();
      await visitor.enrol();
      expect((await visitor.post('challenge')).status).toBe(200);
    }
    expect(await sessions.devices.list({ id: 'ada', kind: 'user' })).toHaveLength(20);
  });

  describe('a certificate', () => {
    const manager: DeviceVerifier = {
      name: 'manager',
      trust: 'managed',
      challenge: 'none',
      verify: async (_evidence, { key, now }) => ({ key, at: now, until: now + 3_600_000 }),
    };

    test('of a kiosk that is reported takes the trust from whoever works there', async () => {
      const { app, sessions } = kioskWorld(express, manager);
      const { header } = authority.issue('kiosk');
      const people = await Promise.all(['ann', 'bob'].map(async (who) => jar(await send(app, header, 'post', `/desk/login?who=${who}`))));
      const trusts = async () => Promise.all(people.map(async (cookie) => (await send(app, header, 'post', '/desk/trust', cookie)).text));
      for (const cookie of people) expect((await send(app, header, 'post', '/desk/attest', cookie)).text).toBe('managed');
      const key = (await send(app, header, 'post', '/desk/key', people[0])).text;
      expect(await sessions.devices.report({ key, compliant: false })).toBe(2);
      expect(await trusts()).toEqual(['bound', 'bound']);
      expect(await sessions.devices.report({ key, compliant: false, end: true })).toBe(2);
      expect((await send(app, header, 'post', '/desk/trust', people[1])).status).toBe(401);
    });

    test('of somebody who acts as another stays their own', async () => {
      const { app } = kioskWorld(express, manager);
      const { header } = authority.issue('support');
      const impersonated = await send(app, header, 'post', '/web/login?who=ann&how=impersonated');
      expect([impersonated.status, impersonated.text]).toEqual([200, 'bound']);
      expect((await send(app, header, 'post', '/web/login?who=support')).status).toBe(200);
      expect((await send(app, header, 'post', '/web/login?who=ann&how=impersonated')).status).toBe(200);
      expect((await send(app, header, 'post', '/web/login?who=mallory')).text).toBe('ERR_DEVICE_FOREIGN');
    });
  });
});

describe.each(expressVersions)('the session cookie of a workstation on %s', (_name, express) => {
  const copied = (from: Workstation, to: Workstation, app = 'desk'): void => {
    to.cookies.set(`${app}.session`, from.cookies.get(`${app}.session`) as string);
  };

  test('opens nothing on another one, and is not ended by that', async () => {
    const world = workstationWorld(express);
    const [{ workstation: here }, { workstation: there }] = [await enrolledWorkstation(world), await enrolledWorkstation(world)];
    await here.post('/desk/login?who=ann');
    copied(here, there);
    expect(await there.get('/desk')).toMatchObject({
      status: 401,
      body: { reason: 'device_proof_missing', reauthenticate: '/desk/login' },
    });
    const page = await there.get('/desk', { Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate' });
    expect([page.status, page.headers['location']]).toEqual([303, '/desk/login']);
    expect((await there.get('/desk/poster')).body).toEqual({ who: 'nobody', trust: 'none' });
    expect((await there.post('/desk/logout')).status).toBe(401);
    expect((await here.get('/desk')).body).toEqual({ who: 'ann', trust: 'known' });
    expect((await there.post('/desk/login?who=bob')).body).toEqual({ who: 'bob', trust: 'known' });
    expect((await here.get('/desk')).body).toEqual({ who: 'ann', trust: 'known' });
  });

  test('opens no page for workstations on another one, where the rest of the app is for any device', async () => {
    const world = workstationWorld(express);
    const [{ workstation: here }, { workstation: there }] = [
      await enrolledWorkstation(world, 'hall'),
      await enrolledWorkstation(world, 'hall'),
    ];
    await here.post('/hall/login?who=ann');
    copied(here, there, 'hall');
    expect((await there.get('/hall')).body).toEqual({ who: 'ann', trust: 'none' });
    expect(await there.get('/hall/files')).toMatchObject({ status: 403, body: { reason: 'device_trust_insufficient' } });
    expect((await here.get('/hall/files')).body).toEqual({ who: 'ann', trust: 'known' });
  });

  test('brings nothing along that a visitor left before signing in', async () => {
    const world = workstationWorld(express);
    const [{ workstation: here }, { workstation: there }] = [await enrolledWorkstation(world), await enrolledWorkstation(world)];
    expect((await here.post('/desk/remember?note=mine')).text).toBe('mine');
    expect((await here.post('/desk/remember')).text).toBe('mine');
    copied(here, there);
    expect((await there.post('/desk/remember')).text).toBe('');
  });
});

describe('a session whose device others change all the time', () => {
  const session = { app: 'shop', profile: 'web', tag: 't'.repeat(16), digest: 'd'.repeat(43) };
  const device = (letter: string): SessionDevice => ({ binding: { by: 'dbsc', key: letter.repeat(43), provenAt: 1 } });

  test('is not over: whoever gives up is told to try again', async () => {
    const store = memoryStore();
    await store.create(session, { subject: { id: 'ann', kind: 'user' }, fresh: true, level: 'aal1', methods: [], data: '{}' }, NO_END);
    const changeOne = store.changeDevice.bind(store);
    let known: SessionDevice | undefined;
    store.changeDevice = async function overtaken(ref, from, to) {
      const letter = known?.binding?.key[0] === 'a' ? 'b' : 'a';
      await changeOne(ref, known, device(letter));
      known = device(letter);
      return changeOne(ref, from, to);
    };
    const attempt = changeDevice(store, session, undefined, () => device('z'));
    await expect(attempt).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE', status: 503 });
    expect((await store.read(session)).record?.device).toEqual(known);
  });

  test('is over when it is', async () => {
    const store = memoryStore();
    await expect(changeDevice(store, session, undefined, () => device('z'))).rejects.toMatchObject({ code: 'ERR_SESSION_ENDED' });
  });
});

describe('a certificate in a header', () => {
  test.each([undefined, 1, 2])('is taken from no proxy that is only counted (trustProxy: %p)', (trustProxy) => {
    const options = { clientCertHeader: true, ...(trustProxy === undefined ? {} : { trustProxy }) };
    expect(() => mtlsWorld(() => ({}) as never, options)).toThrow(/clientCertHeader: true needs a trustProxy that names the proxies/);
  });
});

describe('a key that is dear to verify with', () => {
  const modulus = (bytes: number): string => Buffer.concat([Buffer.from([0x81]), randomBytes(bytes - 1)]).toString('base64url');

  test.each([255, 513, 2_048])('of %i bytes is no key of a browser', (bytes) => {
    expect(dbscKey('RS256', { kty: 'RSA', n: modulus(bytes), e: 'AQAB' })).toBeUndefined();
    expect(dbscKey('RS256', { kty: 'RSA', n: modulus(256), e: 'AQAB' })).toBeDefined();
    expect(dbscKey('RS256', { kty: 'RSA', n: modulus(512), e: 'AQAB' })).toBeDefined();
  });

  test('is not even tried', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048, publicExponent: 3 });
    const header = { alg: 'RS256', typ: 'dbsc+jwt', jwk: await exportJWK(publicKey) };
    const jwt = await new CompactSign(new TextEncoder().encode('{"jti":"x"}')).setProtectedHeader(header).sign(privateKey);
    expect(await verifyRegistration(jwt)).toBeUndefined();
  });
});

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A kiosk that anybody may use, and staff with devices of their own, behind a proxy that checks certificates. */
function kioskWorld(express: () => Express, verifier: DeviceVerifier) {
  const policy = definePolicy({
    version: 1,
    profiles: { desk: { preset: 'kiosk' }, people: { preset: 'staff-web' } },
    apps: {
      desk: { profile: 'desk', match: { paths: ['/desk'] }, loginUrl: '/desk/login' },
      web: { profile: 'people', match: { paths: ['/web'] }, loginUrl: '/web/login' },
    },
  });
  const clock = manualClock(Date.now());
  const store = memoryStore({ clock: clock.now });
  const proxy = { trustProxy: 'loopback', clientCertHeader: true } as const;
  const sessions = sessionPolicy({ policy, secret: PORTFOLIO_SECRET, store, ...proxy });
  closing.push(() => sessions.close());
  const app = express();
  app.use(sessions);
  for (const at of ['/desk', '/web']) mount(app, at, verifier);
  return { app, sessions };
}

function mount(app: Express, at: string, verifier: DeviceVerifier): void {
  app.post(`${at}/login`, (req, res) => {
    const { who = 'ann', how = 'active' } = req.query as Record<string, string>;
    req.sessionPolicy.signIn({ subject: { id: who, kind: 'user' }, how: how as 'active' }).then(
      () => void res.send(req.sessionPolicy.device.trust),
      (error: { code: string; status: number }) => void res.status(error.status).send(error.code),
    );
  });
  app.post(`${at}/attest`, (req, res, next) => {
    req.sessionPolicy.device.attest(verifier, {}).then((trust) => void res.send(trust), next);
  });
  app.post(`${at}/trust`, (req, res) => void res.send(req.sessionPolicy.device.trust));
  app.post(`${at}/key`, (req, res) => void res.send(req.sessionPolicy.device.key));
}

async function send(app: Express, certificate: string, method: 'post', path: string, cookie = ''): Promise<Response> {
  return request(app)[method](path).set({ 'Client-Cert': certificate, Cookie: cookie });
}

function jar({ headers }: Response): string {
  return ((headers['set-cookie'] ?? []) as unknown as string[]).map((line) => line.split(';')[0]).join('; ');
}
