import { type KeyObject, X509Certificate } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { androidKeyAttestation, type AndroidKeyAttestationOptions } from '../../../lib/proofs/attestation/android-key-attestation.ts';
import type { EvidenceContext } from '../../../lib/proofs/device-verifier.ts';
import { clientDataHash, EvidencePlace, KEY, newChallenge, NOW } from './evidence-context.ts';
import { APP_DIGEST, type HardwareSays, keyDescription, PACKAGE } from './software-android.ts';
import { type CertificateChanges, SoftwareAuthority } from './software-authority.ts';
import { vectors } from './vectors.ts';

const EXTENSION = '1.3.6.1.4.1.11129.2.1.17';
const authority = await SoftwareAuthority.at(NOW);
const options: AndroidKeyAttestationOptions = {
  packageName: PACKAGE,
  signatureDigests: APP_DIGEST.toString('hex'),
  roots: authority.root.pem,
};
const verifier = androidKeyAttestation(options);

async function issue(says: HardwareSays, changes: CertificateChanges = {}, maker = authority) {
  const issued = await maker.issue({ extensions: [{ id: EXTENSION, value: keyDescription(says) }], ...changes });
  return { ...issued, evidence: { chain: issued.chain.map((der) => der.toString('base64')) } };
}

async function chainFor(context: EvidenceContext, says: Partial<HardwareSays> = {}): Promise<{ chain: readonly string[] }> {
  return (await issue({ challenge: clientDataHash(context), ...says })).evidence;
}

function thumbprint(key: KeyObject): Promise<string> {
  return calculateJwkThumbprint(key.export({ format: 'jwk' }) as JWK);
}

describe('a key of secure hardware', () => {
  test('that was made for the challenge vouches for the key of the session', async () => {
    const context = new EvidencePlace().context();
    await expect(verifier.verify(await chainFor(context), context)).resolves.toEqual({ key: KEY, at: NOW, until: NOW + 86_400_000 });
  });

  test.each<[string, Partial<HardwareSays>, string]>([
    ['software attests', { attestationLevel: 0 }, 'not in the hardware'],
    ['software holds it', { keyLevel: 0 }, 'not in the hardware'],
    ['software alone speaks of it', { isSoftwareOnly: true }, 'unlocked'],
    ['the device is unlocked', { isLocked: false }, 'unlocked'],
    ['its owner signed what it started', { bootState: 1 }, 'unlocked'],
    ['nobody signed what it started', { bootState: 2 }, 'unlocked'],
    ['it was imported', { origin: 2 }, 'not made in the hardware'],
    ['it does not sign', { purposes: [0, 1] }, 'not made in the hardware'],
    ['every app may use it', { isForAllApps: true }, 'for one app'],
    ['another app made it', { packages: ['com.example.other'] }, 'another app'],
    ['another app may use it, too', { packages: [PACKAGE, 'com.example.other'] }, 'another app'],
    ['no app made it', { packages: [] }, 'could not be read'],
    ['the app is signed by another', { digests: [Buffer.alloc(32)] }, 'signed by somebody else'],
    ['the app is signed by another, too', { digests: [APP_DIGEST, Buffer.alloc(32)] }, 'signed by somebody else'],
    ['nobody signed the app', { digests: [] }, 'could not be read'],
    ['it was made for another challenge', { challenge: Buffer.from(newChallenge()) }, 'another challenge'],
    ['it was made for no challenge', { challenge: Buffer.alloc(0) }, 'another challenge'],
  ])('is refused if %s', async (_what, says, message) => {
    const context = new EvidencePlace().context();
    await expect(verifier.verify(await chainFor(context, says), context)).rejects.toThrow(message);
  });

  test('is refused for another challenge, another key of the session, and without a challenge', async () => {
    const context = new EvidencePlace().context();
    const chain = await chainFor(context);
    await expect(verifier.verify(chain, { ...context, challenge: newChallenge() })).rejects.toThrow('another challenge');
    await expect(verifier.verify(chain, { ...context, key: 'x'.repeat(43) })).rejects.toThrow('another challenge');
    await expect(verifier.verify(chain, { ...context, challenge: undefined })).rejects.toMatchObject({ code: 'use_attestation_challenge' });
  });

  test('in a StrongBox is told from one that is not', async () => {
    const strict = androidKeyAttestation({ ...options, hardware: 'strongbox' });
    const context = new EvidencePlace().context();
    await expect(strict.verify(await chainFor(context), context)).rejects.toThrow('not in the hardware');
    await expect(strict.verify(await chainFor(context, { attestationLevel: 2 }), context)).rejects.toThrow('not in the hardware');
    await expect(strict.verify(await chainFor(context, { attestationLevel: 2, keyLevel: 2 }), context)).resolves.toMatchObject({
      key: KEY,
    });
  });

  test('is refused if another maker vouches for it', async () => {
    const context = new EvidencePlace().context();
    const forged = await issue({ challenge: clientDataHash(context) }, {}, await SoftwareAuthority.at(NOW));
    await expect(verifier.verify(forged.evidence, context)).rejects.toThrow('no root that is trusted');
  });

  test('is refused if nothing describes it', async () => {
    const context = new EvidencePlace().context();
    const plain = await issue({ challenge: Buffer.alloc(0) }, { extensions: [] });
    await expect(verifier.verify(plain.evidence, context)).rejects.toThrow('the leaf, and it alone');
  });

  test('is refused if a key of an app signed it, which could say anything', async () => {
    const context = new EvidencePlace().context();
    const value = keyDescription({ challenge: Buffer.alloc(0), purposes: [7] });
    const ofApp = await SoftwareAuthority.at(NOW, { extensions: [{ id: EXTENSION, value }] });
    const forged = await issue({ challenge: clientDataHash(context) }, {}, ofApp);
    const trusting = androidKeyAttestation({ ...options, roots: ofApp.root.pem });
    await expect(trusting.verify(forged.evidence, context)).rejects.toThrow('the leaf, and it alone');
  });

  test('is refused if a certificate was revoked, by the serial numbers of all', async () => {
    const seen: string[][] = [];
    const isRevoked = (serials: readonly string[]) => seen.push([...serials]) > 1;
    const careful = androidKeyAttestation({ ...options, isRevoked });
    const context = new EvidencePlace().context();
    const chain = await chainFor(context);
    await expect(careful.verify(chain, context)).resolves.toMatchObject({ key: KEY });
    await expect(careful.verify(chain, context)).rejects.toThrow('revoked');
    expect(seen[0]).toHaveLength(2);
    expect(seen[0]?.every((serial) => /^[1-9a-f][0-9a-f]*$/.test(serial))).toBe(true);
    const lost = androidKeyAttestation({ ...options, isRevoked: () => Promise.reject(new Error('no list')) });
    await expect(lost.verify(chain, context)).rejects.toMatchObject({ code: 'ERR_VERIFIER_UNAVAILABLE' });
  });
});

describe('the key of the session itself', () => {
  const challenge = Buffer.from('given out before the sign-in');

  test('is vouched for if the application knows the challenge', async () => {
    const own = await issue({ challenge });
    const context = new EvidencePlace().context({ key: await thumbprint(own.publicKey), challenge: undefined });
    const knowing = androidKeyAttestation({ ...options, isOwnChallenge: async (one) => one.equals(challenge) });
    await expect(knowing.verify(own.evidence, context)).resolves.toMatchObject({ key: context.key });
    const unknown = androidKeyAttestation({ ...options, isOwnChallenge: () => false });
    await expect(unknown.verify(own.evidence, context)).rejects.toMatchObject({ code: 'use_attestation_challenge' });
    await expect(verifier.verify(own.evidence, context)).rejects.toMatchObject({ code: 'use_attestation_challenge' });
  });

  test('is not another: that the application knows the challenge is nothing to a fresh key', async () => {
    const fresh = await issue({ challenge });
    const knowing = androidKeyAttestation({ ...options, isOwnChallenge: () => true });
    await expect(knowing.verify(fresh.evidence, new EvidencePlace().context())).rejects.toThrow('another challenge');
  });
});

describe('chains of real devices', () => {
  const { packageName, signatureDigest, pixel9, pixel9a, pixel9aStrongBox, unlocked } = vectors.androidKey;
  const real = { packageName, signatureDigests: signatureDigest, isOwnChallenge: () => true } as const;

  async function verify(chain: readonly string[], now: number, changes: Partial<AndroidKeyAttestationOptions> = {}) {
    const leaf = new X509Certificate(Buffer.from(chain[0] as string, 'base64'));
    const context = new EvidencePlace().context({ now, key: await thumbprint(leaf.publicKey) });
    return androidKeyAttestation({ ...real, ...changes }).verify({ chain }, context);
  }

  test.each([
    ['under the root of 2019', pixel9, Date.UTC(2025, 8, 30)],
    ['under the root of 2026', pixel9a, Date.UTC(2026, 1, 25)],
    ['in a StrongBox', pixel9aStrongBox, Date.UTC(2026, 1, 25)],
  ])('%s', async (_what, chain, now) => {
    await expect(verify(chain, now)).resolves.toMatchObject({ at: now });
  });

  test('say where the key lies', async () => {
    const now = Date.UTC(2026, 1, 25);
    await expect(verify(pixel9aStrongBox, now, { hardware: 'strongbox' })).resolves.toMatchObject({ at: now });
    await expect(verify(pixel9a, now, { hardware: 'strongbox' })).rejects.toThrow('not in the hardware');
  });

  test('are of one app', async () => {
    await expect(verify(pixel9a, Date.UTC(2026, 1, 25), { packageName: 'com.example.other' })).rejects.toThrow('another app');
    await expect(verify(pixel9a, Date.UTC(2026, 1, 25), { signatureDigests: 'ab'.repeat(32) })).rejects.toThrow('signed by somebody else');
  });

  test('end with their certificates', async () => {
    await expect(verify(pixel9a, NOW)).rejects.toThrow('out of its term');
  });

  test('of an unlocked device are refused for that', async () => {
    await expect(verify(unlocked, Date.UTC(2020, 0, 1))).rejects.toThrow('the device is unlocked');
  });
});

describe('options', () => {
  test.each([
    [{ ...options, packageName: '' }, 'needs packageName'],
    [{ ...options, signatureDigests: 'abc' }, 'needs signatureDigests'],
    [{ ...options, hardware: 'software' }, 'needs hardware'],
    [{ ...options, hardware: 'toString' }, 'needs hardware'],
    [{ ...options, isRevoked: true }, 'isRevoked is a function'],
    [{ ...options, isOwnChallenge: 'yes' }, 'isOwnChallenge is a function'],
    [{ ...options, roots: [] }, 'needs roots'],
    [{ ...options, root: '' }, 'does not know "root"'],
  ])('%#: a helpful error', (wrong, message) => {
    expect(() => androidKeyAttestation(wrong as AndroidKeyAttestationOptions)).toThrow(message);
  });
});
