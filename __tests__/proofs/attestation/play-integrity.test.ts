import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { CompactEncrypt, CompactSign } from 'jose';
import { playIntegrity, type PlayIntegrityOptions } from '../../../lib/proofs/attestation/play-integrity.ts';
import type { EvidenceContext } from '../../../lib/proofs/device-verifier.ts';
import { clientDataHash, EvidencePlace, KEY, newChallenge, NOW } from './evidence-context.ts';

const PACKAGE = 'com.example.app';
const DIGEST = randomBytes(32).toString('base64url');
const secret = randomBytes(32);
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const options: PlayIntegrityOptions = {
  decryptionKey: secret.toString('base64'),
  verificationKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
  packageName: PACKAGE,
  certificateDigests: DIGEST,
};
const verifier = playIntegrity(options);

interface Changes {
  readonly request?: Readonly<Record<string, unknown>>;
  readonly app?: Readonly<Record<string, unknown>>;
  readonly device?: Readonly<Record<string, unknown>>;
  readonly key?: KeyObject;
  readonly secret?: Buffer;
  readonly alg?: string;
  readonly enc?: string;
}

/** As documented at developer.android.com/google/play/integrity/verdicts. */
function payloadFor(context: EvidenceContext, { request, app, device }: Changes): object {
  return {
    requestDetails: {
      requestPackageName: PACKAGE,
      requestHash: clientDataHash(context).toString('base64url'),
      timestampMillis: String(NOW - 2_000),
      ...request,
    },
    appIntegrity: {
      appRecognitionVerdict: 'PLAY_RECOGNIZED',
      packageName: PACKAGE,
      certificateSha256Digest: [DIGEST],
      versionCode: '42',
      ...app,
    },
    deviceIntegrity: { deviceRecognitionVerdict: ['MEETS_BASIC_INTEGRITY', 'MEETS_DEVICE_INTEGRITY'], ...device },
    accountDetails: { appLicensingVerdict: 'LICENSED' },
  };
}

async function tokenFor(context: EvidenceContext, changes: Changes = {}): Promise<string> {
  const payload = new TextEncoder().encode(JSON.stringify(payloadFor(context, changes)));
  const signed = await new CompactSign(payload).setProtectedHeader({ alg: 'ES256' }).sign(changes.key ?? privateKey);
  return new CompactEncrypt(new TextEncoder().encode(signed))
    .setProtectedHeader({ alg: changes.alg ?? 'A256KW', enc: changes.enc ?? 'A256GCM' })
    .encrypt(changes.secret ?? secret);
}

describe('a verdict of Google', () => {
  test('vouches for the key of the session for a day', async () => {
    const context = new EvidencePlace().context();
    const token = await tokenFor(context);
    await expect(verifier.verify({ token }, context)).resolves.toEqual({ key: KEY, at: NOW - 2_000, until: NOW - 2_000 + 86_400_000 });
  });

  test('may be for a classic request, and be asked to be stronger', async () => {
    const context = new EvidencePlace().context();
    const nonce = clientDataHash(context).toString('base64url');
    const classic = await tokenFor(context, { request: { requestHash: undefined, nonce: `${nonce}=` } });
    await expect(verifier.verify({ token: classic }, context)).resolves.toMatchObject({ key: KEY });
    const strong = playIntegrity({ ...options, level: 'MEETS_STRONG_INTEGRITY' });
    await expect(strong.verify({ token: classic }, context)).rejects.toThrow('does not meet the integrity');
    const token = await tokenFor(context, { device: { deviceRecognitionVerdict: ['MEETS_STRONG_INTEGRITY'] } });
    await expect(strong.verify({ token }, context)).resolves.toMatchObject({ key: KEY });
  });

  test.each<[string, Changes, string]>([
    ['another app', { request: { requestPackageName: 'com.example.other' } }, 'another app'],
    ['another package', { app: { packageName: 'com.example.other' } }, 'another app'],
    ['an app that was changed', { app: { appRecognitionVerdict: 'UNRECOGNIZED_VERSION' } }, 'not the one that Google Play distributes'],
    ['an app of another maker', { app: { certificateSha256Digest: [randomBytes(32).toString('base64url')] } }, 'signed by somebody else'],
    [
      'an app of two makers',
      { app: { certificateSha256Digest: [DIGEST, randomBytes(32).toString('base64url')] } },
      'signed by somebody else',
    ],
    ['an app of nobody', { app: { certificateSha256Digest: [] } }, 'could not be read'],
    ['a device that is none', { device: { deviceRecognitionVerdict: [] } }, 'does not meet the integrity'],
    ['a device that meets the least', { device: { deviceRecognitionVerdict: ['MEETS_BASIC_INTEGRITY'] } }, 'does not meet the integrity'],
    ['a device that was not looked at', { device: { deviceRecognitionVerdict: undefined } }, 'could not be read'],
    ['another question', { request: { requestHash: newChallenge() } }, 'another challenge'],
    ['no question', { request: { requestHash: undefined } }, 'another challenge'],
    ['two questions', { request: { nonce: 'x' } }, 'another challenge'],
    ['six minutes', { request: { timestampMillis: String(NOW - 360_000) } }, 'too old'],
    ['a time to come', { request: { timestampMillis: String(NOW + 61_000) } }, 'time that is to come'],
    ['no time', { request: { timestampMillis: 'now' } }, 'could not be read'],
    ['a key of somebody else', { key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }, 'could not be read'],
    ['a secret of somebody else', { secret: randomBytes(32) }, 'could not be read'],
    ['a weaker wrapping', { alg: 'dir' }, 'could not be read'],
    ['another cipher', { enc: 'A256CBC-HS512' }, 'could not be read'],
  ])('is refused for %s', async (_what, changes, message) => {
    const context = new EvidencePlace().context();
    await expect(verifier.verify({ token: await tokenFor(context, changes) }, context)).rejects.toThrow(message);
  });

  test('is refused for another challenge, another key of the session, and without a challenge', async () => {
    const context = new EvidencePlace().context();
    const token = await tokenFor(context);
    await expect(verifier.verify({ token }, { ...context, challenge: newChallenge() })).rejects.toThrow('another challenge');
    await expect(verifier.verify({ token }, { ...context, key: 'x'.repeat(43) })).rejects.toThrow('another challenge');
    await expect(verifier.verify({ token }, { ...context, challenge: undefined })).rejects.toMatchObject({
      code: 'use_attestation_challenge',
    });
  });

  test('is refused if it is signed and not encrypted, or the other way round', async () => {
    const context = new EvidencePlace().context();
    const payload = new TextEncoder().encode(JSON.stringify(payloadFor(context, {})));
    const signed = await new CompactSign(payload).setProtectedHeader({ alg: 'ES256' }).sign(privateKey);
    const encrypted = await new CompactEncrypt(payload).setProtectedHeader({ alg: 'A256KW', enc: 'A256GCM' }).encrypt(secret);
    for (const token of [signed, encrypted]) await expect(verifier.verify({ token }, context)).rejects.toThrow('could not be read');
  });
});

describe('options', () => {
  test.each([
    [{ ...options, decryptionKey: 'c2hvcnQ=' }, 'needs decryptionKey'],
    [{ ...options, decryptionKey: undefined }, 'needs decryptionKey'],
    [{ ...options, verificationKey: 'bm9uZQ==' }, 'needs verificationKey'],
    [
      { ...options, verificationKey: generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' }).toString('base64') },
      'needs verificationKey',
    ],
    [{ ...options, packageName: 'app' }, 'needs packageName'],
    [{ ...options, certificateDigests: ['AB:CD'] }, 'needs certificateDigests'],
    [{ ...options, level: 'MEETS_VIRTUAL_INTEGRITY' }, 'needs level'],
    [{ ...options, maxAge: 5 }, 'is not a duration'],
    [{ ...options, licensed: true }, 'does not know "licensed"'],
  ])('%#: a helpful error', (wrong, message) => {
    expect(() => playIntegrity(wrong as PlayIntegrityOptions)).toThrow(message);
  });
});
