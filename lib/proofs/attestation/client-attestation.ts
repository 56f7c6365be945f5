import { calculateJwkThumbprint, decodeJwt, type JWK, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import type { Duration } from '../../policy/duration.ts';
import type { DeviceVerdict, DeviceVerifier, EvidenceContext } from '../device-verifier.ts';
import { EvidenceError, onlyRefusals } from '../evidence/evidence-error.ts';
import { fieldsOf } from '../evidence/evidence-input.ts';
import { challengeOf } from '../evidence/session-challenge.ts';
import {
  algorithmsOf,
  CLOCK_TOLERANCE_MS,
  type IssuerKeys,
  isPublic,
  keysOf,
  type TokenClaims,
  verifyToken,
} from '../evidence/signed-token.ts';
import { VerifierOptions } from '../evidence/verifier-options.ts';

/** Options of `clientAttestation`. */
export interface ClientAttestationOptions {
  /** The attesters, by what `iss` says, and the keys they sign with. */
  readonly issuers: Readonly<Record<string, IssuerKeys>>;
  /** The clients that may be attested, as `sub` names them. */
  readonly clientId: string | readonly string[];
  /** This service, as the proof of possession names it in `aud`. */
  readonly audience: string | readonly string[];
  /** How old the attestation may be, from its `iat` on. Default `24h`. */
  readonly maxAge?: Duration;
  /** Default: ES256, ES384, Ed25519, EdDSA, PS256, RS256. */
  readonly algorithms?: readonly string[];
}

interface Settings {
  readonly issuers: ReadonlyMap<string, JWTVerifyGetKey>;
  readonly subject: readonly string[];
  readonly audience: readonly string[];
  readonly maxAgeMs: number;
  readonly algorithms: readonly string[];
}

const KNOWN = ['issuers', 'clientId', 'audience', 'maxAge', 'algorithms'];
const CODE = 'invalid_client_attestation';
/** How old a proof of possession may be; for so long its `jti` is remembered. */
const PROOF_WINDOW_MS = 300_000;

/**
 * Verifies OAuth 2.0 Attestation-Based Client Authentication (draft-ietf-oauth-attestation-based-client-auth): the attestation of the client's
 * backend, for this client and one key, and the proof of possession of that key, for this service, the challenge of this session, and once.
 * The key has to be the one that the session is bound to.
 *
 * The evidence is the headers of the request: `OAuth-Client-Attestation` and `OAuth-Client-Attestation-PoP`. `iat` is required in both.
 *
 * It shows that the attester vouches for an instance of the client that holds the key. What the attester looked at before, only it knows.
 *
 * @throws {TypeError} for options that are missing, unknown or unsafe, with what to change.
 * @example
 * const attested = clientAttestation({
 *   issuers: { 'https://attester.example.com': { keys: [attesterKey] } },
 *   clientId: 'phone-app',
 *   audience: 'https://api.example.com',
 * });
 * app.post('/device/attestation', async (req, res) => res.json({ trust: await req.sessionPolicy.device.attest(attested, req.headers) }));
 */
export function clientAttestation(options: ClientAttestationOptions): DeviceVerifier {
  const settings = settingsOf(options);
  return {
    name: 'client-attestation',
    trust: 'attested',
    verify: (evidence, context) => onlyRefusals(() => verify(evidence, context, settings)),
  };
}

function settingsOf(options: ClientAttestationOptions): Settings {
  const check = new VerifierOptions('clientAttestation');
  check.only(options, KNOWN);
  const { issuers, clientId, audience, maxAge, algorithms } = options;
  const named = Object.entries(issuers ?? {});
  if (named.length === 0) throw check.invalid("needs issuers, like { 'https://attester.example.com': { keys: […] } }");
  return {
    issuers: new Map(named.map(([issuer, keys]) => [issuer, keysOf(check, `issuers["${issuer}"]`, keys)])),
    subject: check.texts('clientId', clientId, /^\S+$/, "'phone-app'"),
    audience: check.texts('audience', audience, /^\S+$/, "'https://api.example.com'"),
    maxAgeMs: check.duration('maxAge', maxAge, '24h'),
    algorithms: algorithmsOf(check, algorithms),
  };
}

async function verify(evidence: unknown, context: EvidenceContext, settings: Settings): Promise<DeviceVerdict> {
  const { 'oauth-client-attestation': attestation, 'oauth-client-attestation-pop': proof } = fieldsOf(evidence);
  const { claims, issuedAt, expiresAt } = await verifyAttestation(attestation, context.now, settings);
  if (expiresAt === undefined) throw new EvidenceError('the client attestation has no end', CODE);
  const until = Math.min(expiresAt, issuedAt + settings.maxAgeMs);
  if (until <= context.now) throw new EvidenceError('the client attestation is too old', 'use_fresh_attestation');
  const { key, thumbprint } = await confirmedKey(claims);
  // Before the proof is used up: another key is nothing that this session can be attested by.
  if (thumbprint !== context.key) throw new EvidenceError('the client attestation is about another key', CODE);
  await verifyProof(proof, key, context, settings);
  return { key: thumbprint, at: issuedAt, until };
}

function verifyAttestation(attestation: unknown, now: number, { issuers, subject, algorithms }: Settings): Promise<TokenClaims> {
  const issuer = claimedIssuer(attestation);
  const keys = issuers.get(issuer);
  if (keys === undefined) throw new EvidenceError('the client attestation is by nobody who is trusted', CODE);
  const rule = { what: 'the client attestation', typ: 'oauth-client-attestation+jwt', code: CODE, algorithms, issuer, subject } as const;
  return verifyToken(attestation, keys, rule, now);
}

/** Whose keys to take. What it says is verified with them. */
function claimedIssuer(attestation: unknown): string {
  try {
    return decodeJwt(attestation as string).iss ?? '';
  } catch {
    throw new EvidenceError('the client attestation is missing or no JWT', CODE);
  }
}

/** The key that the attestation is about (RFC 7800). */
async function confirmedKey({ cnf }: JWTPayload): Promise<{ readonly key: JWK; readonly thumbprint: string }> {
  const jwk = (cnf as { readonly jwk?: unknown } | undefined)?.jwk;
  if (!isPublic(jwk)) throw new EvidenceError('the client attestation names no public key', CODE);
  try {
    return { key: jwk, thumbprint: await calculateJwkThumbprint(jwk, 'sha256') };
  } catch {
    throw new EvidenceError('the client attestation names a key of a kind that is not known', CODE);
  }
}

async function verifyProof(proof: unknown, key: JWK, context: EvidenceContext, { algorithms, audience }: Settings): Promise<void> {
  const rule = { what: 'the proof of possession', typ: 'oauth-client-attestation-pop+jwt', code: CODE, algorithms, audience } as const;
  const { claims, issuedAt } = await verifyToken(proof, key, rule, context.now);
  const { aud, jti, challenge } = claims;
  if (typeof aud !== 'string') throw new EvidenceError('the proof of possession is for several', CODE);
  if (issuedAt + PROOF_WINDOW_MS < context.now) throw new EvidenceError('the proof of possession is too old', CODE);
  if (challenge !== challengeOf(context))
    throw new EvidenceError('the proof of possession is for another challenge', 'use_attestation_challenge');
  if (typeof jti !== 'string' || jti === '' || jti.length > 256) throw new EvidenceError('the proof of possession has no jti', CODE);
  const isFirst = await context.once(`${context.key} ${jti}`, PROOF_WINDOW_MS + 2 * CLOCK_TOLERANCE_MS);
  if (!isFirst) throw new EvidenceError('the proof of possession was used before', CODE);
}
