import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { androidKeyAttestation } from '../../../lib/proofs/attestation/android-key-attestation.ts';
import { appAttest } from '../../../lib/proofs/attestation/app-attest.ts';
import { clientAttestation } from '../../../lib/proofs/attestation/client-attestation.ts';
import { playIntegrity } from '../../../lib/proofs/attestation/play-integrity.ts';
import { securityKeyAttestation } from '../../../lib/proofs/attestation/security-key-attestation.ts';
import type { DeviceVerifier } from '../../../lib/proofs/device-verifier.ts';
import { EvidenceError } from '../../../lib/proofs/evidence/evidence-error.ts';
import { postureAssertion } from '../../../lib/proofs/posture/posture-assertion.ts';
import { clientDataHash, EvidencePlace, NOW } from './evidence-context.ts';
import { keyDescription } from './software-android.ts';
import { SoftwareAuthority } from './software-authority.ts';
import { softwareIphone } from './software-iphone.ts';
import { ORIGIN, register, RP_ID } from './software-security-key.ts';
import { tokenIssuer } from './token-issuer.ts';

const authority = await SoftwareAuthority.at(NOW);
const issuer = await tokenIssuer();
const jwks = { keys: [issuer.jwk] };
const spki = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'der' });
const roots = authority.root.pem;
const apple = appAttest({ teamId: 'ABCDE12345', bundleId: 'com.example.app', roots });
const android = androidKeyAttestation({ packageName: 'com.example.app', signatureDigests: 'ab'.repeat(32), roots });
const securityKey = securityKeyAttestation({ origin: ORIGIN, rpId: RP_ID, roots });
const verifiers: readonly DeviceVerifier[] = [
  apple,
  android,
  securityKey,
  clientAttestation({ issuers: { 'https://a.example': jwks }, clientId: 'app', audience: 'https://b.example' }),
  postureAssertion({ issuer: 'https://a.example', jwks, audience: 'https://b.example' }),
  playIntegrity({
    decryptionKey: randomBytes(32).toString('base64'),
    verificationKey: spki.toString('base64'),
    packageName: 'com.example.app',
    certificateDigests: 'A'.repeat(43),
  }),
];

const place = new EvidencePlace();
const context = place.context();
const text = fc.oneof(
  fc.string(),
  fc.base64String({ maxLength: 400 }),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  fc.constantFrom('eyJhbGciOiJub25lIn0.e30.', 'a.b.c', 'a.b.c.d.e', '', '='.repeat(8)),
);
const anything = fc.oneof(fc.anything(), text, fc.array(text), fc.uint8Array());
const evidence = fc.oneof(
  anything,
  fc.record(
    Object.fromEntries(
      [
        'keyId',
        'attestation',
        'assertion',
        'token',
        'chain',
        'registration',
        'remembered',
        'oauth-client-attestation',
        'oauth-client-attestation-pop',
      ].map((name) => [name, name === 'keyId' ? fc.constant(Buffer.alloc(32).toString('base64')) : anything]),
    ),
    { requiredKeys: [] },
  ),
);

/** Whatever comes, it is refused, and as evidence: nothing else is thrown. */
async function isRefused(verifier: DeviceVerifier, presented: unknown): Promise<void> {
  const outcome: unknown = await verifier.verify(presented, context).catch((error: unknown) => error);
  expect(outcome).toBeInstanceOf(EvidenceError);
}

describe('evidence that somebody made up', () => {
  test.each(verifiers.map((verifier) => [verifier.name, verifier] as const))('is refused as such: %s', async (_name, verifier) => {
    await fc.assert(
      fc.asyncProperty(evidence, (presented) => isRefused(verifier, presented)),
      { numRuns: 150 },
    );
  });

  test.each(verifiers.map((verifier) => [verifier.name, verifier] as const))('is not read at any length: %s', async (_name, verifier) => {
    const long = 'A'.repeat(5_000_000);
    const before = performance.now();
    const chain = Array.from({ length: 100_000 }, () => 'AAAA');
    for (const presented of [long, { keyId: long, attestation: long }, { token: long, chain, registration: { id: long } }])
      await isRefused(verifier, presented);
    expect(performance.now() - before).toBeLessThan(2_000);
  });
});

/** The word, its length, and eight bytes. */
const RECEIPT_BYTES = 16;

/** Cuts something off, turns a bit, or puts something in between. */
const damage = fc.oneof(
  fc.record({ do: fc.constant('cut' as const), at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }) }),
  fc.record({
    do: fc.constant('turn' as const),
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    bit: fc.nat({ max: 7 }),
  }),
  fc.record({ do: fc.constant('add' as const), bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }) }),
);
type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

function damaged(bytes: Buffer, what: Damage): Buffer {
  if (what.do === 'add') return Buffer.concat([bytes, what.bytes]);
  const at = Math.floor(what.at * bytes.length);
  if (what.do === 'cut') return bytes.subarray(0, at);
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] as number) ^ (1 << what.bit);
  return copy;
}

describe('good evidence that was damaged', () => {
  test('an attestation of App Attest', async () => {
    const phone = await softwareIphone(authority, 'ABCDE12345.com.example.app');
    const attestation = await phone.attest(clientDataHash(context));
    const keyId = phone.keyId;
    const receiptAt = attestation.indexOf('receipt');
    await fc.assert(
      fc.asyncProperty(damage, async (what) => {
        const changed = damaged(attestation, what);
        // The receipt is for Apple: what stands in it is nothing to us.
        const changedAt = what.do === 'turn' ? changed.findIndex((byte, index) => byte !== attestation[index]) : -1;
        const isInReceipt = changedAt >= receiptAt && changedAt < receiptAt + RECEIPT_BYTES;
        if (!isInReceipt) await isRefused(apple, { keyId, attestation: changed });
      }),
      { numRuns: 300 },
    );
    await expect(apple.verify({ keyId, attestation }, context)).resolves.toMatchObject({ key: context.key });
  });

  test('an assertion of App Attest', async () => {
    const phone = await softwareIphone(authority, 'ABCDE12345.com.example.app');
    await apple.verify({ attestation: await phone.attest(clientDataHash(context)), keyId: phone.keyId }, context);
    const assertion = phone.assert(clientDataHash(context));
    await fc.assert(
      fc.asyncProperty(damage, (what) => isRefused(apple, { keyId: phone.keyId, assertion: damaged(assertion, what) })),
      { numRuns: 300 },
    );
    await expect(apple.verify({ keyId: phone.keyId, assertion }, context)).resolves.toMatchObject({ key: context.key });
  });

  test('a chain of the Android Keystore', async () => {
    const value = keyDescription({ challenge: clientDataHash(context) });
    const { chain } = await authority.issue({ extensions: [{ id: '1.3.6.1.4.1.11129.2.1.17', value }] });
    await fc.assert(
      fc.asyncProperty(damage, fc.nat({ max: 1 }), (what, index) => {
        const changed = chain.map((der, place) => (place === index ? damaged(der, what) : der));
        return isRefused(android, { chain: changed });
      }),
      { numRuns: 300 },
    );
    await expect(android.verify({ chain }, context)).resolves.toMatchObject({ key: context.key });
  });

  test('the registration of a security key', async () => {
    const { response, thumbprint } = await register(authority, context.challenge as string);
    const object = Buffer.from(response.response.attestationObject, 'base64url');
    const own = { ...context, key: thumbprint };
    await fc.assert(
      fc.asyncProperty(damage, async (what) => {
        const changed = damaged(object, what).toString('base64url');
        const registration = { ...response, response: { ...response.response, attestationObject: changed } };
        const outcome: unknown = await securityKey.verify({ registration }, own).catch((error: unknown) => error);
        // Bytes after the object are none of it.
        if (what.do !== 'add') expect(outcome).toBeInstanceOf(EvidenceError);
      }),
      { numRuns: 300 },
    );
    await expect(securityKey.verify({ registration: response }, own)).resolves.toMatchObject({ key: thumbprint });
  });
});
