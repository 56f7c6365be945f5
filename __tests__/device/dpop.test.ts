import { once } from 'node:events';
import http, { type OutgoingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';
import { beforeEach, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { expressVersions } from '../support/express.ts';
import { dpopDevice } from './dpop-device.ts';
import { type Call, DpopClient, dpopWorld, type DpopWorld, HOST } from './dpop-world.ts';

/** What a GET with these headers, each sent by itself, is challenged with. */
async function challengeFor(app: Express, path: string, headers: OutgoingHttpHeaders): Promise<string | undefined> {
  const server = app.listen(0, '127.0.0.1');
  try {
    await once(server, 'listening');
    const asked = http.get({ port: (server.address() as AddressInfo).port, path, headers });
    const [answer] = (await once(asked, 'response')) as [http.IncomingMessage];
    answer.resume();
    return answer.headers['www-authenticate'];
  } finally {
    server.close();
  }
}

const keys = await Promise.all([dpopDevice(), dpopDevice()]);

describe.each(expressVersions)('%s', (_name, express) => {
  let world: DpopWorld;
  let phone: DpopClient;
  let thief: DpopClient;

  beforeEach(() => {
    world = dpopWorld(express);
    [phone, thief] = keys.map((key) => new DpopClient(world, key)) as [DpopClient, DpopClient];
  });

  /** Asks without a proof. */
  const plain = (method: 'get' | 'post', path: string, authorization?: string) => {
    const asked = request(world.app)[method](path).set('Host', HOST);
    return authorization === undefined ? asked : asked.set('Authorization', authorization);
  };

  describe('a sign-in with a proof', () => {
    test('binds the session to the key, and says how its token is sent', async () => {
      const answer = await phone.send('POST', '/phone/login');
      expect(answer.body).toMatchObject({ tokenType: 'DPoP', subject: { id: 'ada', kind: 'user' } });
      const me = await phone.send('GET', '/phone/me', { token: answer.body.token });
      expect(me.body).toEqual({ subject: 'ada', reason: 'allowed', trust: 'bound', key: phone.device.thumbprint });
    });

    test('is kept by no cache, and sets no cookie', async () => {
      const { headers } = await phone.send('POST', '/phone/login');
      expect(headers['cache-control']).toBe('no-store');
      expect(headers['set-cookie']).toBeUndefined();
    });

    test('is refused if the proof is none, whoever signs in', async () => {
      for (const call of [{ ahead: -61 }, { proofFor: { method: 'GET' } }, { proof: 'e30.e30.e30' }] satisfies Call[]) {
        const answer = await phone.send('POST', '/phone/login', call);
        expect([answer.status, answer.body.reason]).toEqual([401, 'device_proof_invalid']);
      }
      expect(await world.sessions.list({ subject: 'ada' })).toEqual([]);
    });

    test('with a proof that was made for a token binds nothing', async () => {
      const token = await phone.signIn();
      const answer = await phone.send('POST', '/phone/login', { proofFor: { token } });
      expect(answer.headers['www-authenticate']).toContain('ath of the DPoP proof');
    });

    test('takes credentials of another kind with it', async () => {
      const basic = { Authorization: `Basic ${Buffer.from('ada:secret').toString('base64')}` };
      expect((await phone.send('POST', '/phone/login', { headers: basic })).body.tokenType).toBe('DPoP');
    });

    test('without a proof gives a token for whoever has it', async () => {
      const { body } = await plain('post', '/phone/login').expect(200);
      expect(body.tokenType).toBe('Bearer');
      await plain('get', '/phone/me', `Bearer ${body.token}`).expect(200);
      await plain('get', '/phone/bound', `Bearer ${body.token}`).expect(403);
    });
  });

  describe('a request with a bound token', () => {
    let token: string;

    beforeEach(async () => {
      token = await phone.signIn();
    });

    async function refused(method: string, path: string, call: Call, client = phone) {
      const answer = await client.send(method, path, { token, ...call });
      expect(answer.status).toBe(401);
      expect(answer.headers['cache-control']).toBe('no-store');
      return `${answer.body.reason}: ${answer.headers['www-authenticate']}`;
    }

    test('is let through with a proof of the key, each time with a new one', async () => {
      for (const method of ['GET', 'POST', 'DELETE', 'PATCH']) expect((await phone.send(method, '/phone/me', { token })).status).toBe(200);
      expect((await phone.send('HEAD', '/phone/me', { token })).status).toBe(200);
      expect((await phone.send('GET', '/phone/bound', { token })).body).toEqual({ bound: true });
    });

    test('a query is not part of what is proved, and another spelling of the address is the same', async () => {
      const proofFor = { url: `HTTP://PHONE.Example:80/phone/m%65?other#part` };
      expect((await phone.send('GET', '/phone/me?x=1', { token, proofFor })).status).toBe(200);
    });

    test.each<[string, Call, string]>([
      ['another method', { proofFor: { method: 'POST' } }, 'htm'],
      ['another path', { proofFor: { url: `http://${HOST}/phone/you` } }, 'htu'],
      ['another host', { proofFor: { url: 'http://evil.example/phone/me' } }, 'htu'],
      ['another scheme', { proofFor: { url: `https://${HOST}/phone/me` } }, 'htu'],
      ['another token', { proofFor: { token: 'another.token' } }, 'ath'],
      ['no token', { proofFor: { token: undefined } }, 'ath'],
      ['no time', { changes: { claims: { iat: undefined } } }, 'iat'],
      ['no name of its own', { changes: { claims: { jti: undefined } } }, 'jti'],
      ['no type', { changes: { header: { typ: 'JWT' } } }, 'typ'],
      ['no key', { changes: { header: { jwk: undefined } } }, 'jwk'],
      ['the key of somebody else', { changes: { header: { jwk: keys[1]?.jwk } } }, 'signature'],
      ['nothing that can be read', { proof: 'proof' }, 'well-formed'],
      ['nothing at all', { proof: '' }, 'well-formed'],
    ])('is refused with a proof of %s', async (_what, call, part) => {
      const told = await refused('GET', '/phone/me', call);
      expect(told).toMatch(/^device_proof_invalid: DPoP error="invalid_dpop_proof", error_description="[^"]+", algs="ES256 [^"]+"$/);
      expect(told).toContain(part);
    });

    test('is refused with the proof of another key', async () => {
      expect(await refused('GET', '/phone/me', {}, thief)).toMatch(/^device_proof_missing: DPoP error="invalid_token", .*another key/);
    });

    test('is refused without a proof, and under the scheme of tokens that need none', async () => {
      expect(await refused('GET', '/phone/me', { proof: null })).toMatch(/^device_proof_invalid: DPoP error="invalid_dpop_proof"/);
      expect(await refused('GET', '/phone/me', { proof: null, scheme: 'Bearer' })).toMatch(
        /^device_proof_missing: DPoP error="invalid_token"/,
      );
      expect(await refused('GET', '/phone/me', { scheme: 'Bearer' })).toMatch(/^device_proof_invalid: DPoP error="invalid_dpop_proof"/);
      await phone.send('GET', '/phone/me', { token }).then(({ status }) => expect(status).toBe(200));
    });

    test('is refused with two proofs', async () => {
      const [one, two] = await Promise.all([1, 2].map(() => phone.proof('GET', '/phone/me', { token })));
      expect(await refused('GET', '/phone/me', { proof: `${one}, ${two}` })).toContain('more than one');
      const asTwoHeaders = { host: HOST, authorization: `DPoP ${token}`, dpop: [one as string, two as string] };
      expect(await challengeFor(world.app, '/phone/me', asTwoHeaders)).toContain('more than one');
    });

    test('is refused with a proof that was used, whether that request was let through or not', async () => {
      const proof = await phone.proof('GET', '/phone/me', { token });
      expect((await phone.send('GET', '/phone/me', { token, proof })).status).toBe(200);
      expect(await refused('GET', '/phone/me', { proof })).toContain('used before');
      world.clock.advance('64s');
      expect(await refused('GET', '/phone/me', { proof })).toContain('used before');
      const fromAhead = await phone.proof('GET', '/phone/me', { token, ahead: 5 });
      expect((await phone.send('GET', '/phone/me', { token, proof: fromAhead })).status).toBe(200);
      world.clock.advance('65s');
      expect(await refused('GET', '/phone/me', { proof: fromAhead })).toContain('used before');
    });

    test('of parallel requests with one proof a single one is let through', async () => {
      const proof = await phone.proof('GET', '/phone/me', { token });
      const answers = await Promise.all(Array.from({ length: 5 }, () => phone.send('GET', '/phone/me', { token, proof })));
      expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 401, 401, 401, 401]);
    });

    test.each([
      [-60, 200],
      [-61, 401],
      [5, 200],
      [6, 401],
      [-86_400, 401],
      [86_400, 401],
    ])('a clock that is %i s ahead gets %i', async (ahead, status) => {
      expect((await phone.send('GET', '/phone/me', { token, ahead })).status).toBe(status);
    });

    test('the profile may have a shorter window', async () => {
      const other = await phone.signIn('/vault');
      expect((await phone.send('GET', '/vault/me', { token: other, ahead: -30 })).status).toBe(200);
      expect((await phone.send('GET', '/vault/me', { token: other, ahead: -31 })).status).toBe(401);
    });

    test('means nothing to another app', async () => {
      const answer = await phone.send('GET', '/vault/me', { token });
      expect([answer.status, answer.body.reason]).toEqual([401, 'session_missing']);
      expect(answer.headers['www-authenticate']).toMatch(/^DPoP error="invalid_token"/);
    });

    test('of a session that is over says why', async () => {
      await world.sessions.revoke({ subject: 'ada' });
      const answer = await phone.send('GET', '/phone/me', { token });
      expect(answer.body.reason).toBe('session_revoked');
      expect(answer.headers['www-authenticate']).toMatch(/^DPoP error="invalid_token", error_description="Session ended"/);
    });

    test('is nobody on a public page without the proof, and refused with a wrong one', async () => {
      expect((await plain('get', '/phone/news', `Bearer ${token}`).expect(200)).body).toMatchObject({
        subject: null,
        reason: 'device_proof_missing',
      });
      expect((await phone.send('GET', '/phone/news', { token, ahead: -61 })).status).toBe(401);
      expect((await phone.send('GET', '/phone/news', { token })).body.subject).toBe('ada');
    });

    test('a step-up is asked for under the scheme of the token, and met by the same key', async () => {
      const asked = await phone.send('POST', '/phone/transfer', { token });
      expect(asked.headers['www-authenticate']).toMatch(
        /^DPoP error="insufficient_user_authentication", error_description="[^"]+", acr_values="aal2", max_age="300", algs="/,
      );
      const confirmed = await phone.send('POST', '/phone/confirm', { token });
      expect(confirmed.body.tokenType).toBe('DPoP');
      expect((await phone.send('POST', '/phone/transfer', { token: confirmed.body.token })).status).toBe(200);
      expect((await thief.send('POST', '/phone/transfer', { token: confirmed.body.token })).status).toBe(401);
    });

    test('a sign-in over it needs the proof, and is bound to the key again', async () => {
      const again = await phone.send('POST', '/phone/login', { token });
      expect(again.body.tokenType).toBe('DPoP');
      expect((await phone.send('GET', '/phone/me', { token })).body.reason).toBe('session_rotated');
      expect((await phone.send('GET', '/phone/me', { token: again.body.token })).status).toBe(200);
      expect((await thief.send('GET', '/phone/me', { token: again.body.token })).status).toBe(401);
    });

    test('is told in the form of programs, whatever they accept', async () => {
      const answer = await phone.send('GET', '/phone/me', { token, proof: 'x', headers: { Accept: 'text/html' } });
      expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    });

    test('no refusal says anything of the token or the proof', async () => {
      const proof = await phone.proof('GET', '/phone/you', { token });
      const answer = await phone.send('GET', '/phone/me', { token, proof });
      const told = JSON.stringify([answer.body, answer.headers, world.logged, world.events]);
      for (const secret of [token, ...proof.split('.')]) expect(told).not.toContain(secret);
    });
  });

  describe('a token that is bound to no key', () => {
    let token: string;

    beforeEach(async () => {
      token = (await plain('post', '/phone/login')).body.token;
    });

    test('gains nothing by the other scheme or a proof', async () => {
      const answer = await phone.send('GET', '/phone/me', { token });
      expect([answer.status, answer.body.reason]).toEqual([401, 'device_proof_invalid']);
      expect(answer.headers['www-authenticate']).toMatch(/^DPoP error="invalid_token", error_description="the token is not bound/);
      expect((await phone.send('GET', '/phone/me', { token, proof: null })).status).toBe(401);
      expect((await phone.send('GET', '/phone/me', { token, scheme: 'Bearer' })).status).toBe(401);
      await plain('get', '/phone/me', `Bearer ${token}`).expect(200);
    });
  });

  describe('an address as the client sees it', () => {
    const forwarded = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'public.example' };
    const url = 'https://public.example/phone/login';

    test('is not what a header says that anybody can send', async () => {
      const spoofed = await phone.send('POST', '/phone/login', { headers: forwarded, proofFor: { url } });
      expect(spoofed.headers['www-authenticate']).toContain('htu');
      expect((await phone.send('POST', '/phone/login', { headers: forwarded })).status).toBe(200);
    });

    test('is what a trusted proxy says', async () => {
      world = dpopWorld(express, { trustProxy: ['127.0.0.1', '::1', '::ffff:127.0.0.1'] });
      phone = new DpopClient(world, phone.device);
      expect((await phone.send('POST', '/phone/login', { headers: forwarded, proofFor: { url } })).status).toBe(200);
      expect((await phone.send('POST', '/phone/login', { headers: forwarded })).status).toBe(401);
    });

    test('that does not fit is logged for whoever sets up a proxy', async () => {
      await phone.send('POST', '/phone/login', { proofFor: { url } });
      expect(world.logged).toEqual([expect.objectContaining({ code: 'device_proof_address', app: 'phone' })]);
    });
  });

  describe('what was there before', () => {
    test('an app with cookies does not look at proofs', async () => {
      const signedIn = await phone.send('POST', '/desk/login', { proof: 'no proof' });
      expect(signedIn.status).toBe(200);
      expect(signedIn.body.tokenType).toBeUndefined();
      const cookie = (signedIn.headers['set-cookie'] as unknown as string[])[0]?.split(';')[0] as string;
      const me = await phone.send('GET', '/desk/me', { headers: { Cookie: cookie } });
      expect(me.body).toMatchObject({ subject: 'ada', trust: 'none' });
    });

    test('without any token the answer names the schemes that would do', async () => {
      await plain('get', '/phone/me').expect(401).expect('WWW-Authenticate', 'Bearer');
      const { headers } = await plain('get', '/vault/me').expect(401);
      expect(headers['www-authenticate']).toMatch(/^DPoP algs="ES256 [^"]+", Bearer$/);
    });

    test('a profile for bound devices lets nobody in whose token is not', async () => {
      const { token } = (await plain('post', '/vault/login').expect(200)).body;
      expect((await plain('get', '/vault/me', `Bearer ${token}`).expect(403)).body.reason).toBe('device_trust_insufficient');
      expect((await phone.send('GET', '/vault/me', { token: await phone.signIn('/vault') })).status).toBe(200);
    });

    test('a key is one person’s', async () => {
      await phone.signIn();
      const asBob = await phone.send('POST', '/phone/login?as=bob');
      expect([asBob.status, asBob.body.code]).toEqual([403, 'ERR_DEVICE_FOREIGN']);
      expect((await thief.send('POST', '/phone/login?as=bob')).body.tokenType).toBe('DPoP');
    });
  });
});
