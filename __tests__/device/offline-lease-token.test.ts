import { createPrivateKey } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { CompactSign, compactVerify, decodeProtectedHeader, generateKeyPair, importJWK } from 'jose';
import { OfflineLeaseTokens } from '../../lib/proofs/offline-lease-token.ts';
import { deriveKey } from '../../lib/sessions/session-id.ts';

const CLAIMS = {
  iss: 'phone',
  profile: 'field',
  jti: 'lease-1',
  iat: 1_000,
  nbf: 1_000,
  exp: 2_000,
  cnf: { jkt: 'thumbprint' },
  scope: 'notes visits',
  policy: 'digest',
};

function tokens(...secrets: readonly string[]): OfflineLeaseTokens {
  return new OfflineLeaseTokens(secrets.map((secret) => deriveKey(secret, 'offline lease')));
}

describe('the token of a lease', () => {
  test('is read by every process with the secret, and by none with another', async () => {
    const lease = await tokens('one').sign(CLAIMS);
    expect(await tokens('one').read(lease)).toEqual(CLAIMS);
    expect(await tokens('another').read(lease)).toBeUndefined();
  });

  test('is read after the secret was rotated, and signed with the newest', async () => {
    const before = await tokens('old').sign(CLAIMS);
    const rotated = tokens('new', 'old');
    expect(await rotated.read(before)).toEqual(CLAIMS);
    const after = await rotated.sign(CLAIMS);
    expect(await tokens('new').read(after)).toEqual(CLAIMS);
    expect(await tokens('old').read(after)).toBeUndefined();
  });

  test('can be checked with the public key alone', async () => {
    const issuer = tokens('one');
    const [lease, publicKey] = await Promise.all([issuer.sign(CLAIMS), issuer.publicKey()]);
    expect(publicKey).toEqual({
      kty: 'OKP',
      crv: 'Ed25519',
      x: expect.any(String),
      alg: 'EdDSA',
      use: 'sig',
      kid: expect.any(String),
    });
    const { payload } = await compactVerify(lease, await importJWK(publicKey), { algorithms: ['EdDSA'] });
    expect(JSON.parse(new TextDecoder().decode(payload))).toEqual(CLAIMS);
    expect(decodeProtectedHeader(lease)).toEqual({ alg: 'EdDSA', typ: 'offline-lease+jwt', kid: publicKey.kid });
  });

  test('is none after any of its characters was changed', async () => {
    const lease = await tokens('one').sign(CLAIMS);
    const at = [5, lease.indexOf('.') + 20, lease.lastIndexOf('.') + 20];
    for (const index of at) {
      const changed = `${lease.slice(0, index)}${lease[index] === 'A' ? 'B' : 'A'}${lease.slice(index + 1)}`;
      expect(await tokens('one').read(changed)).toBeUndefined();
    }
  });

  test('is none with other claims, a key of its own, another type, or no signature', async () => {
    const issuer = tokens('one');
    const [head, , signature] = (await issuer.sign(CLAIMS)).split('.');
    const coded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    expect(await issuer.read([head, coded({ ...CLAIMS, scope: 'notes payments' }), signature].join('.'))).toBeUndefined();
    expect(await issuer.read([coded({ alg: 'none', typ: 'offline-lease+jwt' }), coded(CLAIMS), ''].join('.'))).toBeUndefined();
    const { privateKey } = await generateKeyPair('EdDSA');
    const jwk = await issuer.publicKey();
    const forged = new CompactSign(Buffer.from(JSON.stringify(CLAIMS))).setProtectedHeader({ alg: 'EdDSA', typ: 'offline-lease+jwt', jwk });
    expect(await issuer.read(await forged.sign(privateKey))).toBeUndefined();
    expect(await issuer.read('x'.repeat(16_385))).toBeUndefined();
  });

  test('is none if it is of another type, though the key is ours', async () => {
    const head = Buffer.from('302e020100300506032b657004220420', 'hex');
    const key = Buffer.concat([head, deriveKey('one', 'offline lease').export()]);
    const ours = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
    const signed = (typ: string): Promise<string> =>
      new CompactSign(Buffer.from(JSON.stringify(CLAIMS))).setProtectedHeader({ alg: 'EdDSA', typ }).sign(ours);
    expect(await tokens('one').read(await signed('offline-lease+jwt'))).toEqual(CLAIMS);
    expect(await tokens('one').read(await signed('at+jwt'))).toBeUndefined();
  });
});
