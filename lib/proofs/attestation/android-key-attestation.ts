import type { X509Certificate } from 'node:crypto';
import { SettingsService } from '@simplewebauthn/server';
import { calculateJwkThumbprint, type JWK } from 'jose';
import type { Duration } from '../../policy/duration.ts';
import type { DeviceVerdict, DeviceVerifier, EvidenceContext } from '../device-verifier.ts';
import { EvidenceError, onlyRefusals } from '../evidence/evidence-error.ts';
import { bytesOf, fieldsOf } from '../evidence/evidence-input.ts';
import { signedByApp } from '../evidence/session-challenge.ts';
import { VerifierOptions } from '../evidence/verifier-options.ts';
import { VerifierUnavailableError } from '../evidence/verifier-unavailable-error.ts';
import { type KeyDescription, readKeyDescription } from './android-key-description.ts';
import { GOOGLE_KEY_ATTESTATION_CA1 } from './google-root.ts';
import { rootsOf, verifyChain } from './certificate-chain.ts';

/** Options of `androidKeyAttestation`. */
export interface AndroidKeyAttestationOptions {
  readonly packageName: string;
  /** SHA-256 of the certificates that the app is signed with, hex, with or without colons. */
  readonly signatureDigests: string | readonly string[];
  /** Default `trusted-environment`: that, or StrongBox. */
  readonly hardware?: 'trusted-environment' | 'strongbox';
  /**
   * For a session whose own key is the one that is attested: whether the challenge in its certificate is one that the application gave out
   * before the sign-in, when the key was made. Without it, such an attestation is refused.
   */
  readonly isOwnChallenge?: (challenge: Buffer) => boolean | Promise<boolean>;
  /**
   * Whether one of these certificates was revoked; the serial numbers are in lower-case hex, as in Google's status list at
   * https://android.googleapis.com/attestation/status. Without it, revocation is not looked at.
   */
  readonly isRevoked?: (serialNumbers: readonly string[]) => boolean | Promise<boolean>;
  /** PEM of the roots to trust. Default: Google's hardware attestation roots, those that `@simplewebauthn/server` ships and the one of 2026. */
  readonly roots?: string | readonly string[];
  /** How long one attestation counts. Default `1d`. */
  readonly lifetime?: Duration;
}

interface Settings {
  readonly isOwnChallenge: AndroidKeyAttestationOptions['isOwnChallenge'] | undefined;
  readonly isRevoked: AndroidKeyAttestationOptions['isRevoked'] | undefined;
  readonly packageName: string;
  readonly digests: readonly string[];
  readonly leastLevel: number;
  readonly roots: readonly X509Certificate[];
  readonly lifetimeMs: number;
}

const KNOWN = ['packageName', 'signatureDigests', 'hardware', 'isOwnChallenge', 'isRevoked', 'roots', 'lifetime'];
const HARDWARE = { 'trusted-environment': 1, strongbox: 2 } as const;
const MOST_BYTES = 8_192;

/**
 * Verifies Android key attestation. The evidence is `{ chain }`: the certificates of a key in the Android Keystore, the leaf first, each its
 * DER in base64.
 *
 * Either the key is that of the session, and then the attestation shows where it lies; its challenge is the application's to judge, since the
 * key was made before there was a session. Or it is a fresh key with the SHA-256 of `<challenge>.<thumbprint of the session's key>` as its
 * challenge, and then it shows that the app vouches for the session's key.
 *
 * Both show that secure hardware made the key, for this app, on a locked device that has started only what its maker signed. Neither shows who
 * uses the device, nor that hardware was not broken since: that is what `isRevoked` is for.
 *
 * @throws {TypeError} for options that are missing or unknown, with what to change.
 * @example
 * const attested = androidKeyAttestation({ packageName: 'com.example.app', signatureDigests: '9F:86:D0:…' });
 * app.post('/device/attestation', async (req, res) => res.json({ trust: await req.sessionPolicy.device.attest(attested, req.body) }));
 */
export function androidKeyAttestation(options: AndroidKeyAttestationOptions): DeviceVerifier {
  const settings = settingsOf(options);
  return {
    name: 'android-key',
    trust: 'attested',
    challenge: 'optional',
    verify: (evidence, context) => onlyRefusals(() => verify(fieldsOf(evidence)['chain'], context, settings)),
  };
}

function settingsOf(options: AndroidKeyAttestationOptions): Settings {
  const check = new VerifierOptions('androidKeyAttestation');
  check.only(options, KNOWN);
  const { packageName, signatureDigests, hardware = 'trusted-environment', isOwnChallenge, isRevoked, roots, lifetime } = options;
  check.optionalFunction('isOwnChallenge', isOwnChallenge);
  check.optionalFunction('isRevoked', isRevoked);
  if (!Object.hasOwn(HARDWARE, hardware)) throw check.invalid("needs hardware: 'trusted-environment' or 'strongbox'");
  return {
    isOwnChallenge,
    isRevoked,
    packageName: check.texts('packageName', packageName, /^[A-Za-z]\w*(?:\.[A-Za-z]\w*)+$/, "'com.example.app'")[0] as string,
    digests: check.texts('signatureDigests', signatureDigests, /^(?:[0-9a-f]{2}:?){32}$/i, 'a SHA-256 in hex').map(plainHex),
    leastLevel: HARDWARE[hardware],
    roots: rootsOf(check, roots ?? [...SettingsService.getRootCertificates({ identifier: 'android-key' }), GOOGLE_KEY_ATTESTATION_CA1]),
    lifetimeMs: check.duration('lifetime', lifetime, '1d'),
  };
}

function plainHex(text: string): string {
  return text.replaceAll(':', '').toLowerCase();
}

async function verify(encoded: unknown, context: EvidenceContext, settings: Settings): Promise<DeviceVerdict> {
  const list: readonly unknown[] = Array.isArray(encoded) && encoded.length <= 8 ? encoded : [];
  const der = list.map((one) => bytesOf('chain', one, MOST_BYTES));
  const chain = verifyChain(der, settings.roots, context.now);
  const description = readKeyDescription(chain);
  checkKey(description, settings);
  await checkChallenge(chain[0] as X509Certificate, description, context, settings);
  if (await isAnyRevoked(chain, settings)) throw new EvidenceError('a certificate of the chain was revoked');
  return { key: context.key, at: context.now, until: context.now + settings.lifetimeMs };
}

async function isAnyRevoked(chain: readonly X509Certificate[], { isRevoked }: Settings): Promise<boolean> {
  try {
    return (await isRevoked?.(chain.map(serialOf))) === true;
  } catch (error) {
    throw new VerifierUnavailableError('what was revoked is not known now: isRevoked threw', { cause: error });
  }
}

function serialOf({ serialNumber }: X509Certificate): string {
  return serialNumber.toLowerCase().replace(/^0+(?=.)/, '');
}

function checkKey(key: KeyDescription, { packageName, digests, leastLevel }: Settings): void {
  if (!(key.securityLevel >= leastLevel)) throw new EvidenceError('the key is not in the hardware that is asked for');
  if (!key.isBootVerified) throw new EvidenceError('the device is unlocked, or has started what its maker did not sign');
  if (!key.isSigningKey || key.isForAllApps) throw new EvidenceError('the key was not made in the hardware to sign with, for one app');
  const [only, ...more] = key.packages;
  if (only !== packageName || more.length > 0) throw new EvidenceError('the key was made by another app');
  const isOurs = key.signatureDigests.length > 0 && key.signatureDigests.every((digest) => digests.includes(digest));
  if (!isOurs) throw new EvidenceError('the app is signed by somebody else');
}

async function checkChallenge(
  leaf: X509Certificate,
  { challenge }: KeyDescription,
  context: EvidenceContext,
  settings: Settings,
): Promise<void> {
  const isOwnKey = (await calculateJwkThumbprint(leaf.publicKey.export({ format: 'jwk' }) as JWK, 'sha256')) === context.key;
  const isFine = isOwnKey ? await settings.isOwnChallenge?.(challenge) : challenge.equals(signedByApp(context));
  if (isFine !== true) throw new EvidenceError('the key was made for another challenge or key of the session', 'use_attestation_challenge');
}
