import { describe, expect, test } from '@jest/globals';
import { CompactSign, createLocalJWKSet } from 'jose';
import { postureAssertion, type PostureAssertionOptions } from '../../../lib/proofs/posture/posture-assertion.ts';
import { EvidencePlace, KEY, NOW } from '../attestation/evidence-context.ts';
import { inSeconds, type TokenChanges, tokenIssuer, unsigned, withSharedSecret } from '../attestation/token-issuer.ts';

const MANAGER = 'https://mdm.example.com';
const SERVICE = 'https://app.example.com';
const [manager, stranger] = await Promise.all([tokenIssuer(), tokenIssuer()]);
const options: PostureAssertionOptions = { issuer: MANAGER, jwks: { keys: [manager.jwk] }, audience: SERVICE };
const verifier = postureAssertion(options);
const context = new EvidencePlace().context({ challenge: undefined });

function assertion(changes: TokenChanges = {}): Promise<string> {
  const claims = { iss: MANAGER, aud: SERVICE, iat: inSeconds(-60), exp: inSeconds(600), compliant: true, cnf: { jkt: KEY } };
  return manager.sign('device-posture+jwt', claims, changes);
}

describe('a posture assertion', () => {
  test('makes the key managed until it ends, or is too old', async () => {
    await expect(verifier.verify(await assertion(), context)).resolves.toEqual({ key: KEY, at: NOW - 60_000, until: NOW + 600_000 });
    const long = await assertion({ claims: { exp: inSeconds(86_400) } });
    await expect(verifier.verify(long, context)).resolves.toMatchObject({ until: NOW - 60_000 + 900_000 });
  });

  test('may name a certificate, and be verified by keys that are looked up', async () => {
    const remote = postureAssertion({ ...options, jwks: createLocalJWKSet({ keys: [stranger.jwk, manager.jwk] }), maxAge: '2m' });
    const token = await assertion({ claims: { cnf: { 'x5t#S256': KEY } } });
    await expect(verifier.verify(token, context)).resolves.toMatchObject({ key: KEY });
    // Two keys of a kind and no kid: it is not clear which signed, so nothing is tried.
    await expect(remote.verify(token, context)).rejects.toMatchObject({ code: 'evidence_invalid' });
    const named = postureAssertion({
      ...options,
      jwks: createLocalJWKSet({
        keys: [
          { ...stranger.jwk, kid: 'a' },
          { ...manager.jwk, kid: 'b' },
        ],
      }),
    });
    await expect(named.verify(await assertion({ header: { kid: 'b' } }), context)).resolves.toMatchObject({ key: KEY });
    await expect(named.verify(await assertion({ header: { kid: 'a' } }), context)).rejects.toThrow('not signed by a key that is trusted');
  });

  test('needs no challenge, so that it leaves the one of the session alone', () => {
    expect(verifier.challenge).toBe('none');
    expect(verifier.trust).toBe('managed');
  });

  test.each<[string, TokenChanges, string]>([
    ['another issuer', { claims: { iss: 'https://other.example.com' } }, 'evidence_invalid'],
    ['no issuer', { claims: { iss: undefined } }, 'evidence_invalid'],
    ['another key', { key: stranger.privateKey }, 'evidence_invalid'],
    ['another kind of token', { header: { typ: 'JWT' } }, 'evidence_invalid'],
    ['another audience', { claims: { aud: 'https://other.example.com' } }, 'evidence_invalid'],
    ['a device that is not compliant', { claims: { compliant: false } }, 'evidence_invalid'],
    ['a device that may be compliant', { claims: { compliant: undefined } }, 'evidence_invalid'],
    ['a word for it', { claims: { compliant: 'true' } }, 'evidence_invalid'],
    ['no key', { claims: { cnf: undefined } }, 'evidence_invalid'],
    ['two keys', { claims: { cnf: { jkt: KEY, 'x5t#S256': KEY } } }, 'evidence_invalid'],
    ['a number for a key', { claims: { cnf: { jkt: 7 } } }, 'evidence_invalid'],
    ['no end', { claims: { exp: undefined } }, 'evidence_invalid'],
    ['no beginning', { claims: { iat: undefined } }, 'evidence_invalid'],
    ['a beginning that is to come', { claims: { iat: inSeconds(61) } }, 'evidence_invalid'],
    ['an end that has come', { claims: { exp: inSeconds(0) } }, 'use_fresh_attestation'],
    ['sixteen minutes', { claims: { iat: inSeconds(-960) } }, 'use_fresh_attestation'],
    ['a time before which it is none', { claims: { nbf: inSeconds(120) } }, 'evidence_invalid'],
  ])('is refused for %s', async (_what, changes, code) => {
    await expect(verifier.verify(await assertion(changes), context)).rejects.toMatchObject({ code });
  });

  test('is refused if nobody signed it, or anybody could have', async () => {
    const token = await assertion();
    for (const forged of [
      unsigned(token),
      await withSharedSecret(manager, token),
      '',
      'x'.repeat(20_000),
      undefined,
      {},
      token.slice(0, 50),
    ]) {
      await expect(verifier.verify(forged, context)).rejects.toMatchObject({ name: 'EvidenceError', code: 'evidence_invalid' });
    }
  });

  test('is refused with an end that no number is', async () => {
    const payload = `{"iss":"${MANAGER}","aud":"${SERVICE}","iat":${inSeconds(0)},"exp":1e999,"compliant":true,"cnf":{"jkt":"${KEY}"}}`;
    const token = await new CompactSign(Buffer.from(payload))
      .setProtectedHeader({ alg: 'ES256', typ: 'device-posture+jwt' })
      .sign(manager.privateKey);
    await expect(verifier.verify(token, context)).rejects.toMatchObject({ code: 'use_fresh_attestation' });
  });
});

describe('options', () => {
  test.each([
    [{ ...options, issuer: '' }, 'needs issuer'],
    [{ ...options, jwks: undefined }, 'needs jwks'],
    [{ ...options, jwks: { keys: 'all' } }, 'needs jwks'],
    [{ ...options, audience: [] }, 'needs audience'],
    [{ ...options, maxAge: '0m' }, 'is not a duration'],
    [{ ...options, typ: 'a b' }, 'needs typ'],
    [{ ...options, algorithms: ['HS512'] }, 'algorithms can be'],
    [{ ...options, tolerance: '5m' }, 'does not know "tolerance"'],
  ])('%#: a helpful error', (wrong, message) => {
    expect(() => postureAssertion(wrong as PostureAssertionOptions)).toThrow(message);
  });
});
