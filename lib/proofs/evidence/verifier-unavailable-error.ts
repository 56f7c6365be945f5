/**
 * What a verifier needs to look at evidence can't be had now: the keys of an issuer, a list of what was revoked, a vendor's service. Nothing is
 * said about the evidence. `attest` throws it on as `ERR_VERIFIER_UNAVAILABLE`, status 503.
 *
 * @example
 * const revoked = await fetch(list).catch(() => {
 *   throw new VerifierUnavailableError('the list of revoked keys can not be fetched');
 * });
 */
export class VerifierUnavailableError extends Error {
  override readonly name: string = 'VerifierUnavailableError';
  readonly code = 'ERR_VERIFIER_UNAVAILABLE' as const;
}
