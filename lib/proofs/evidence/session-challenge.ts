import { hash } from 'node:crypto';
import type { EvidenceContext } from '../device-verifier.ts';
import { EvidenceError } from './evidence-error.ts';

/**
 * The challenge of the session.
 *
 * @throws {EvidenceError} `use_attestation_challenge` if there is none, or it was used.
 */
export function challengeOf({ challenge }: EvidenceContext): string {
  if (challenge !== undefined) return challenge;
  throw new EvidenceError('no challenge is open for the session: it was not fetched, or used, or is too old', 'use_attestation_challenge');
}

/**
 * What a platform signs for an app: the challenge and the thumbprint of the key that the session is bound to, as `<challenge>.<thumbprint>`.
 * With the thumbprint in it, the platform's word for the app is its word for that key; without, any key could be put in.
 *
 * @returns SHA-256 of that text.
 * @throws {EvidenceError} `use_attestation_challenge`
 */
export function signedByApp(context: EvidenceContext): Buffer {
  return hash('sha256', `${challengeOf(context)}.${context.key}`, 'buffer');
}
