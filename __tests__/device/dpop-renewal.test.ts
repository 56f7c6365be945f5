import { beforeEach, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { expressVersions } from '../support/express.ts';
import { dpopDevice } from './dpop-device.ts';
import { DpopClient, dpopWorld, type DpopWorld, HOST } from './dpop-world.ts';

const keys = await Promise.all([dpopDevice(), dpopDevice()]);

describe.each(expressVersions)('%s', (_name, express) => {
  let world: DpopWorld;
  let phone: DpopClient;
  let token: string;

  beforeEach(async () => {
    world = dpopWorld(express);
    phone = new DpopClient(world, keys[0] as (typeof keys)[number]);
    token = await phone.signIn();
  });

  test('gives another token for the same session, bound to the same key', async () => {
    const { body, headers } = await phone.send('POST', '/phone/renew', { token });
    expect(body).toMatchObject({ tokenType: 'DPoP', subject: { id: 'ada', kind: 'user' } });
    expect(body.token).not.toBe(token);
    expect(headers['cache-control']).toBe('no-store');
    expect((await phone.send('GET', '/phone/me', { token: body.token })).body.key).toBe(phone.device.thumbprint);
    const other = new DpopClient(world, keys[1] as (typeof keys)[number]);
    expect((await other.send('GET', '/phone/me', { token: body.token })).status).toBe(401);
    expect(await world.sessions.list({ subject: 'ada' })).toHaveLength(1);
    expect(world.events.filter(({ type }) => type === 'renewed')).toMatchObject([{ subject: { id: 'ada' }, outcome: 'allow' }]);
  });

  test('the old token answers reads for five seconds, and nothing else', async () => {
    const { body } = await phone.send('POST', '/phone/renew', { token });
    expect((await phone.send('GET', '/phone/me', { token })).status).toBe(200);
    for (const path of ['/phone/me', '/phone/renew', '/phone/logout', '/phone/confirm']) {
      expect((await phone.send('POST', path, { token })).status).toBe(401);
    }
    world.clock.advance(4_999);
    expect((await phone.send('GET', '/phone/me', { token })).status).toBe(200);
    world.clock.advance(2);
    expect((await phone.send('GET', '/phone/me', { token })).status).toBe(401);
    expect((await phone.send('GET', '/phone/me', { token: body.token })).status).toBe(200);
  });

  test('of two renewals at the same time one makes a token, and that one is good', async () => {
    const answers = await Promise.all([1, 2].map(() => phone.send('POST', '/phone/renew', { token })));
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 401]);
    const made = answers.find(({ status }) => status === 200)?.body.token as string;
    expect((await phone.send('GET', '/phone/me', { token: made })).status).toBe(200);
  });

  test('no limit begins anew, nor what was confirmed', async () => {
    const confirmed = (await phone.send('POST', '/phone/confirm', { token })).body;
    world.clock.advance('4m');
    const renewed = (await phone.send('POST', '/phone/renew', { token: confirmed.token })).body;
    expect(renewed.expiresAt).toBe(confirmed.expiresAt);
    expect((await phone.send('POST', '/phone/transfer', { token: renewed.token })).status).toBe(200);
    world.clock.advance('61s');
    expect((await phone.send('POST', '/phone/transfer', { token: renewed.token })).body.reason).toBe('reauthentication_required');
  });

  test('a chain of renewals ends with the absolute limit', async () => {
    let current = token;
    for (let half = 1; half < 48; half += 1) {
      world.clock.advance('30m');
      current = (await phone.send('POST', '/phone/renew', { token: current })).body.token;
    }
    world.clock.advance('30m');
    expect((await phone.send('POST', '/phone/renew', { token: current })).body.reason).toBe('absolute_timeout');
  });

  test('needs a session, and the proof of its key', async () => {
    expect((await phone.send('POST', '/phone/renew')).status).toBe(401);
    expect((await phone.send('POST', '/phone/renew', { token, proof: null, scheme: 'Bearer' })).status).toBe(401);
    await world.sessions.revoke({ subject: 'ada' });
    expect((await phone.send('POST', '/phone/renew', { token })).body.reason).toBe('session_revoked');
  });

  test('a token that is bound to no key has one, too', async () => {
    const bearer = (path: string, text?: string) => {
      const asked = request(world.app).post(path).set('Host', HOST);
      return text === undefined ? asked : asked.set('Authorization', `Bearer ${text}`);
    };
    const { body } = await bearer('/phone/login');
    const renewed = await bearer('/phone/renew', body.token).expect(200);
    expect(renewed.body.tokenType).toBe('Bearer');
    await bearer('/phone/me', renewed.body.token).expect(200);
    await bearer('/phone/me', body.token).expect(401);
  });

  test('ending the new one ends the old one with it', async () => {
    const { body } = await phone.send('POST', '/phone/renew', { token });
    expect((await phone.send('POST', '/phone/logout', { token: body.token })).status).toBe(200);
    expect((await phone.send('GET', '/phone/me', { token })).status).toBe(401);
    expect((await phone.send('GET', '/phone/me', { token: body.token })).status).toBe(401);
  });

  test('is not for profiles with cookies', async () => {
    const agent = request.agent(world.app);
    await agent.post('/desk/login').expect(200);
    expect((await agent.post('/desk/renew').expect(500)).body).toEqual({ code: 'TypeError' });
    expect((await agent.get('/desk/me').expect(200)).body.subject).toBe('ada');
  });
});

describe.each(expressVersions)('the header transport on %s', (_name, express) => {
  test('reads and sets no cookie, and takes requests of any site, which have no token', async () => {
    const world = dpopWorld(express);
    const { body } = await request(world.app).post('/phone/login').set('Host', HOST).expect(200);
    const foreign = { Host: HOST, Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' };
    const ask = () => request(world.app).post('/phone/me').set(foreign);
    const answer = await ask().set('Authorization', `Bearer ${body.token}`).expect(200);
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(answer.headers['cache-control']).toBe('no-store');
    for (const name of ['phone.session', '__Host-phone.session']) await ask().set('Cookie', `${name}=s:${body.token}`).expect(401);
    await ask().expect(401);
  });
});
