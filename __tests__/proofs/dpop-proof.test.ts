import { createHmac, createPublicKey, randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { base64url, CompactSign, exportJWK, generateKeyPair } from 'jose';
import { DpopKeys } from '../../lib/proofs/dpop-key.ts';
import { type DpopProof, type DpopTarget, verifyDpopProof } from '../../lib/proofs/dpop-proof.ts';
import { claimsFor, dpopDevice, type ProofChanges } from '../device/dpop-device.ts';

const IAT = 1_790_000_000;
const TOKEN = 'a-token.of-68_characters~or+fewer/==';
const GET = { method: 'GET', url: 'https://phone.example/me', token: TOKEN, iat: IAT };
const TARGET: DpopTarget = { method: 'GET', address: 'https://phone.example/me', token: TOKEN };

const device = await dpopDevice();
const verify = (proof: string, target: Partial<DpopTarget> = {}) => verifyDpopProof(proof, { ...TARGET, ...target }, new DpopKeys());

/** A JWT of any header, payload and signature. */
function jwt(header: unknown, payload: unknown, signature: (input: string) => Buffer = () => Buffer.from('none')): string {
  const input = `${base64url.encode(JSON.stringify(header))}.${base64url.encode(JSON.stringify(payload))}`;
  return `${input}.${signature(input).toString('base64url')}`;
}

async function signedText(text: string | Uint8Array): Promise<string> {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  return new CompactSign(bytes).setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: device.jwk }).sign(device.privateKey);
}

describe('a proof that holds', () => {
  test.each(['ES256', 'ES384', 'Ed25519', 'EdDSA', 'PS256', 'RS256'])('%s', async (alg) => {
    const one = await dpopDevice(alg);
    const proof = await verify(await one.prove(GET));
    expect(proof).toEqual({ key: one.thumbprint, id: expect.stringMatching(/^[\w-]{43}$/), at: IAT * 1_000, nonce: undefined });
  });

  test('names its nonce, and another id each time', async () => {
    const first = (await verify(await device.prove({ ...GET, nonce: 'n1' }))) as DpopProof;
    const second = (await verify(await device.prove(GET))) as DpopProof;
    expect(first.nonce).toBe('n1');
    expect(first.id).not.toBe(second.id);
  });

  test('the same jti of another key is another id', async () => {
    const other = await dpopDevice();
    const claims = { jti: randomUUID() };
    const [one, two] = await Promise.all([device, other].map(async (each) => verify(await each.prove(GET, { claims }))));
    expect((one as DpopProof).id).not.toBe((two as DpopProof).id);
  });

  test('fractions of a second are a time, and unknown claims and headers mean nothing', async () => {
    const proof = await device.prove(
      { ...GET, iat: IAT + 0.25 },
      { claims: { extra: [1] }, header: { kid: 'x', jku: 'https://evil.example' } },
    );
    expect(await verify(proof)).toMatchObject({ key: device.thumbprint, at: IAT * 1_000 + 250 });
  });
});

describe('RFC 9449', () => {
  // Figures 3 and 13, and what sections 6.1 and 7.1 say of them.
  const HEADER =
    'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19';
  const SIGN_IN = `${HEADER}.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg`;
  const RESOURCE = `${HEADER}.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA`;
  const KEY = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I';
  const resource = { address: 'https://resource.example.org/protectedresource', token: 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU' };
  const signIn = { method: 'POST', address: 'https://server.example.com/token', token: undefined };

  test('its resource request proves the key that the token is bound to', async () => {
    expect(await verify(RESOURCE, resource)).toMatchObject({ key: KEY, at: 1_562_262_618_000, nonce: undefined });
  });

  test('its token request proves the same key', async () => {
    expect(await verify(SIGN_IN, signIn)).toMatchObject({ key: KEY, at: 1_562_262_616_000 });
  });

  test('neither is good for the other, nor with a bit of the signature changed', async () => {
    expect(await verify(SIGN_IN, resource)).toBe('method');
    expect(await verify(RESOURCE, signIn)).toBe('method');
    expect(await verify(`${RESOURCE.slice(0, -2)}zA`, resource)).toBe('signature');
    expect(await verify(RESOURCE, { ...resource, token: `${resource.token}.` })).toBe('token');
  });
});

describe('every check of section 4.3 refuses a proof that fails it', () => {
  const changed: readonly (readonly [string, ProofChanges, string])[] = [
    ['another typ', { header: { typ: 'jwt' } }, 'type'],
    ['typ in other letters', { header: { typ: 'DPoP+JWT' } }, 'type'],
    ['no typ', { header: { typ: undefined } }, 'type'],
    ['a critical extension', { header: { crit: ['b64'], b64: true } }, 'proof-malformed'],
    ['no key', { header: { jwk: undefined } }, 'key'],
    ['a key that is a text', { header: { jwk: 'key' } }, 'key'],
    ['a list for a key', { header: { jwk: [] } }, 'key'],
    ['no jti', { claims: { jti: undefined } }, 'id'],
    ['a jti that is a number', { claims: { jti: 1_234_567_890 } }, 'id'],
    ['a short jti', { claims: { jti: '1234567' } }, 'id'],
    ['a long jti', { claims: { jti: 'x'.repeat(257) } }, 'id'],
    ['a jti with a space', { claims: { jti: 'one two three' } }, 'id'],
    ['no htm', { claims: { htm: undefined } }, 'method'],
    ['another method', { claims: { htm: 'POST' } }, 'method'],
    ['the method in other letters', { claims: { htm: 'get' } }, 'method'],
    ['no htu', { claims: { htu: undefined } }, 'address'],
    ['another path', { claims: { htu: 'https://phone.example/you' } }, 'address'],
    ['another host', { claims: { htu: 'https://evil.example/me' } }, 'address'],
    ['another port', { claims: { htu: 'https://phone.example:8443/me' } }, 'address'],
    ['another scheme', { claims: { htu: 'http://phone.example/me' } }, 'address'],
    ['a person in the address', { claims: { htu: 'https://a:b@phone.example/me' } }, 'address'],
    ['a path alone', { claims: { htu: '/me' } }, 'address'],
    ['no iat', { claims: { iat: undefined } }, 'time'],
    ['iat as a text', { claims: { iat: String(IAT) } }, 'time'],
    ['iat before the epoch', { claims: { iat: -1 } }, 'time'],
    ['no ath', { claims: { ath: undefined } }, 'token'],
    ['ath of another token', { claims: { ath: 'fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo' } }, 'token'],
    ['the token itself for ath', { claims: { ath: TOKEN } }, 'token'],
    ['a nonce that is no text', { claims: { nonce: 1 } }, 'nonce-unknown'],
    ['a nonce without end', { claims: { nonce: 'n'.repeat(257) } }, 'nonce-unknown'],
  ];

  test.each(changed)('%s', async (_name, changes, fault) => {
    expect(await verify(await device.prove(GET, changes))).toBe(fault);
  });

  test('two proofs, and one twice', async () => {
    const [one, two] = [await device.prove(GET), await device.prove(GET)];
    expect(await verify(`${one}, ${two}`)).toBe('proof-repeated');
    expect(await verify(`${one}, ${one}`)).toBe('proof-repeated');
  });

  test.each([
    ['nothing', ''],
    ['two parts', 'e30.e30'],
    ['four parts', 'e30.e30.e30.e30'],
    ['no base64url', 'a b.c.d'],
    ['a header that is no JSON', `${base64url.encode('{')}.e30.e30`],
    ['a header that is a list', `${base64url.encode('[]')}.e30.e30`],
    ['an encrypted token', 'e30.e30.e30.e30.e30'],
    ['more than can be meant', `${'a'.repeat(8_000)}.${'b'.repeat(200)}.c`],
  ])('%s is no JWT', async (_name, text) => {
    expect(await verify(text)).toBe('proof-malformed');
  });

  test.each([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['null', 'null'],
    ['bytes that are no text', Uint8Array.of(0x7b, 0xff, 0x7d)],
  ])('signed claims that are %s', async (_name, payload) => {
    expect(await verify(await signedText(payload))).toBe('proof-malformed');
  });

  test('a signature of another key than the one that it names', async () => {
    const other = await dpopDevice();
    expect(await verify(await other.prove(GET, { header: { jwk: device.jwk } }))).toBe('signature');
  });

  test('a proof that names a token, for a request without one', async () => {
    expect(await verify(await device.prove(GET), { token: undefined })).toBe('token');
    expect(await verify(await device.prove({ ...GET, token: undefined }), { token: undefined })).toMatchObject({ key: device.thumbprint });
  });

  test('any proof, for a request that has no address', async () => {
    expect(await verify(await device.prove(GET, { claims: { htu: 'undefined' } }), { address: undefined })).toBe('address');
    expect(await verify(await device.prove(GET, { claims: { htu: undefined } }), { address: undefined })).toBe('address');
  });
});

describe('algorithms and keys', () => {
  const header = { typ: 'dpop+jwt', jwk: device.jwk };

  test.each(['none', 'NONE', 'HS256', 'HS512', 'ES256K', 'RS1', 'RSA-OAEP', 'dir', 'constructor', ''])(
    '%s is not accepted',
    async (alg) => {
      expect(await verify(jwt({ ...header, alg }, claimsFor(GET)))).toBe('algorithm');
    },
  );

  test('an unsigned token has no third part', async () => {
    expect(await verify(jwt({ ...header, alg: 'none' }, claimsFor(GET), () => Buffer.alloc(0)))).toBe('proof-malformed');
  });

  test('the public key is no secret for HS256', async () => {
    const pem = createPublicKey({ key: device.jwk as Record<string, string>, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    const mac = (input: string): Buffer => createHmac('sha256', pem).update(input).digest();
    expect(await verify(jwt({ ...header, alg: 'HS256' }, claimsFor(GET), mac))).toBe('algorithm');
    const secret = { kty: 'oct', k: base64url.encode(pem) };
    expect(await verify(jwt({ ...header, alg: 'HS256', jwk: secret }, claimsFor(GET), mac))).toBe('algorithm');
    expect(await verify(jwt({ ...header, alg: 'ES256', jwk: secret }, claimsFor(GET), mac))).toBe('key');
  });

  test('a key of another kind than the algorithm is refused', async () => {
    const [edwards, rsa] = [await dpopDevice('Ed25519'), await dpopDevice('RS256')];
    expect(await verify(await edwards.prove(GET, { header: { jwk: device.jwk } }))).toBe('key');
    expect(await verify(await rsa.prove(GET, { header: { jwk: device.jwk } }))).toBe('key');
    expect(await verify(await device.prove(GET, { header: { jwk: rsa.jwk } }))).toBe('key');
    expect(await verify(await device.prove(GET, { header: { jwk: { ...device.jwk, crv: 'P-384' } } }))).toBe('key');
  });

  test.each(['ES256', 'Ed25519', 'RS256'])('a private key of %s is not taken, though the signature holds', async (alg) => {
    const { privateKey } = await generateKeyPair(alg, { extractable: true });
    const jwk = await exportJWK(privateKey);
    const bytes = new TextEncoder().encode(JSON.stringify(claimsFor(GET)));
    const proof = await new CompactSign(bytes).setProtectedHeader({ typ: 'dpop+jwt', alg, jwk }).sign(privateKey);
    expect(await verify(proof)).toBe('key');
  });

  test('a point that is not on the curve is no key', async () => {
    const jwk = { ...device.jwk, y: device.jwk.x };
    expect(await verify(await device.prove(GET, { header: { jwk } }))).toBe('key');
  });

  test('another spelling of the same key is none: it would have another thumbprint', async () => {
    const x = device.jwk.x as string;
    const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const respelled = x.slice(0, -1) + last[last.indexOf(x.at(-1) as string) ^ 1];
    expect(Buffer.from(respelled, 'base64url')).toEqual(Buffer.from(x, 'base64url'));
    for (const spelling of [respelled, `${x}=`, ` ${x}`, `${x}A`]) {
      expect(await verify(await device.prove(GET, { header: { jwk: { ...device.jwk, x: spelling } } }))).toBe('key');
    }
  });

  test.each([
    ['1,024 bits', 'AQAB', 128, 0xff],
    ['2,047 bits', 'AQAB', 256, 0x7f],
    ['4,104 bits', 'AQAB', 513, 0xff],
    ['a zero in front', 'AQAB', 257, 0],
    ['another exponent', 'Aw', 256, 0xff],
  ])('an RSA key with %s is not taken', async (_name, e, bytes, first) => {
    const modulus = Buffer.alloc(bytes, 0xab).fill(first, 0, 1);
    const jwk = { kty: 'RSA', n: modulus.toString('base64url'), e };
    expect(await verify(jwt({ typ: 'dpop+jwt', alg: 'RS256', jwk }, claimsFor(GET)))).toBe('key');
  });

  test('keys are remembered, but not what was signed with them', async () => {
    const keys = new DpopKeys();
    const proof = await device.prove(GET);
    expect(await verifyDpopProof(proof, TARGET, keys)).toMatchObject({ key: device.thumbprint });
    expect(await verifyDpopProof(`${proof.slice(0, -6)}AAAAAA`, TARGET, keys)).toBe('signature');
    expect(await keys.read('ES256', device.jwk)).toBe(await keys.read('ES256', { ...device.jwk, kid: 'another name' }));
  });

  test('no more keys are remembered than there is room for', async () => {
    const keys = new DpopKeys();
    const first = await keys.read('ES256', device.jwk);
    const { n: _n, ...rest } = device.jwk;
    for (let index = 0; index < 2_100; index += 1) {
      const x = Buffer.alloc(32, index % 251)
        .fill(index >> 8, 0, 2)
        .fill(index & 255, 2, 4)
        .toString('base64url');
      await keys.read('Ed25519', { ...rest, kty: 'OKP', crv: 'Ed25519', x });
    }
    expect(await keys.read('ES256', device.jwk)).not.toBe(first);
  });
});
