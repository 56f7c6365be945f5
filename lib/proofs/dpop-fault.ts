/** What is wrong with a proof, or with how a token comes with it. */
export type DpopFault =
  | 'proof-missing'
  | 'proof-repeated'
  | 'proof-malformed'
  | 'type'
  | 'algorithm'
  | 'key'
  | 'signature'
  | 'id'
  | 'method'
  | 'address'
  | 'token'
  | 'time'
  | 'used'
  | 'nonce-missing'
  | 'nonce-unknown'
  | 'scheme'
  | 'token-unbound'
  | 'token-of-key'
  | 'other-key';

/** For whoever writes a client. Of these characters only: %x20-21 / %x23-5B / %x5D-7E (RFC 6750 section 3). */
const TEXTS: Readonly<Record<DpopFault, string>> = {
  'proof-missing': 'a token under the scheme DPoP needs a proof in the DPoP header',
  'proof-repeated': 'more than one DPoP proof',
  'proof-malformed': 'the DPoP proof is not a well-formed JWT',
  type: 'typ of the DPoP proof is not dpop+jwt',
  algorithm: 'alg of the DPoP proof is not accepted',
  key: 'jwk of the DPoP proof is not a public key for its alg',
  signature: 'the signature of the DPoP proof does not hold',
  id: 'jti of the DPoP proof is missing, too short or too long',
  method: 'htm of the DPoP proof is not the method of the request',
  address: 'htu of the DPoP proof is not the address of the request',
  token: 'ath of the DPoP proof is not the hash of the token',
  time: 'iat of the DPoP proof is too old, or in the future',
  used: 'the DPoP proof was used before',
  'nonce-missing': 'the DPoP proof needs the nonce of the DPoP-Nonce header',
  'nonce-unknown': 'nonce of the DPoP proof is not one that is accepted now',
  scheme: 'a token that comes with a DPoP proof has the scheme DPoP',
  'token-unbound': 'the token is not bound to a key by DPoP',
  'token-of-key': 'the token is bound to a key, and counts only with a DPoP proof under the scheme DPoP',
  'other-key': 'the token is bound to another key',
};

/** The same in words. */
export function inWords(fault: DpopFault): string {
  return TEXTS[fault];
}

/** Whether the same request would be good with a nonce of ours. */
export function isAboutNonce(fault: DpopFault): boolean {
  return fault === 'nonce-missing' || fault === 'nonce-unknown';
}
