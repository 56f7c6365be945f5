import type { Express, NextFunction, Request, Response } from 'express';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { generateKeyPair, jwtVerify, SignJWT } from 'jose';
import request from 'supertest';
import { DpopError, memoryStore, verifyDpop } from '../../lib/index.ts';
import { StoreUnavailableError } from '../../lib/sessions/errors.ts';
import { manualClock } from '../../lib/testing/manual-clock.ts';
import { expressVersions } from '../support/express.ts';
import { dpopDevice } from './dpop-device.ts';
import { DpopClient, dpopWorld, type DpopWorld, HOST } from './dpop-world.ts';

const issuer = await generateKeyPair('ES256');
const keys = await Promise.all([dpopDevice(), dpopDevice()]);

/** An access token as an authorization server makes it (RFC 9068). */
function accessToken(cnf: unknown): Promise<string> {
  const claims = new SignJWT({ cnf, client_id: 'native' }).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt' });
  return claims.setSubject('ada').setIssuer('https://issuer.example').setAudience('https://api.example').sign(issuer.privateKey);
}

/** What an application does that verifies the tokens itself. */
async function authenticate(req: Request, _res: Response, next: NextFunction): Promise<void> {
  try {
    const token = req.headers.authorization?.split(' ')[1] ?? '';
    const expected = { issuer: 'https://issuer.example', audience: 'https://api.example', typ: 'at+jwt', algorithms: ['ES256'] };
    const { payload } = await jwtVerify<{ cnf?: { jkt?: string } }>(token, issuer.publicKey, expected);
    req.headers['x-key'] = await verifyDpop(req, { token, jkt: payload.cnf?.jkt });
    next();
  } catch (error) {
    next(error);
  }
}

function mount(app: Express): void {
  for (const at of ['/jwt', '/jwt-nonce', '/pages', '/open']) {
    app.get(`${at}/me`, authenticate, (req, res) => void res.json({ key: req.headers['x-key'] }));
    app.get(`${at}/twice`, authenticate, authenticate, (req, res) => void res.json({ key: req.headers['x-key'] }));
  }
}

describe.each(expressVersions)('%s', (_name, express) => {
  let world: DpopWorld;
  let phone: DpopClient;
  let thief: DpopClient;
  let token: string;

  beforeEach(async () => {
    world = dpopWorld(express, { mount });
    [phone, thief] = keys.map((key) => new DpopClient(world, key)) as [DpopClient, DpopClient];
    token = await accessToken({ jkt: phone.device.thumbprint });
  });

  describe.each(['/jwt', '/pages'])('a JWT below %s', (at) => {
    test('is let through with a proof of its key, once', async () => {
      const proof = await phone.proof('GET', `${at}/me`, { token });
      const answer = await phone.send('GET', `${at}/me`, { token, proof });
      expect([answer.status, answer.body]).toEqual([200, { key: phone.device.thumbprint }]);
      const again = await phone.send('GET', `${at}/me`, { token, proof });
      expect(again.status).toBe(401);
      expect(again.headers['www-authenticate']).toMatch(
        /^DPoP error="invalid_dpop_proof", error_description="[^"]*used before", algs="ES256 /,
      );
      expect(again.headers['cache-control']).toBe('no-store');
    });

    test('two who ask about the same request get the same answer', async () => {
      expect((await phone.send('GET', `${at}/twice`, { token })).status).toBe(200);
    });

    test('is refused without a proof, as a bearer token, and with the proof of another key', async () => {
      expect((await phone.send('GET', `${at}/me`, { token, proof: null })).headers['www-authenticate']).toMatch(
        /error="invalid_dpop_proof"/,
      );
      expect((await phone.send('GET', `${at}/me`, { token, proof: null, scheme: 'Bearer' })).status).toBe(401);
      expect((await phone.send('GET', `${at}/me`, { token, scheme: 'Bearer' })).status).toBe(401);
      expect((await thief.send('GET', `${at}/me`, { token })).headers['www-authenticate']).toMatch(
        /^DPoP error="invalid_token", .*another key/,
      );
    });

    test('is refused with a proof for another token, method, address or time', async () => {
      const other = await accessToken({ jkt: phone.device.thumbprint, extra: 1 });
      for (const call of [
        { proofFor: { token: other } },
        { proofFor: { token: undefined } },
        { proofFor: { method: 'POST' } },
        { proofFor: { url: `http://${HOST}${at}/you` } },
        { ahead: -61 },
        { ahead: 6 },
      ]) {
        const answer = await phone.send('GET', `${at}/me`, { token, ...call });
        expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, expect.stringContaining('error="invalid_dpop_proof"')]);
      }
    });

    test.each([[undefined], [{}], [{ jkt: '' }], [{ jkt: 7 }], [{ 'x5t#S256': 'abc' }]])('is refused if it is bound to %j', async (cnf) => {
      const answer = await phone.send('GET', `${at}/me`, { token: await accessToken(cnf) });
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toMatch(/^DPoP error="invalid_token"/);
    });
  });

  test('the token that was verified has to be the one that was presented', async () => {
    world.app.get('/jwt/other', (req, res, next) => {
      verifyDpop(req, { token: 'verified.elsewhere.entirely', jkt: phone.device.thumbprint }).then((key) => res.json({ key }), next);
    });
    expect((await phone.send('GET', '/jwt/other', { token })).status).toBe(401);
  });

  test('a nonce is asked for where the profile says so', async () => {
    const first = await phone.send('GET', '/jwt-nonce/me', { token });
    expect(first.headers['www-authenticate']).toMatch(/^DPoP error="use_dpop_nonce"/);
    const nonce = first.headers['dpop-nonce'] as string;
    expect((await phone.send('GET', '/jwt-nonce/me', { token, nonce })).status).toBe(200);
  });

  test('the error has a code, a status and a reason', async () => {
    let error: unknown;
    world.app.get('/pages/error', (req, res) => {
      verifyDpop(req, { token, jkt: phone.device.thumbprint }).catch((thrown: unknown) => {
        error = thrown;
        res.end();
      });
    });
    await phone.send('GET', '/pages/error', { token, ahead: -61 });
    expect(error).toBeInstanceOf(DpopError);
    expect(error).toMatchObject({ code: 'ERR_DEVICE_PROOF', status: 401, reason: 'device_proof_invalid' });
    expect(String(error)).not.toContain(token);
  });

  test('a request that did not go through the middleware is a mistake in setting up', async () => {
    const app = express();
    app.get('/', (req, res) => {
      verifyDpop(req, { token, jkt: 'x' }).catch((error: { code: string }) => res.json(error.code));
    });
    expect((await request(app).get('/')).body).toBe('ERR_MIDDLEWARE_MISSING');
  });

  test('while the store is out nothing counts as proved, though the page goes on without a session', async () => {
    const clock = manualClock();
    const store = memoryStore({ clock: clock.now });
    world = dpopWorld(express, { mount, store, clock });
    phone = new DpopClient(world, phone.device);
    expect((await phone.send('GET', '/open/me', { token })).status).toBe(200);
    const proof = await phone.proof('GET', '/open/me', { token });
    store.useOnce = () => Promise.reject(new StoreUnavailableError('out'));
    const answer = await phone.send('GET', '/open/me', { token, proof });
    expect([answer.status, answer.body.code]).toEqual([503, 'ERR_STORE_UNAVAILABLE']);
  });
});
