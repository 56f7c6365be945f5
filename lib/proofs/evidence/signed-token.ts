import { createLocalJWKSet, errors, type JSONWebKeySet, type JWK, type JWTPayload, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { EvidenceError, type EvidenceErrorCode } from './evidence-error.ts';
import type { VerifierOptions } from './verifier-options.ts';
import { VerifierUnavailableError } from './verifier-unavailable-error.ts';

/**
 * Keys that an issuer signs with: a JWK Set, or a function of jose that looks them up (`createRemoteJWKSet(new URL('https://…'))`). Such a function
 * rejects with jose's `JWKSNoMatchingKey` for a key that there is not. Whatever else it rejects with means that the keys can't be had now.
 */
export type IssuerKeys = JSONWebKeySet | JWTVerifyGetKey;

/** What a token has to be (RFC 8725): nothing about it is taken from the token itself. */
export interface TokenRule {
  /** For messages. */
  readonly what: string;
  /** The exact `typ`: one kind of token must not pass for another. */
  readonly typ: string;
  readonly algorithms: readonly string[];
  readonly issuer?: string;
  readonly subject?: readonly string[];
  readonly audience?: readonly string[];
  /** What a token is that fails, if it is not for its age. */
  readonly code: EvidenceErrorCode;
}

/** Asymmetric ones only: with a symmetric one, whoever verifies could sign. */
export const TOKEN_ALGORITHMS: readonly string[] = ['ES256', 'ES384', 'Ed25519', 'EdDSA', 'PS256', 'RS256'];

/** Clocks of two parties may differ by a little. */
export const CLOCK_TOLERANCE_MS = 60_000;

const LONGEST_TOKEN = 16_384;
const SECRET_MEMBERS = ['d', 'k', 'priv'];

/** The claims of a token, and the two times that every one of them has, in epoch milliseconds. */
export interface TokenClaims {
  readonly claims: JWTPayload;
  readonly issuedAt: number;
  readonly expiresAt: number | undefined;
}

/**
 * Verifies a JWT.
 *
 * @throws {EvidenceError} `use_fresh_attestation` for one that has expired, the rule's code for one that is wrong.
 */
export async function verifyToken(token: unknown, key: JWTVerifyGetKey | JWK, rule: TokenRule, now: number): Promise<TokenClaims> {
  if (typeof token !== 'string' || token.length > LONGEST_TOKEN) throw new EvidenceError(`${rule.what} is missing or too long`, rule.code);
  const { payload } = await verified(token, key, rule, now);
  if (rule.subject !== undefined && !rule.subject.includes(payload.sub ?? ''))
    throw new EvidenceError(`${rule.what} is for another client`, rule.code);
  const issuedAt = instantOf(payload.iat);
  const expiresAt = instantOf(payload.exp);
  if (issuedAt === undefined || issuedAt > now + CLOCK_TOLERANCE_MS)
    throw new EvidenceError(`${rule.what} does not say when it was made, or a time that is to come`, rule.code);
  if (payload.exp !== undefined && (expiresAt === undefined || expiresAt <= now)) throw stale(rule);
  return { claims: payload, issuedAt, expiresAt };
}

async function verified(token: string, key: JWTVerifyGetKey | JWK, rule: TokenRule, now: number): Promise<{ payload: JWTPayload }> {
  const { typ, algorithms, issuer, audience } = rule;
  try {
    // Two signatures, as jose has them: one for a key, one for what finds it.
    const options = {
      typ,
      algorithms: [...algorithms],
      currentDate: new Date(now),
      clockTolerance: CLOCK_TOLERANCE_MS / 1_000,
      ...(issuer !== undefined && { issuer }),
      ...(audience !== undefined && { audience: [...audience] }),
    };
    return typeof key === 'function' ? await jwtVerify(token, key, options) : await jwtVerify(token, key, options);
  } catch (error) {
    if (error instanceof VerifierUnavailableError) throw error;
    throw error instanceof errors.JWTExpired ? stale(rule) : new EvidenceError(`${rule.what} ${faultOf(error)}`, rule.code);
  }
}

function stale({ what }: TokenRule): EvidenceError {
  return new EvidenceError(`${what} has expired`, 'use_fresh_attestation');
}

/** In our words: the library's can hold parts of the token. */
function faultOf(error: unknown): string {
  if (error instanceof errors.JWTClaimValidationFailed) return `has not the ${error.claim} that is expected`;
  if (error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JWKSNoMatchingKey)
    return 'is not signed by a key that is trusted';
  if (error instanceof errors.JOSEAlgNotAllowed) return 'is signed with an algorithm that is not allowed';
  return 'could not be verified';
}

/** A claim in seconds, as epoch milliseconds; `undefined` for what is no instant. JSON has numbers that are infinite. */
function instantOf(seconds: unknown): number | undefined {
  const ms = typeof seconds === 'number' ? Math.floor(seconds * 1_000) : Number.NaN;
  return Number.isSafeInteger(ms) && ms >= 0 ? ms : undefined;
}

/**
 * What finds the key that a token is signed with, among those that were configured.
 *
 * @throws {TypeError} for what is no set of public keys.
 */
export function keysOf(options: VerifierOptions, option: string, keys: IssuerKeys | undefined): JWTVerifyGetKey {
  if (typeof keys === 'function') return lookedUp(option, keys);
  const all: readonly JWK[] = Array.isArray(keys?.keys) ? keys.keys : [];
  if (all.length === 0) throw options.invalid(`needs ${option}: a JWK Set, or createRemoteJWKSet(new URL('https://…')) of jose`);
  if (!all.every(isPublic))
    throw options.invalid(`${option} holds something else than public keys: take "d" and "k" out, and symmetric keys`);
  return createLocalJWKSet({ keys: [...all] });
}

/** By their codes: the function can be of another copy of jose. These are about the token; all others are about the place where keys are. */
const NO_SUCH_KEY: readonly unknown[] = ['ERR_JWKS_NO_MATCHING_KEY', 'ERR_JWKS_MULTIPLE_MATCHING_KEYS', 'ERR_JOSE_NOT_SUPPORTED'];

function lookedUp(option: string, find: JWTVerifyGetKey): JWTVerifyGetKey {
  return async (header, token) => {
    try {
      return await find(header, token);
    } catch (error) {
      if (NO_SUCH_KEY.includes((error as { code?: unknown } | undefined)?.code)) throw error;
      throw new VerifierUnavailableError(`the keys of ${option} can't be had`, { cause: error });
    }
  };
}

/** Whether a key may be shown to others: none of its members is secret. */
export function isPublic(jwk: unknown): jwk is JWK {
  if (typeof jwk !== 'object' || jwk === null) return false;
  const { kty } = jwk as JWK;
  return ['EC', 'OKP', 'RSA'].includes(kty ?? '') && !SECRET_MEMBERS.some((member) => Object.hasOwn(jwk, member));
}

/**
 * Algorithms that an application allows, of those that can be.
 *
 * @throws {TypeError} for any other: `none` and those with a shared secret first of all.
 */
export function algorithmsOf(options: VerifierOptions, value: unknown): readonly string[] {
  if (value === undefined) return TOKEN_ALGORITHMS;
  const isFine = Array.isArray(value) && value.length > 0 && value.every((one) => TOKEN_ALGORITHMS.includes(one as string));
  if (!isFine) throw options.invalid(`algorithms can be ${TOKEN_ALGORITHMS.join(', ')}`);
  return value as string[];
}
