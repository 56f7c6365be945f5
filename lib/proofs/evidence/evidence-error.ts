import { VerifierUnavailableError } from './verifier-unavailable-error.ts';

/**
 * What is wrong with evidence. The names of OAuth 2.0 Attestation-Based Client Authentication are used where they say it:
 * `use_attestation_challenge` asks the client to fetch a challenge and to sign it, `use_fresh_attestation` to have itself vouched for anew.
 */
export type EvidenceErrorCode = 'evidence_invalid' | 'invalid_client_attestation' | 'use_attestation_challenge' | 'use_fresh_attestation';

/**
 * Evidence that is none. It is the `cause` of the `ERR_DEVICE_REFUSED` that `attest` throws. Its message says which check failed, and nothing
 * of what was presented.
 *
 * @example
 * const refused = error.cause instanceof EvidenceError ? error.cause.code : 'evidence_invalid';
 * res.status(400).json({ error: refused });
 */
export class EvidenceError extends Error {
  override readonly name: string = 'EvidenceError';
  readonly code: EvidenceErrorCode;

  constructor(message: string, code: EvidenceErrorCode = 'evidence_invalid') {
    super(message);
    this.code = code;
  }
}

/**
 * What a check finds wrong by itself. Parsers throw whatever they like for bytes that somebody made up, with parts of them in the message: of
 * that nothing goes on.
 */
export async function onlyRefusals<T>(check: () => Promise<T>): Promise<T> {
  try {
    return await check();
  } catch (error) {
    throw error instanceof EvidenceError || isOutage(error) ? error : new EvidenceError('the evidence could not be read');
  }
}

/** That the store or an issuer did not answer is not the client's fault, and must not be told as if it were. */
function isOutage(error: unknown): boolean {
  return error instanceof VerifierUnavailableError || (error as { code?: unknown } | undefined)?.code === 'ERR_STORE_UNAVAILABLE';
}
