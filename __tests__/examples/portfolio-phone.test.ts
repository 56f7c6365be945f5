import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { Phone } from './portfolio-phone.ts';
import { inMemory, inRedis } from './portfolio-world.ts';

describe.each([
  ['memory', inMemory()],
  ['Redis', inRedis()],
])('the phone of the demonstration in %s', (_name, place) => {
  beforeAll(() => place.open());
  afterAll(() => place.close());

  async function onThePhone() {
    const world = await place.world();
    return { ...world, phone: await Phone.signedIn(world) };
  }

  test('the token is bound to the key; a transfer takes a stronger sign-in, which gives a new one', async () => {
    const { app, phone } = await onThePhone();
    await request(app).get('/phone/me').expect(401).expect('WWW-Authenticate', /DPoP/);
    const asked = await phone.call('GET', `/phone/session?for=${encodeURIComponent('/phone/me')}&method=GET`);
    expect(asked.body).toMatchObject({ outcome: 'allow', rule: { idle: { seconds: 90 } } });
    expect((await phone.call('GET', '/phone/me')).body).toEqual({ name: 'Ada Okafor', balance: 120, device: 'bound' });
    const challenged = await phone.call('POST', '/phone/transfer');
    expect(challenged.status).toBe(401);
    expect(challenged.headers['www-authenticate']).toMatch(/^DPoP error="insufficient_user_authentication".*acr_values="aal2"/);
    const before = phone.token;
    const { code } = (await phone.call('POST', '/phone/code')).body;
    expect((await phone.takeToken('/phone/reauthenticate/form?way=code', { code })).status).toBe(200);
    expect(phone.token).not.toBe(before);
    expect((await phone.call('POST', '/phone/transfer')).body).toEqual({ transferred: 20 });
    phone.token = before;
    expect((await phone.call('POST', '/phone/transfer')).status).toBe(401);
  });

  test('the token without the key is refused, and so is a proof that was used', async () => {
    const { phone } = await onThePhone();
    const stolen = await phone.send('GET', '/phone/me', { Authorization: `Bearer ${phone.token}` });
    expect([stolen.status, stolen.body.reason]).toEqual([401, 'device_proof_missing']);
    const headers = await phone.headers('GET', '/phone/me');
    expect((await phone.send('GET', '/phone/me', headers)).status).toBe(200);
    const again = await phone.send('GET', '/phone/me', headers);
    expect([again.status, again.body.reason]).toEqual([401, 'device_proof_invalid']);
    expect((await phone.call('GET', '/phone/me')).status).toBe(200);
  });

  test('whoever signs in without a key gets nowhere with the token', async () => {
    const { app } = await place.world();
    const { body } = await request(app).post('/phone/login').send({ person: 'ada' }).expect(200);
    expect(body.tokenType).toBe('Bearer');
    const refused = await request(app).get('/phone/me').set('Authorization', `Bearer ${body.token}`).expect(403);
    expect(refused.body.reason).toBe('device_trust_insufficient');
  });

  test('a new token takes the place of the old one, with the same limits', async () => {
    const { phone, advance } = await onThePhone();
    const before = phone.token;
    expect((await phone.takeToken('/phone/token')).body).toEqual({ token: expect.any(String), tokenType: 'DPoP' });
    expect(phone.token).not.toBe(before);
    expect((await phone.call('GET', '/phone/me')).status).toBe(200);
    advance('6s');
    phone.token = before;
    expect((await phone.call('GET', '/phone/me')).status).toBe(401);
  });

  test('idles out, signs out, and is nothing to the shop', async () => {
    const { app, phone, advance } = await onThePhone();
    await request(app).get('/shop/account').set('Authorization', `DPoP ${phone.token}`).expect(401);
    advance('91s');
    expect((await phone.call('GET', '/phone/me')).body.reason).toBe('idle_timeout');
    await phone.signIn();
    expect((await phone.call('POST', '/phone/logout')).body).toEqual({ signedOut: true });
    expect((await phone.call('GET', '/phone/me')).body.reason).toBe('signed_out');
  });

  test('a service account is refused, in JSON', async () => {
    const { app } = await place.world();
    const refused = await request(app).post('/phone/login').set('Accept', 'application/json').send({ person: 'nightly' }).expect(403);
    expect(refused.body.code).toBe('ERR_SUBJECT_KIND');
  });

  describe('without a connection', () => {
    test('visits that were done under the lease count, once', async () => {
      const { phone, advance } = await onThePhone();
      const lease = await phone.lease();
      expect(lease.scopes).toEqual(['visits:write']);
      expect(lease.expiresAt - lease.issuedAt).toBe(60_000);
      advance('50s');
      const { body } = await phone.bringBack(lease, 2);
      expect(body).toMatchObject({ outcome: 'settled', actions: [{ outcome: 'accepted', action: { visit: 1 } }, { outcome: 'accepted' }] });
      const { body: again } = await phone.bringBack(lease, 2);
      expect(again).toMatchObject({ outcome: 'settled', actions: [{ outcome: 'accepted_before' }, { outcome: 'accepted_before' }] });
    });

    test('what is brought back after the minute is refused, with a report', async () => {
      const { phone, advance } = await onThePhone();
      const lease = await phone.lease();
      advance('61s');
      const { status, body } = await phone.bringBack(lease, 1);
      expect([status, body.outcome, body.reason]).toEqual([200, 'refused', 'lease_overdue']);
      expect(body.actions).toEqual([expect.objectContaining({ outcome: 'refused', reason: 'lease_overdue' })]);
    });

    test('and so is that of a session which its owner has ended meanwhile, in the shop', async () => {
      const { phone, browser, ...world } = await onThePhone();
      const lease = await phone.lease();
      const shopper = browser();
      await shopper.signIn('shop');
      const [session] = (await world.sessions.list({ app: 'phone' })).map(({ handle }) => handle);
      expect((await shopper.open('/shop/account')).text).toContain(`value="${session}"`);
      await shopper.press('/shop/session/sessions/end', { session: session as string }, '/shop/account').expect(303);
      const refused = await phone.bringBack(lease, 1);
      expect([refused.status, refused.body.reason]).toEqual([401, 'session_revoked']);
      await phone.signIn();
      const { body } = await phone.bringBack(lease, 1);
      expect([body.outcome, body.reason]).toEqual(['refused', 'lease_revoked']);
    });

    test('another phone of the same person brings nothing of it back', async () => {
      const { phone, ...world } = await onThePhone();
      const lease = await phone.lease();
      const other = await Phone.signedIn(world);
      expect((await other.bringBack(lease, 1)).body).toMatchObject({ outcome: 'refused', reason: 'lease_foreign' });
    });
  });
});
