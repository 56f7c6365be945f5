import { createPublicKey, hash, type X509Certificate } from 'node:crypto';
import type { Duration } from '../../policy/duration.ts';
import type { DeviceVerdict, DeviceVerifier, EvidenceContext } from '../device-verifier.ts';
import { EvidenceError, onlyRefusals } from '../evidence/evidence-error.ts';
import { bytesOf, type EvidenceFields, fieldsOf } from '../evidence/evidence-input.ts';
import { signedByApp } from '../evidence/session-challenge.ts';
import { VerifierOptions } from '../evidence/verifier-options.ts';
import { verifyAssertion } from './app-attest-assertion.ts';
import { verifyAttestationObject } from './app-attest-object.ts';
import { APPLE_APP_ATTESTATION_ROOT } from './apple-root.ts';
import { rootsOf } from './certificate-chain.ts';

/** Options of `appAttest`. */
export interface AppAttestOptions {
  /** Ten capital letters and digits: `V8H6LQ9448`. */
  readonly teamId: string;
  /** The bundle identifier of the app, or of several. */
  readonly bundleId: string | readonly string[];
  /** `false` takes what development builds make, and nothing else. Default `true`. */
  readonly production?: boolean;
  /** How long one attestation or assertion counts. Default `1d`. */
  readonly lifetime?: Duration;
  /** PEM of the roots to trust. Default: Apple App Attestation Root CA. */
  readonly roots?: string | readonly string[];
}

/** What is remembered of a key of App Attest. */
interface KnownKey {
  /** DER, base64url. */
  readonly publicKey: string;
  readonly counter: number;
  /** Thumbprint of the one session key that it vouches for. */
  readonly vouchesFor: string;
}

interface Settings {
  readonly appIdHashes: readonly Buffer[];
  readonly isProduction: boolean;
  readonly lifetimeMs: number;
  readonly roots: readonly X509Certificate[];
}

const KNOWN = ['teamId', 'bundleId', 'production', 'lifetime', 'roots'];
const KEY_ID_BYTES = 32;

/**
 * Verifies Apple App Attest. The evidence is `{ keyId, attestation }` once for a key of App Attest, and `{ keyId, assertion }` from then on,
 * all in base64. The client data of both is `<challenge>.<thumbprint of the session's key>`; what the app hands to the system is its SHA-256.
 *
 * A key of App Attest vouches for the one session key that it was attested with, and its counter has to grow: an old assertion, and one of a
 * copied key, is refused.
 *
 * It shows that an unchanged build of the app, on a device of Apple's, holds the session's key. It does not show that the device is not
 * jailbroken, nor who uses it; Apple's receipts, which tell how many keys a device has made, are not looked at.
 *
 * @throws {TypeError} for options that are missing or unknown, with what to change.
 * @example
 * const attested = appAttest({ teamId: 'V8H6LQ9448', bundleId: 'com.example.app' });
 * app.post('/device/attestation', async (req, res) => res.json({ trust: await req.sessionPolicy.device.attest(attested, req.body) }));
 */
export function appAttest(options: AppAttestOptions): DeviceVerifier {
  const settings = settingsOf(options);
  return {
    name: 'app-attest',
    trust: 'attested',
    verify: (evidence, context) => onlyRefusals(() => verify(fieldsOf(evidence), context, settings)),
  };
}

function settingsOf(options: AppAttestOptions): Settings {
  const check = new VerifierOptions('appAttest');
  check.only(options, KNOWN);
  const { teamId, bundleId, production, lifetime, roots } = options;
  const [team = ''] = check.texts('teamId', teamId, /^[A-Z0-9]{10}$/, "'V8H6LQ9448'");
  const bundles = check.texts('bundleId', bundleId, /^[A-Za-z0-9.-]{1,155}$/, "'com.example.app'");
  return {
    appIdHashes: bundles.map((bundle) => hash('sha256', `${team}.${bundle}`, 'buffer')),
    isProduction: check.flag('production', production, true),
    lifetimeMs: check.duration('lifetime', lifetime, '1d'),
    roots: rootsOf(check, roots ?? APPLE_APP_ATTESTATION_ROOT),
  };
}

async function verify(evidence: EvidenceFields, context: EvidenceContext, settings: Settings): Promise<DeviceVerdict> {
  const keyId = bytesOf('keyId', evidence['keyId'], KEY_ID_BYTES);
  const { attestation, assertion } = evidence;
  if ((attestation === undefined) === (assertion === undefined)) throw new EvidenceError('the evidence is an attestation or an assertion');
  if (attestation !== undefined) await attest(keyId, bytesOf('attestation', attestation), context, settings);
  else await assert(keyId, bytesOf('assertion', assertion), context, settings);
  return { key: context.key, at: context.now, until: context.now + settings.lifetimeMs };
}

async function attest(keyId: Buffer, object: Buffer, context: EvidenceContext, settings: Settings): Promise<void> {
  const rule = { ...settings, clientDataHash: signedByApp(context), now: context.now };
  const publicKey = verifyAttestationObject(object, keyId, rule).export({ type: 'spki', format: 'der' });
  const known: KnownKey = { publicKey: publicKey.toString('base64url'), counter: 0, vouchesFor: context.key };
  if (await context.memory.replace(placeOf(keyId, settings), undefined, JSON.stringify(known))) return;
  throw new EvidenceError('the App Attest key was attested before; send an assertion');
}

async function assert(keyId: Buffer, assertion: Buffer, context: EvidenceContext, settings: Settings): Promise<void> {
  const place = placeOf(keyId, settings);
  const text = await context.memory.read(place);
  if (text === undefined) throw new EvidenceError('the App Attest key was never attested, or long ago', 'use_fresh_attestation');
  const known = JSON.parse(text) as KnownKey;
  if (known.vouchesFor !== context.key) throw new EvidenceError('the App Attest key vouches for another key of a session');
  const key = createPublicKey({ key: Buffer.from(known.publicKey, 'base64url'), format: 'der', type: 'spki' });
  const { counter } = known;
  const next: KnownKey = {
    ...known,
    counter: verifyAssertion(assertion, key, { ...settings, clientDataHash: signedByApp(context), counter }),
  };
  // Of two at the same time, the counter is of one.
  if (!(await context.memory.replace(place, text, JSON.stringify(next))))
    throw new EvidenceError('another assertion came at the same time');
}

/** A development build's key is none in production, whatever app it is of. */
function placeOf(keyId: Buffer, { isProduction }: Settings): string {
  return `${isProduction ? 'production' : 'development'} ${keyId.toString('base64url')}`;
}
