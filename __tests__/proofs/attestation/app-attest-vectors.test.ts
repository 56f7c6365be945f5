import { createPublicKey, hash, X509Certificate } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { verifyAssertion } from '../../../lib/proofs/attestation/app-attest-assertion.ts';
import { type AttestationRule, verifyAttestationObject } from '../../../lib/proofs/attestation/app-attest-object.ts';
import { APPLE_APP_ATTESTATION_ROOT } from '../../../lib/proofs/attestation/apple-root.ts';
import { vectors } from './vectors.ts';

const { teamId, bundleId, production, development, assertion } = vectors.appAttest;
const bytes = (base64: string) => Buffer.from(base64, 'base64');
const appIdHashes = [hash('sha256', `${teamId}.${bundleId}`, 'buffer')];

/** What the vector was made for, when its certificates were good. */
function rule(vector: typeof production, changes: Partial<AttestationRule> = {}): AttestationRule {
  return {
    clientDataHash: hash('sha256', bytes(vector.challenge), 'buffer'),
    appIdHashes,
    isProduction: vector === production,
    roots: [new X509Certificate(APPLE_APP_ATTESTATION_ROOT)],
    now: Date.UTC(2024, 1, 8),
    ...changes,
  };
}

function verify(vector: typeof production, changes: Partial<AttestationRule> = {}) {
  return verifyAttestationObject(bytes(vector.attestation), bytes(vector.keyId), rule(vector, changes));
}

describe('attestations by real devices', () => {
  test.each([
    ['production', production],
    ['development', development],
  ])('%s', (_name, vector) => {
    const point = verify(vector).export({ type: 'spki', format: 'der' }).subarray(-65);
    expect(hash('sha256', point, 'base64')).toBe(vector.keyId);
  });

  test('are of one environment', () => {
    expect(() => verify(production, { isProduction: false })).toThrow('another environment');
    expect(() => verify(development, { isProduction: true })).toThrow('another environment');
  });

  test('are for one challenge, app and key', () => {
    expect(() => verify(production, { clientDataHash: hash('sha256', 'another', 'buffer') })).toThrow('another challenge');
    expect(() => verify(production, { appIdHashes: [hash('sha256', `${teamId}.com.example.other`, 'buffer')] })).toThrow('another app');
    expect(() => verifyAttestationObject(bytes(production.attestation), bytes(development.keyId), rule(production))).toThrow(
      'another App Attest key',
    );
  });

  test('end with their certificates, by the clock that is given', () => {
    expect(() => verify(production, { now: Date.UTC(2026, 10, 24) })).toThrow('out of its term');
  });
});

describe('an assertion by a real device', () => {
  const key = createPublicKey({ key: bytes(assertion.publicKey), format: 'der', type: 'spki' });
  const clientDataHash = hash('sha256', assertion.clientData, 'buffer');
  const rules = { clientDataHash, appIdHashes, counter: 0 };

  test('has a counter', () => {
    expect(verifyAssertion(bytes(assertion.assertion), key, rules)).toBe(1);
  });

  test('is refused with an old counter, other data, or another app', () => {
    expect(() => verifyAssertion(bytes(assertion.assertion), key, { ...rules, counter: 1 })).toThrow('counter of the assertion is old');
    expect(() => verifyAssertion(bytes(assertion.assertion), key, { ...rules, clientDataHash: hash('sha256', '', 'buffer') })).toThrow(
      'not signed',
    );
    expect(() => verifyAssertion(bytes(assertion.assertion), key, { ...rules, appIdHashes: [] })).toThrow('another app');
  });
});
