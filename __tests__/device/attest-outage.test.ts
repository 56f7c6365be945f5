import { describe, expect, test } from '@jest/globals';
import { createLocalJWKSet, createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type DeviceVerifier, EvidenceError, VerifierUnavailableError } from '../../lib/index.ts';
import { postureAssertion } from '../../lib/proofs/posture/posture-assertion.ts';
import { expressVersions } from '../support/express.ts';
import { signedIn } from './attest-client.ts';
import { attestWorld, manager } from './attest-world.ts';
import { dpopDevice } from './dpop-device.ts';

const device = await dpopDevice();

describe.each(expressVersions)('%s', (_name, express) => {
  async function world(verifier: DeviceVerifier) {
    const at = attestWorld(express);
    at.verifiers.set(verifier.name, verifier);
    const phone = await signedIn(at, device);
    const attest = async (evidence: string) =>
      phone.send('POST', `/phone/attest?by=${verifier.name}`, { headers: { 'X-Evidence': evidence } });
    return { ...at, phone, attest, evidence: await at.posture(device.thumbprint) };
  }

  function posture(jwks: JWTVerifyGetKey): DeviceVerifier {
    return postureAssertion({ issuer: 'https://mdm.example.com', audience: 'https://app.example.com', maxAge: '1h', jwks });
  }

  describe('keys that are looked up', () => {
    test('of a server that is out refuse nobody: who tries again later is let in', async () => {
      const answers = { status: 500 };
      const keys = await keyServer(answers);
      const { attest, evidence, events, logged } = await world(posture(createRemoteJWKSet(keys.url, { cooldownDuration: 0 })));
      try {
        const out = await attest(evidence);
        expect([out.status, out.headers['retry-after'], out.body.code]).toEqual([503, '2', 'ERR_VERIFIER_UNAVAILABLE']);
        expect(logged).toMatchObject([{ code: 'device_verifier_unavailable', message: "posture: the keys of jwks can't be had" }]);
        expect(events.filter(({ type }) => type === 'device')).toEqual([]);
        answers.status = 200;
        expect((await attest(evidence)).body.trust).toBe('managed');
      } finally {
        await keys.close();
      }
    });

    test.each<[string, JWTVerifyGetKey]>([
      ['is not reached', () => Promise.reject(new TypeError('fetch failed'))],
      ['does not answer in time', () => Promise.reject(new errors.JWKSTimeout())],
      ['answers with something else', () => Promise.reject(new errors.JWKSInvalid())],
    ])('of a server that %s refuse nobody', async (_what, jwks) => {
      const { attest, evidence, phone } = await world(posture(jwks));
      expect((await attest(evidence)).status).toBe(503);
      expect(await phone.trust()).toBe('bound');
    });

    test('refuse what none of them has signed', async () => {
      const others = createLocalJWKSet({ keys: [{ ...manager.jwk, kid: 'another', alg: 'ES384', use: 'enc' }] });
      const { attest, evidence } = await world(posture(others));
      expect((await attest(evidence)).body).toMatchObject({ code: 'ERR_DEVICE_REFUSED', cause: 'evidence_invalid' });
    });
  });

  describe('a verifier of one’s own', () => {
    const failing = (error: unknown): DeviceVerifier => ({
      name: 'vendor',
      trust: 'attested',
      challenge: 'none',
      verify: () => Promise.reject(error as Error),
    });

    test('can say that its vendor is out', async () => {
      const { attest, logged } = await world(failing(new VerifierUnavailableError('the vendor does not answer')));
      expect((await attest('secret')).status).toBe(503);
      expect(logged).toMatchObject([{ code: 'device_verifier_unavailable', message: 'vendor: the vendor does not answer' }]);
    });

    test.each<[string, unknown, string]>([
      ['the name of its error', new RangeError('bad token secret-evidence'), 'vendor: RangeError'],
      ['its code', Object.assign(new Error('secret-evidence'), { code: 'ECONNRESET' }), 'vendor: Error ECONNRESET'],
      ['no code that is a text', Object.assign(new Error('secret-evidence'), { code: 'secret-evidence' }), 'vendor: Error'],
      ['nothing of what is no error', 'secret-evidence', 'vendor: something that is no error'],
      ['one line of what it says of evidence', new EvidenceError('wrong\r\n2026 forged\u2028line'), 'vendor: wrong 2026 forged line'],
      ['200 characters of that', new EvidenceError('x'.repeat(500)), `vendor: ${'x'.repeat(200)}`],
    ])('gets %s into the log', async (_what, error, message) => {
      const { attest, logged } = await world(failing(error));
      expect((await attest('secret-evidence')).status).toBe(403);
      expect(logged).toMatchObject([{ code: 'device_evidence_refused', message }]);
      expect(JSON.stringify(logged)).not.toContain('secret-evidence');
    });
  });
});

/** Serves the keys of the device manager, if it can. */
async function keyServer(answers: { status: number }): Promise<{ readonly url: URL; close(): Promise<void> }> {
  const server: Server = createServer((_req, res) => {
    res.writeHead(answers.status, { 'Content-Type': 'application/json', Connection: 'close' });
    res.end(JSON.stringify({ keys: [manager.jwk] }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}/`),
    close: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}
