import type { X509Certificate } from 'node:crypto';
import { type RegistrationResponseJSON, verifyRegistrationResponse } from '@simplewebauthn/server';
import type { Duration } from '../../policy/duration.ts';
import { coseThumbprint } from '../cose-key.ts';
import type { DeviceVerdict, DeviceVerifier, EvidenceContext } from '../device-verifier.ts';
import { EvidenceError, onlyRefusals } from '../evidence/evidence-error.ts';
import { type EvidenceFields, fieldsOf } from '../evidence/evidence-input.ts';
import { challengeOf } from '../evidence/session-challenge.ts';
import { VerifierOptions } from '../evidence/verifier-options.ts';
import { asMap, decodeMap } from './cbor-map.ts';
import { rootsOf, verifyChain } from './certificate-chain.ts';

/** Options of `securityKeyAttestation`. */
export interface SecurityKeyAttestationOptions {
  /** Origins that keys are registered on, as browsers see them: `https://shop.example.com`. */
  readonly origin: string | readonly string[];
  /** Domain that they are registered for. */
  readonly rpId: string;
  /** PEM of the makers' attestation roots. */
  readonly roots: string | readonly string[];
  /** Models that may be used, by AAGUID. Default: all that the roots vouch for. */
  readonly aaguids?: readonly string[];
  /** For how long an attestation counts, for every session that is bound to the key. Default `365d`. */
  readonly lifetime?: Duration;
}

interface Settings {
  readonly origins: readonly string[];
  readonly rpId: string;
  readonly roots: readonly X509Certificate[];
  readonly aaguids: readonly string[] | undefined;
  readonly lifetimeMs: number;
}

const KNOWN = ['origin', 'rpId', 'roots', 'aaguids', 'lifetime'];
/** Those in which the maker's certificates vouch for the key. */
const FORMATS: readonly string[] = ['packed', 'fido-u2f', 'tpm'];
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const LONGEST_EVIDENCE = 65_536;

/**
 * Verifies the attestation of a security key (WebAuthn, `attestation: 'direct'`), for sessions that are bound to it by a passkey. The evidence
 * is `{ registration }`, what the browser answered when the key was registered with the challenge of this session; for later sessions that
 * are bound to the same key, `{ remembered: true }`.
 *
 * It shows that the key lies in an authenticator of a maker and model that is trusted, and was not synced. It does not show who holds that
 * authenticator, and nothing about the computer that it is plugged into. Revoked models are not looked up.
 *
 * @throws {TypeError} for options that are missing or unknown, with what to change.
 * @example
 * const attested = securityKeyAttestation({ origin: 'https://shop.example.com', rpId: 'shop.example.com', roots: [makerRoot] });
 * app.post('/device/attestation', async (req, res) => {
 *   res.json({ trust: await req.sessionPolicy.device.attest(attested, { registration: req.body }) });
 * });
 */
export function securityKeyAttestation(options: SecurityKeyAttestationOptions): DeviceVerifier {
  const settings = settingsOf(options);
  return {
    name: 'security-key',
    trust: 'attested',
    challenge: 'optional',
    verify: (evidence, context) => onlyRefusals(() => verify(fieldsOf(evidence), context, settings)),
  };
}

function settingsOf(options: SecurityKeyAttestationOptions): Settings {
  const check = new VerifierOptions('securityKeyAttestation');
  check.only(options, KNOWN);
  const { origin, rpId, roots, aaguids, lifetime } = options;
  return {
    origins: check.texts('origin', origin, /^https?:\/\/[^/\s]+$/, "'https://shop.example.com'"),
    rpId: check.texts('rpId', rpId, /^[a-z0-9.-]+$/, "'shop.example.com'")[0] as string,
    roots: rootsOf(check, roots),
    aaguids: aaguids && check.texts('aaguids', aaguids, UUID, "['cb69481e-8ff7-4039-93ec-0a2729a154a8']").map((one) => one.toLowerCase()),
    lifetimeMs: check.duration('lifetime', lifetime, '365d'),
  };
}

/** What is remembered of a security key, by its thumbprint. */
interface AttestedModel {
  readonly at: number;
  readonly aaguid: string;
}

async function verify({ registration, remembered }: EvidenceFields, context: EvidenceContext, settings: Settings): Promise<DeviceVerdict> {
  const { at, aaguid } = remembered === true ? await recall(context) : await register(registration, context, settings);
  const { aaguids, lifetimeMs } = settings;
  if (aaguids !== undefined && !aaguids.includes(aaguid)) throw new EvidenceError('the security key is of another model');
  const until = at + lifetimeMs;
  if (until <= context.now) throw new EvidenceError('the attestation of the security key is too old', 'use_fresh_attestation');
  return { key: context.key, at, until };
}

async function recall({ key, memory }: EvidenceContext): Promise<AttestedModel> {
  const text = await memory.read(key);
  if (text === undefined) throw new EvidenceError('the security key was never attested, or long ago', 'use_fresh_attestation');
  return JSON.parse(text) as AttestedModel;
}

async function register(registration: unknown, context: EvidenceContext, settings: Settings): Promise<AttestedModel> {
  const { now, key, memory } = context;
  const { thumbprint, aaguid } = await attestedKey(registration, context, settings);
  if (thumbprint !== key) throw new EvidenceError('the attestation is about another key than that of the session');
  // If another one is a moment faster, that is as good.
  await memory.replace(key, await memory.read(key), JSON.stringify({ at: now, aaguid } satisfies AttestedModel));
  return { at: now, aaguid };
}

/** The key that a maker vouches for, and the model that holds it. */
async function attestedKey(
  registration: unknown,
  context: EvidenceContext,
  { origins, rpId, roots }: Settings,
): Promise<{ readonly thumbprint: string | undefined; readonly aaguid: string }> {
  if (JSON.stringify(registration ?? null).length > LONGEST_EVIDENCE) throw new EvidenceError('the registration is too long');
  const { verified, registrationInfo } = await verifyRegistrationResponse({
    response: registration as RegistrationResponseJSON,
    expectedChallenge: challengeOf(context),
    expectedOrigin: [...origins],
    expectedRPID: rpId,
  });
  if (!verified) throw new EvidenceError('the registration does not hold');
  const { fmt, aaguid, credential, attestationObject, credentialDeviceType } = registrationInfo;
  if (!FORMATS.includes(fmt)) throw new EvidenceError('no maker vouches for the security key: ask for attestation "direct"');
  if (credentialDeviceType !== 'singleDevice') throw new EvidenceError('the key can be synced to other devices');
  // The library verifies that the statement is signed by the leaf, and who signed that only against roots that all of a process share.
  const decoded = decodeMap('the attestation object', attestationObject);
  verifyChain(asMap('the attestation statement', decoded.get('attStmt')).get('x5c'), roots, context.now);
  return { thumbprint: await coseThumbprint(credential.publicKey), aaguid };
}
