import { describe, expect, test } from '@jest/globals';
import { securityKeyAttestation, type SecurityKeyAttestationOptions } from '../../../lib/proofs/attestation/security-key-attestation.ts';
import { EvidencePlace, newChallenge, NOW } from './evidence-context.ts';
import { SoftwareAuthority } from './software-authority.ts';
import { AAGUID, ORIGIN, register, type RegistrationChanges, RP_ID } from './software-security-key.ts';

const authority = await SoftwareAuthority.at(NOW);
const options: SecurityKeyAttestationOptions = { origin: ORIGIN, rpId: RP_ID, roots: authority.root.pem };
const verifier = securityKeyAttestation(options);
const YEAR_MS = 365 * 86_400_000;

async function registered(changes: RegistrationChanges = {}, maker = authority) {
  const place = new EvidencePlace();
  const challenge = newChallenge();
  const { response, thumbprint } = await register(maker, challenge, changes);
  return { place, evidence: { registration: response }, context: place.context({ challenge, key: thumbprint }) };
}

describe('a security key', () => {
  test('is vouched for by its maker, for a year', async () => {
    const { evidence, context } = await registered();
    await expect(verifier.verify(evidence, context)).resolves.toEqual({ key: context.key, at: NOW, until: NOW + YEAR_MS });
  });

  test('is remembered for sessions to come, as of then', async () => {
    const { evidence, context, place } = await registered();
    const later = place.context({ key: context.key, now: NOW + YEAR_MS - 1, challenge: undefined });
    await expect(verifier.verify({ remembered: true }, later)).rejects.toMatchObject({ code: 'use_fresh_attestation' });
    await verifier.verify(evidence, context);
    await expect(verifier.verify({ remembered: true }, later)).resolves.toEqual({ key: context.key, at: NOW, until: NOW + YEAR_MS });
    const over = { ...later, now: NOW + YEAR_MS };
    await expect(verifier.verify({ remembered: true }, over)).rejects.toMatchObject({ code: 'use_fresh_attestation' });
    const other = { ...later, key: 'x'.repeat(43) };
    await expect(verifier.verify({ remembered: true }, other)).rejects.toMatchObject({ code: 'use_fresh_attestation' });
  });

  test('of a model that is not taken any more is not remembered', async () => {
    const { evidence, context } = await registered();
    await verifier.verify(evidence, context);
    const strict = securityKeyAttestation({ ...options, aaguids: ['00000000-0000-4000-8000-000000000000'] });
    await expect(strict.verify({ remembered: true }, context)).rejects.toThrow('another model');
  });

  test('is of one of the models that are asked for', async () => {
    const { evidence, context } = await registered();
    const one = securityKeyAttestation({ ...options, aaguids: [AAGUID.toUpperCase()] });
    await expect(one.verify(evidence, context)).resolves.toMatchObject({ key: context.key });
    const other = securityKeyAttestation({ ...options, aaguids: ['00000000-0000-4000-8000-000000000000'] });
    await expect(other.verify(evidence, context)).rejects.toThrow('another model');
  });

  test.each<[string, RegistrationChanges, string]>([
    ['nobody vouches for it', { attestation: 'none' }, 'no maker vouches'],
    ['it vouches for itself', { attestation: 'self' }, 'chain of certificates'],
    ['it can be synced', { flags: 0x4d }, 'can be synced'],
    ['nobody was verified', { flags: 0x41 }, 'could not be read'],
    ['it is for another site', { origin: 'https://evil.example' }, 'could not be read'],
    ['it is for another domain', { rpId: 'evil.example' }, 'could not be read'],
    ['the maker is none for keys', { leaf: { name: 'CN=Leaf' } }, 'could not be read'],
  ])('is refused if %s', async (_what, changes, message) => {
    const { evidence, context } = await registered(changes);
    await expect(verifier.verify(evidence, context)).rejects.toThrow(message);
  });

  test('is refused if another maker vouches for it', async () => {
    const { evidence, context } = await registered({}, await SoftwareAuthority.at(NOW));
    await expect(verifier.verify(evidence, context)).rejects.toThrow('no root that is trusted');
  });

  test('is refused for another challenge, another key of the session, and without a challenge', async () => {
    const { evidence, context } = await registered();
    await expect(verifier.verify(evidence, { ...context, challenge: newChallenge() })).rejects.toThrow('could not be read');
    await expect(verifier.verify(evidence, { ...context, key: 'x'.repeat(43) })).rejects.toThrow('another key');
    await expect(verifier.verify(evidence, { ...context, challenge: undefined })).rejects.toMatchObject({
      code: 'use_attestation_challenge',
    });
    await expect(verifier.verify({ remembered: true }, context)).rejects.toMatchObject({ code: 'use_fresh_attestation' });
  });
});

describe('options', () => {
  test.each([
    [{ ...options, origin: 'shop.example.com' }, 'needs origin'],
    [{ ...options, rpId: 'https://shop.example.com' }, 'needs rpId'],
    [{ ...options, roots: undefined }, 'needs roots'],
    [{ ...options, aaguids: ['YubiKey'] }, 'needs aaguids'],
    [{ ...options, lifetime: 'ever' }, 'is not a duration'],
    [{ ...options, level: 'L2' }, 'does not know "level"'],
  ])('%#: a helpful error', (wrong, message) => {
    expect(() => securityKeyAttestation(wrong as SecurityKeyAttestationOptions)).toThrow(message);
  });
});
