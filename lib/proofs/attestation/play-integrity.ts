import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { compactDecrypt, compactVerify } from 'jose';
import { z } from 'zod';
import type { Duration } from '../../policy/duration.ts';
import type { DeviceVerdict, DeviceVerifier, EvidenceContext } from '../device-verifier.ts';
import { EvidenceError, onlyRefusals } from '../evidence/evidence-error.ts';
import { fieldsOf } from '../evidence/evidence-input.ts';
import { signedByApp } from '../evidence/session-challenge.ts';
import { CLOCK_TOLERANCE_MS } from '../evidence/signed-token.ts';
import { VerifierOptions } from '../evidence/verifier-options.ts';

/** What the device has to be, from weak to strong. */
export type PlayIntegrityLevel = 'MEETS_BASIC_INTEGRITY' | 'MEETS_DEVICE_INTEGRITY' | 'MEETS_STRONG_INTEGRITY';

/** Options of `playIntegrity`. */
export interface PlayIntegrityOptions {
  /** The AES key of the Play Console, base64. */
  readonly decryptionKey: string;
  /** The public key of the Play Console, base64 of its DER. */
  readonly verificationKey: string;
  readonly packageName: string;
  /** SHA-256 of the certificates that the app is signed with, base64url. */
  readonly certificateDigests: string | readonly string[];
  /** Default `MEETS_DEVICE_INTEGRITY`. */
  readonly level?: PlayIntegrityLevel;
  /** How old a verdict may be when it is presented. Default `5m`. */
  readonly maxAge?: Duration;
  /** How long one verdict counts. Default `1d`. */
  readonly lifetime?: Duration;
}

interface Settings {
  readonly decryptionKey: KeyObject;
  readonly verificationKey: KeyObject;
  readonly packageName: string;
  readonly digests: readonly string[];
  readonly level: PlayIntegrityLevel;
  readonly maxAgeMs: number;
  readonly lifetimeMs: number;
}

const KNOWN = ['decryptionKey', 'verificationKey', 'packageName', 'certificateDigests', 'level', 'maxAge', 'lifetime'];
const LEVELS: readonly string[] = ['MEETS_BASIC_INTEGRITY', 'MEETS_DEVICE_INTEGRITY', 'MEETS_STRONG_INTEGRITY'];
const LONGEST_TOKEN = 16_384;
const BASE64URL = /^[A-Za-z0-9_-]{43}=?$/;
const PACKAGE = /^[A-Za-z]\w*(?:\.[A-Za-z]\w*)+$/;

const PAYLOAD = z.object({
  requestDetails: z.object({
    requestPackageName: z.string(),
    requestHash: z.string().optional(),
    nonce: z.string().optional(),
    timestampMillis: z.string().regex(/^\d{1,15}$/),
  }),
  appIntegrity: z.object({
    appRecognitionVerdict: z.string(),
    packageName: z.string(),
    certificateSha256Digest: z.array(z.string()).min(1),
  }),
  deviceIntegrity: z.object({ deviceRecognitionVerdict: z.array(z.string()) }),
});

type Payload = z.infer<typeof PAYLOAD>;

/**
 * Verifies verdicts of Google Play Integrity with the keys of the Play Console, without a call to Google. The evidence is `{ token }`. Its
 * `requestHash`, or its `nonce` for a classic request, is the SHA-256 of `<challenge>.<thumbprint of the session's key>`, base64url.
 *
 * It shows that Google, moments ago, took the device for a genuine one and the app for the one that it distributes, and that this app
 * vouches for the session's key. It does not show that the key lies in hardware, nor who uses the device.
 *
 * @throws {TypeError} for options that are missing or unknown, with what to change.
 * @example
 * const attested = playIntegrity({
 *   decryptionKey: process.env.PLAY_DECRYPTION_KEY,
 *   verificationKey: process.env.PLAY_VERIFICATION_KEY,
 *   packageName: 'com.example.app',
 *   certificateDigests: ['r0Yg…'],
 * });
 * app.post('/device/attestation', async (req, res) => res.json({ trust: await req.sessionPolicy.device.attest(attested, req.body) }));
 */
export function playIntegrity(options: PlayIntegrityOptions): DeviceVerifier {
  const settings = settingsOf(options);
  return {
    name: 'play-integrity',
    trust: 'attested',
    verify: (evidence, context) => onlyRefusals(() => verify(fieldsOf(evidence)['token'], context, settings)),
  };
}

function settingsOf(options: PlayIntegrityOptions): Settings {
  const check = new VerifierOptions('playIntegrity');
  check.only(options, KNOWN);
  const { packageName, certificateDigests, level = 'MEETS_DEVICE_INTEGRITY', maxAge, lifetime } = options;
  if (!LEVELS.includes(level)) throw check.invalid(`needs level: one of ${LEVELS.join(', ')}`);
  return {
    decryptionKey: decryptionKeyOf(check, options.decryptionKey),
    verificationKey: verificationKeyOf(check, options.verificationKey),
    packageName: check.texts('packageName', packageName, PACKAGE, "'com.example.app'")[0] as string,
    digests: check.texts('certificateDigests', certificateDigests, BASE64URL, 'the SHA-256 of a certificate in base64url').map(unpadded),
    level,
    maxAgeMs: check.duration('maxAge', maxAge, '5m'),
    lifetimeMs: check.duration('lifetime', lifetime, '1d'),
  };
}

function decryptionKeyOf(check: VerifierOptions, text: unknown): KeyObject {
  const bytes = Buffer.from(typeof text === 'string' ? text : '', 'base64');
  if (bytes.length !== 32) throw check.invalid('needs decryptionKey: 32 bytes in base64, from the Play Console');
  return createSecretKey(bytes);
}

function verificationKeyOf(check: VerifierOptions, text: unknown): KeyObject {
  try {
    const key = createPublicKey({ key: Buffer.from(text as string, 'base64'), format: 'der', type: 'spki' });
    if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key;
  } catch {
    // Said below.
  }
  throw check.invalid('needs verificationKey: the DER of a P-256 public key in base64, from the Play Console');
}

async function verify(token: unknown, context: EvidenceContext, settings: Settings): Promise<DeviceVerdict> {
  if (typeof token !== 'string' || token.length > LONGEST_TOKEN) throw new EvidenceError('the integrity token is missing or too long');
  const payload = await open(token, settings);
  checkRequest(payload, context, settings);
  checkApp(payload, settings);
  const verdicts = payload.deviceIntegrity.deviceRecognitionVerdict;
  if (!verdicts.includes(settings.level)) throw new EvidenceError('the device does not meet the integrity that is asked for');
  const at = Number(payload.requestDetails.timestampMillis);
  return { key: context.key, at, until: at + settings.lifetimeMs };
}

async function open(token: string, { decryptionKey, verificationKey }: Settings): Promise<Payload> {
  const { plaintext } = await compactDecrypt(token, decryptionKey, {
    keyManagementAlgorithms: ['A256KW'],
    contentEncryptionAlgorithms: ['A256GCM'],
  });
  const { payload } = await compactVerify(plaintext, verificationKey, { algorithms: ['ES256'] });
  return PAYLOAD.parse(JSON.parse(new TextDecoder().decode(payload)));
}

function checkRequest({ requestDetails }: Payload, context: EvidenceContext, { packageName, maxAgeMs }: Settings): void {
  const { requestPackageName, requestHash, nonce, timestampMillis } = requestDetails;
  if (requestPackageName !== packageName) throw new EvidenceError('the integrity token is for another app');
  const asked = signedByApp(context);
  // One of the two: what is in the other was not asked for.
  const [signed = '', ...more] = [requestHash, nonce].filter((one) => one !== undefined);
  if (more.length > 0 || !Buffer.from(signed, 'base64url').equals(asked))
    throw new EvidenceError('the integrity token is for another challenge or key of the session');
  const age = context.now - Number(timestampMillis);
  if (age > maxAgeMs) throw new EvidenceError('the integrity token is too old', 'use_fresh_attestation');
  if (age < -CLOCK_TOLERANCE_MS) throw new EvidenceError('the integrity token is from a time that is to come');
}

function checkApp({ appIntegrity }: Payload, { packageName, digests }: Settings): void {
  const { appRecognitionVerdict, packageName: name, certificateSha256Digest } = appIntegrity;
  if (appRecognitionVerdict !== 'PLAY_RECOGNIZED') throw new EvidenceError('the app is not the one that Google Play distributes');
  if (name !== packageName) throw new EvidenceError('the integrity token is for another app');
  const isOurs = certificateSha256Digest.map(unpadded).every((digest) => digests.includes(digest));
  if (!isOurs) throw new EvidenceError('the app is signed by somebody else');
}

function unpadded(text: string): string {
  return text.replace(/=+$/, '');
}
