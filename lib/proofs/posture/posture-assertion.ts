import type { Duration } from '../../policy/duration.ts';
import type { DeviceVerdict, DeviceVerifier, EvidenceContext } from '../device-verifier.ts';
import { EvidenceError, onlyRefusals } from '../evidence/evidence-error.ts';
import { algorithmsOf, type IssuerKeys, keysOf, type TokenClaims, verifyToken } from '../evidence/signed-token.ts';
import { VerifierOptions } from '../evidence/verifier-options.ts';

/** Options of `postureAssertion`. */
export interface PostureAssertionOptions {
  /** The device manager, as `iss` names it. */
  readonly issuer: string;
  /** The keys it signs with. */
  readonly jwks: IssuerKeys;
  /** This service, as `aud` names it. */
  readonly audience: string | readonly string[];
  /** How old what it says may be, from `iat` on. Default `15m`. */
  readonly maxAge?: Duration;
  /** Media type of the assertion, without `application/`. Default `device-posture+jwt`. */
  readonly typ?: string;
  /** Default: ES256, ES384, Ed25519, EdDSA, PS256, RS256. */
  readonly algorithms?: readonly string[];
}

const KNOWN = ['issuer', 'jwks', 'audience', 'maxAge', 'typ', 'algorithms'];

/**
 * Verifies what a device manager says of a device: a JWT (RFC 7519, checked as RFC 8725 asks) with an explicit `typ`, `iss`, `aud`, `iat` and
 * `exp`, `compliant: true`, and the key of the device in `cnf` (RFC 7800: `jkt` of RFC 9449, or `x5t#S256` of RFC 8705). It counts until
 * `exp`, and for `maxAge` at most.
 *
 * It shows that the device manager called the device with that key compliant then. It does not show that it still is: for that there is
 * `sessions.devices.report`, or a short `maxAge`.
 *
 * @throws {TypeError} for options that are missing, unknown or unsafe, with what to change.
 * @example
 * const posture = postureAssertion({
 *   issuer: 'https://mdm.example.com',
 *   jwks: createRemoteJWKSet(new URL('https://mdm.example.com/jwks.json')),
 *   audience: 'https://app.example.com',
 * });
 * app.post('/device/posture', async (req, res) => res.json({ trust: await req.sessionPolicy.device.attest(posture, req.body.assertion) }));
 */
export function postureAssertion(options: PostureAssertionOptions): DeviceVerifier {
  const check = new VerifierOptions('postureAssertion');
  check.only(options, KNOWN);
  const { issuer, jwks, audience, maxAge, typ = 'device-posture+jwt', algorithms } = options;
  const maxAgeMs = check.duration('maxAge', maxAge, '15m');
  const [issuedBy = ''] = check.texts('issuer', issuer, /^\S+$/, "'https://mdm.example.com'").slice(0, 1);
  const rule = {
    what: 'the posture assertion',
    code: 'evidence_invalid',
    typ: check.texts('typ', typ, /^[\w.+-]+$/, "'device-posture+jwt'")[0] as string,
    algorithms: algorithmsOf(check, algorithms),
    issuer: issuedBy,
    audience: check.texts('audience', audience, /^\S+$/, "'https://app.example.com'"),
  } as const;
  const keys = keysOf(check, 'jwks', jwks);
  return {
    name: 'posture',
    trust: 'managed',
    challenge: 'none',
    verify: (evidence, context) =>
      onlyRefusals(async () => verdictOf(await verifyToken(evidence, keys, rule, context.now), context, maxAgeMs)),
  };
}

function verdictOf({ claims, issuedAt, expiresAt }: TokenClaims, { now }: EvidenceContext, maxAgeMs: number): DeviceVerdict {
  const isCompliant: unknown = claims['compliant'];
  if (isCompliant !== true) throw new EvidenceError('the device manager does not call the device compliant');
  if (expiresAt === undefined) throw new EvidenceError('the posture assertion has no end');
  const until = Math.min(expiresAt, issuedAt + maxAgeMs);
  if (until <= now) throw new EvidenceError('the posture assertion is too old', 'use_fresh_attestation');
  return { key: keyOf(claims['cnf']), at: issuedAt, until };
}

/** The one key that it is about: with two, it is not clear which. */
function keyOf(confirmation: unknown): string {
  const { jkt, 'x5t#S256': x5t } = (typeof confirmation === 'object' && confirmation !== null ? confirmation : {}) as Record<
    string,
    unknown
  >;
  const [key, ...more] = [jkt, x5t].filter((one) => one !== undefined);
  if (typeof key !== 'string' || more.length > 0) throw new EvidenceError('the posture assertion does not name one key');
  return key;
}
