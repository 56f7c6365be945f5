import { beforeEach, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { expressVersions } from '../support/express.ts';
import { dpopDevice } from './dpop-device.ts';
import { DpopClient, dpopWorld, type DpopWorld, HOST } from './dpop-world.ts';

const key = await dpopDevice();
const OLD_SECRET = 'an-older-secret-for-tests-of-43-characters!';
const NEW_SECRET = 'the-newer-secret-for-tests-of-43-characters';

describe.each(expressVersions)('%s', (_name, express) => {
  let world: DpopWorld;
  let agent: DpopClient;

  beforeEach(() => {
    world = dpopWorld(express);
    agent = new DpopClient(world, key);
  });

  /** The nonce that a proof without one is answered with. */
  async function nonceOf(at: string): Promise<string> {
    const answer = await agent.send('POST', `${at}/login`);
    expect([answer.status, answer.body.reason]).toEqual([401, 'device_nonce_required']);
    expect(answer.headers['www-authenticate']).toMatch(/^DPoP error="use_dpop_nonce", error_description="[^"]+", algs="ES256 /);
    expect(answer.headers['cache-control']).toBe('no-store');
    return answer.headers['dpop-nonce'] as string;
  }

  test('a proof needs the nonce that the refusal brings, and is good with it', async () => {
    const nonce = await nonceOf('/agent');
    expect(nonce).toMatch(/^[\w-]{22}$/);
    const signedIn = await agent.send('POST', '/agent/login', { nonce });
    expect(signedIn.body.tokenType).toBe('DPoP');
    const { token } = signedIn.body;
    expect((await agent.send('GET', '/agent/me', { token, nonce })).status).toBe(200);
    expect((await agent.send('GET', '/agent/me', { token })).body.reason).toBe('device_nonce_required');
  });

  test('a proof that was refused for its nonce has not been used up', async () => {
    const token = await agent.signIn('/agent');
    const claims = { jti: 'the-same-each-time' };
    const refused = await agent.send('GET', '/agent/me', { token, changes: { claims } });
    const nonce = refused.headers['dpop-nonce'] as string;
    expect((await agent.send('GET', '/agent/me', { token, nonce, changes: { claims } })).status).toBe(200);
  });

  test('it is good for its minute and the next, and answers bring the new one in time', async () => {
    const nonce = await nonceOf('/agent');
    const signedIn = await agent.send('POST', '/agent/login', { nonce });
    expect(signedIn.headers['dpop-nonce']).toBeUndefined();
    const { token } = signedIn.body;
    world.clock.advance('60s');
    const later = await agent.send('GET', '/agent/me', { token, nonce });
    const renewed = later.headers['dpop-nonce'] as string;
    expect([later.status, later.headers['cache-control']]).toEqual([200, 'no-store']);
    expect(renewed).not.toBe(nonce);
    world.clock.advance('59s');
    expect((await agent.send('GET', '/agent/me', { token, nonce })).status).toBe(200);
    expect((await agent.send('GET', '/agent/me', { token, nonce: renewed })).headers['dpop-nonce']).toBeUndefined();
    world.clock.advance('1s');
    const tooLate = await agent.send('GET', '/agent/me', { token, nonce });
    expect([tooLate.status, tooLate.body.reason]).toEqual([401, 'device_nonce_required']);
    expect((await agent.send('GET', '/agent/me', { token, nonce: renewed })).status).toBe(200);
  });

  test('that of another app is none, nor is what a client made up', async () => {
    const foreign = await nonceOf('/robot');
    for (const nonce of [foreign, 'x'.repeat(22), 'ä'.repeat(22), '', `${await nonceOf('/agent')}.`]) {
      const answer = await agent.send('POST', '/agent/login', { nonce });
      expect([answer.status, answer.body.reason]).toEqual([401, 'device_nonce_required']);
    }
  });

  test('that of a later time is none yet', async () => {
    const other = dpopWorld(express, { clock: world.clock });
    const nonce = await nonceOf('/agent');
    const earlier = dpopWorld(express);
    expect(other.clock.now()).toBe(earlier.clock.now());
    world.clock.advance('60s');
    const fromLater = (await agent.send('POST', '/agent/login')).headers['dpop-nonce'] as string;
    expect(fromLater).not.toBe(nonce);
    const atEarlier = new DpopClient(earlier, key);
    expect((await atEarlier.send('POST', '/agent/login', { nonce: fromLater })).body.reason).toBe('device_nonce_required');
    expect((await atEarlier.send('POST', '/agent/login', { nonce })).status).toBe(200);
  });

  test('nodes with the same secret have the same ones, also while it is replaced', async () => {
    const nodes = [NEW_SECRET, [NEW_SECRET, OLD_SECRET], OLD_SECRET].map((secret) => dpopWorld(express, { clock: world.clock, secret }));
    const [fresh, both, old] = nodes.map((node) => new DpopClient(node, key)) as [DpopClient, DpopClient, DpopClient];
    const given = async (client: DpopClient) => (await client.send('POST', '/agent/login')).headers['dpop-nonce'] as string;
    expect(await given(both)).toBe(await given(fresh));
    const reason = async (client: DpopClient, nonce: string) => (await client.send('GET', '/agent/me', { nonce })).body.reason as string;
    expect(await reason(both, await given(fresh))).toBe('session_missing');
    expect(await reason(both, await given(old))).toBe('session_missing');
    expect(await reason(fresh, await given(old))).toBe('device_nonce_required');
  });

  test('every refusal brings it where it is required, so that a client need not fail twice', async () => {
    const { headers } = await request(world.app).get('/agent/me').set('Host', HOST).expect(401);
    expect((await agent.send('POST', '/agent/login', { nonce: headers['dpop-nonce'] as string })).status).toBe(200);
  });

  test('where none is required one may come, and has to be good', async () => {
    const answer = await agent.send('POST', '/phone/login', { nonce: 'of another server' });
    expect(answer.body.reason).toBe('device_nonce_required');
    const nonce = answer.headers['dpop-nonce'] as string;
    expect((await agent.send('POST', '/phone/login', { nonce })).status).toBe(200);
    const without = await agent.send('POST', '/phone/login');
    expect([without.status, without.headers['dpop-nonce']]).toEqual([200, undefined]);
  });
});
