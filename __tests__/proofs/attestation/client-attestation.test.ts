import { exportJWK } from 'jose';
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { clientAttestation, type ClientAttestationOptions } from '../../../lib/proofs/attestation/client-attestation.ts';
import type { EvidenceContext } from '../../../lib/proofs/device-verifier.ts';
import { EvidencePlace, newChallenge, NOW } from './evidence-context.ts';
import { inSeconds, type TokenChanges, tokenIssuer, unsigned, withSharedSecret } from './token-issuer.ts';

const ATTESTER = 'https://attester.example.com';
const SERVICE = 'https://api.example.com';
const [attester, stranger, instance, other] = await Promise.all([tokenIssuer(), tokenIssuer(), tokenIssuer(), tokenIssuer()]);
const options: ClientAttestationOptions = { issuers: { [ATTESTER]: { keys: [attester.jwk] } }, clientId: 'phone-app', audience: SERVICE };
const verifier = clientAttestation(options);

function newContext(changes: Partial<EvidenceContext> = {}): EvidenceContext {
  return new EvidencePlace().context({ key: instance.thumbprint, ...changes });
}

interface Changes {
  readonly attestation?: TokenChanges;
  readonly proof?: TokenChanges;
}

async function headers(
  { challenge }: Pick<EvidenceContext, 'challenge'>,
  { attestation, proof }: Changes = {},
): Promise<Record<string, string>> {
  const claims = { iss: ATTESTER, sub: 'phone-app', iat: inSeconds(-60), exp: inSeconds(3_600), cnf: { jwk: instance.jwk } };
  const proofClaims = { aud: SERVICE, jti: randomUUID(), iat: inSeconds(0), challenge };
  return {
    'oauth-client-attestation': await attester.sign('oauth-client-attestation+jwt', claims, attestation),
    'oauth-client-attestation-pop': await instance.sign('oauth-client-attestation-pop+jwt', proofClaims, proof),
  };
}

async function refusal(changes: Changes, context = newContext()): Promise<unknown> {
  return verifier.verify(await headers(context, changes), context).then(
    () => 'taken',
    (error: { code: string }) => error.code,
  );
}

describe('an attested client', () => {
  test('is vouched for from when the attester said so until it ends', async () => {
    const context = newContext();
    await expect(verifier.verify(await headers(context), context)).resolves.toEqual({
      key: instance.thumbprint,
      at: NOW - 60_000,
      until: NOW + 3_600_000,
    });
  });

  test('is vouched for no longer than the longest age', async () => {
    const context = newContext();
    const strict = clientAttestation({ ...options, maxAge: '10m' });
    await expect(strict.verify(await headers(context), context)).resolves.toMatchObject({ until: NOW - 60_000 + 600_000 });
  });

  test.each(['ES384', 'Ed25519', 'PS256'])('may hold a key for %s', async (alg) => {
    const holder = await tokenIssuer(alg);
    const context = newContext({ key: holder.thumbprint });
    const evidence = await headers(context, { attestation: { claims: { cnf: { jwk: holder.jwk } } } });
    const proof = await holder.sign('oauth-client-attestation-pop+jwt', {
      aud: SERVICE,
      jti: 'one',
      iat: inSeconds(0),
      challenge: context.challenge,
    });
    await expect(verifier.verify({ ...evidence, 'oauth-client-attestation-pop': proof }, context)).resolves.toMatchObject({
      key: holder.thumbprint,
    });
  });
});

describe('an attestation is refused', () => {
  test.each<[string, TokenChanges, string]>([
    ['by another attester', { claims: { iss: 'https://other.example.com' } }, 'invalid_client_attestation'],
    ['by nobody', { claims: { iss: undefined } }, 'invalid_client_attestation'],
    ['by a name that every object has', { claims: { iss: 'constructor' } }, 'invalid_client_attestation'],
    ['with another key', { key: stranger.privateKey }, 'invalid_client_attestation'],
    ['as another kind of token', { header: { typ: 'oauth-client-attestation-pop+jwt' } }, 'invalid_client_attestation'],
    ['as any kind of token', { header: { typ: undefined } }, 'invalid_client_attestation'],
    ['with a header that nobody understands', { header: { crit: ['odd'], odd: 1 } }, 'invalid_client_attestation'],
    ['for another client', { claims: { sub: 'other-app' } }, 'invalid_client_attestation'],
    ['for no client', { claims: { sub: undefined } }, 'invalid_client_attestation'],
    ['without an end', { claims: { exp: undefined } }, 'invalid_client_attestation'],
    ['with a text as its end', { claims: { exp: 'never' } }, 'invalid_client_attestation'],
    ['without a beginning', { claims: { iat: undefined } }, 'invalid_client_attestation'],
    ['from a time that is to come', { claims: { iat: inSeconds(120) } }, 'invalid_client_attestation'],
    ['after its end', { claims: { exp: inSeconds(-1) } }, 'use_fresh_attestation'],
    ['a day later', { claims: { iat: inSeconds(-86_401) } }, 'use_fresh_attestation'],
    ['without a key', { claims: { cnf: undefined } }, 'invalid_client_attestation'],
    ['with the thumbprint of a key in place of it', { claims: { cnf: { jkt: instance.thumbprint } } }, 'invalid_client_attestation'],
    ['about another key', { claims: { cnf: { jwk: other.jwk } } }, 'invalid_client_attestation'],
    ['about a secret', { claims: { cnf: { jwk: { kty: 'oct', k: 'c2VjcmV0' } } } }, 'invalid_client_attestation'],
    ['about a key of no kind', { claims: { cnf: { jwk: { kty: 'EC', crv: 'P-256' } } } }, 'invalid_client_attestation'],
  ])('%s', async (_what, attestation, code) => {
    expect(await refusal({ attestation })).toBe(code);
  });

  test('about another key than that of the session, with all that belongs to it', async () => {
    const context = newContext();
    const evidence = await headers(context);
    const verdict = await verifier.verify(evidence, context);
    expect(verdict.key).toBe(instance.thumbprint);
    const next = newContext({ key: other.thumbprint });
    await expect(verifier.verify(await headers(next), next)).rejects.toThrow('about another key');
  });

  test('about a key that is shown with its private half', async () => {
    const jwk = { ...instance.jwk, d: (await exportJWK(instance.privateKey)).d };
    expect(await refusal({ attestation: { claims: { cnf: { jwk } } } })).toBe('invalid_client_attestation');
  });

  test('signed by nobody, or with the public key as a secret', async () => {
    const context = newContext();
    const evidence = await headers(context);
    const attestation = evidence['oauth-client-attestation'] as string;
    for (const forged of [unsigned(attestation), await withSharedSecret(attester, attestation), `${attestation.slice(0, -4)}AAAA`]) {
      const answer = verifier.verify({ ...evidence, 'oauth-client-attestation': forged }, context);
      await expect(answer).rejects.toMatchObject({ code: 'invalid_client_attestation' });
    }
  });
});

describe('a proof of possession is refused', () => {
  test.each<[string, TokenChanges, string]>([
    ['by another key', { key: other.privateKey }, 'invalid_client_attestation'],
    ['as another kind of token', { header: { typ: 'dpop+jwt' } }, 'invalid_client_attestation'],
    ['for another service', { claims: { aud: 'https://other.example.com' } }, 'invalid_client_attestation'],
    ['for several services', { claims: { aud: [SERVICE, 'https://other.example.com'] } }, 'invalid_client_attestation'],
    ['for no service', { claims: { aud: undefined } }, 'invalid_client_attestation'],
    ['without an id', { claims: { jti: undefined } }, 'invalid_client_attestation'],
    ['with an id of no length', { claims: { jti: '' } }, 'invalid_client_attestation'],
    ['with an id of any length', { claims: { jti: 'x'.repeat(300) } }, 'invalid_client_attestation'],
    ['six minutes later', { claims: { iat: inSeconds(-360) } }, 'invalid_client_attestation'],
    ['from a time that is to come', { claims: { iat: inSeconds(120) } }, 'invalid_client_attestation'],
    ['for another challenge', { claims: { challenge: newChallenge() } }, 'use_attestation_challenge'],
    ['without a challenge', { claims: { challenge: undefined } }, 'use_attestation_challenge'],
  ])('%s', async (_what, proof, code) => {
    expect(await refusal({ proof })).toBe(code);
  });

  test('if no challenge is open', async () => {
    expect(await refusal({}, newContext({ challenge: undefined }))).toBe('use_attestation_challenge');
  });

  test('the second time', async () => {
    const context = newContext();
    const evidence = await headers(context);
    await verifier.verify(evidence, context);
    await expect(verifier.verify(evidence, context)).rejects.toThrow('used before');
  });

  test('where it is missing, or is there twice', async () => {
    const context = newContext();
    const evidence = await headers(context);
    const twice = `${evidence['oauth-client-attestation-pop']}, ${evidence['oauth-client-attestation-pop']}`;
    for (const proof of [undefined, '', twice]) {
      await expect(verifier.verify({ ...evidence, 'oauth-client-attestation-pop': proof }, context)).rejects.toMatchObject({
        code: 'invalid_client_attestation',
      });
    }
  });

  test('and says nothing of what it held', async () => {
    const context = newContext();
    const proof = { claims: { aud: 'secret-audience' } };
    const error = await verifier.verify(await headers(context, { proof }), context).catch((thrown: unknown) => thrown);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('secret-audience');
    expect((error as Error).cause).toBeUndefined();
  });
});

describe('options', () => {
  test.each([
    [{ ...options, issuers: {} }, 'needs issuers'],
    [{ ...options, issuers: { [ATTESTER]: { keys: [] } } }, 'a JWK Set'],
    [{ ...options, issuers: { [ATTESTER]: { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] } } }, 'something else than public keys'],
    [{ ...options, issuers: { [ATTESTER]: { keys: [{ ...attester.jwk, d: 'c2VjcmV0' }] } } }, 'something else than public keys'],
    [{ ...options, clientId: '' }, 'needs clientId'],
    [{ ...options, audience: undefined }, 'needs audience'],
    [{ ...options, algorithms: ['none'] }, 'algorithms can be'],
    [{ ...options, algorithms: ['HS256'] }, 'algorithms can be'],
    [{ ...options, algorithms: [] }, 'algorithms can be'],
    [{ ...options, maxAge: '1y' }, 'is not a duration'],
    [{ ...options, issuer: ATTESTER }, 'does not know "issuer"'],
  ])('%#: a helpful error', (wrong, message) => {
    expect(() => clientAttestation(wrong as ClientAttestationOptions)).toThrow(message);
  });

  test('narrow the algorithms', async () => {
    const context = newContext();
    const strict = clientAttestation({ ...options, algorithms: ['Ed25519'] });
    await expect(strict.verify(await headers(context), context)).rejects.toThrow('algorithm that is not allowed');
  });
});
