import { hash, type KeyObject, verify } from 'node:crypto';
import { EvidenceError } from '../evidence/evidence-error.ts';
import { readAuthenticatorData } from './authenticator-data.ts';
import { bytesIn, decodeMap } from './cbor-map.ts';

/** What an assertion has to be about. */
export interface AssertionRule {
  /** SHA-256 of the client data. */
  readonly clientDataHash: Buffer;
  readonly appIdHashes: readonly Buffer[];
  /** The counter that came last. */
  readonly counter: number;
}

/**
 * Verifies an assertion by a key that was attested before, as Apple's "Validating apps that connect to your server" has it.
 *
 * @returns Its counter.
 * @throws {EvidenceError}
 */
export function verifyAssertion(assertion: Buffer, key: KeyObject, { clientDataHash, appIdHashes, counter: last }: AssertionRule): number {
  const decoded = decodeMap('the assertion', assertion);
  const authData = bytesIn(decoded, 'authenticatorData');
  const nonce = hash('sha256', Buffer.concat([authData, clientDataHash]), 'buffer');
  // What is signed is the nonce, which the algorithm hashes once more.
  if (!verify('sha256', nonce, key, bytesIn(decoded, 'signature')))
    throw new EvidenceError('the assertion is not signed by the App Attest key, or for another challenge or key of the session');
  const { rpIdHash, counter } = readAuthenticatorData(authData);
  if (!appIdHashes.some((one) => one.equals(rpIdHash))) throw new EvidenceError('the assertion is about another app');
  if (counter <= last) throw new EvidenceError('the counter of the assertion is old: it was used before, or the key was copied');
  return counter;
}
