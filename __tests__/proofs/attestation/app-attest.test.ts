import { describe, expect, test } from '@jest/globals';
import { appAttest, type AppAttestOptions } from '../../../lib/proofs/attestation/app-attest.ts';
import { clientDataHash, EvidencePlace, KEY, newChallenge, NOW } from './evidence-context.ts';
import { SoftwareAuthority } from './software-authority.ts';
import { type AttestationChanges, softwareIphone } from './software-iphone.ts';

const authority = await SoftwareAuthority.at(NOW);
const options: AppAttestOptions = { teamId: 'ABCDE12345', bundleId: ['com.example.app', 'com.example.pro'], roots: authority.root.pem };
const APP = 'ABCDE12345.com.example.app';
const verifier = appAttest(options);
const DAY_MS = 86_400_000;

async function attested(changes: AttestationChanges = {}) {
  const place = new EvidencePlace();
  const phone = await softwareIphone(authority, APP);
  const context = place.context();
  const attestation = await phone.attest(clientDataHash(context), changes);
  const evidence = { keyId: phone.keyId.toString('base64'), attestation: attestation.toString('base64') };
  return { place, phone, context, evidence, keyId: evidence.keyId };
}

describe('an attestation', () => {
  test('vouches for the key of the session, for a day', async () => {
    const { context, evidence } = await attested();
    await expect(verifier.verify(evidence, context)).resolves.toEqual({ key: KEY, at: NOW, until: NOW + DAY_MS });
  });

  test('may come in base64url, and from another of the apps', async () => {
    const { context, evidence } = await attested({ appId: 'ABCDE12345.com.example.pro' });
    const url = Object.fromEntries(
      Object.entries(evidence).map(([name, text]) => [name, Buffer.from(text, 'base64').toString('base64url')]),
    );
    await expect(verifier.verify(url, context)).resolves.toMatchObject({ key: KEY });
  });

  test.each<[string, AttestationChanges, string]>([
    ['another app', { appId: 'ABCDE12345.com.example.other' }, 'another app'],
    ['another team', { appId: 'ZZZZZ12345.com.example.app' }, 'another app'],
    ['a development build', { aaguid: 'appattestdevelop' }, 'another environment'],
    ['a counter that has run', { counter: 1 }, 'not 0'],
    ['another credential', { credentialId: Buffer.alloc(32) }, 'another App Attest key'],
    ['another format', { fmt: 'packed' }, 'another format'],
    ['a nonce of its own', { nonce: Buffer.alloc(32) }, 'another challenge'],
  ])('is refused for %s', async (_what, changes, message) => {
    const { context, evidence } = await attested(changes);
    await expect(verifier.verify(evidence, context)).rejects.toThrow(message);
  });

  test('is refused for another challenge, another key of the session, and without a challenge', async () => {
    const { context, evidence } = await attested();
    await expect(verifier.verify(evidence, { ...context, challenge: newChallenge() })).rejects.toThrow('another challenge');
    await expect(verifier.verify(evidence, { ...context, key: 'x'.repeat(43) })).rejects.toThrow('another challenge');
    await expect(verifier.verify(evidence, { ...context, challenge: undefined })).rejects.toMatchObject({
      code: 'use_attestation_challenge',
    });
  });

  test('is refused if another maker signed it', async () => {
    const { context, evidence } = await attested();
    const apple = appAttest({ teamId: 'ABCDE12345', bundleId: 'com.example.app' });
    await expect(apple.verify(evidence, context)).rejects.toThrow('no root that is trusted');
  });

  test('is refused a second time', async () => {
    const { context, evidence } = await attested();
    await verifier.verify(evidence, context);
    await expect(verifier.verify(evidence, context)).rejects.toThrow('attested before');
  });

  test('of a development build is taken where those are asked for, and vouches for nothing in production', async () => {
    const { place, context, evidence, phone, keyId } = await attested({ aaguid: 'appattestdevelop' });
    await appAttest({ ...options, production: false }).verify(evidence, context);
    const next = place.context();
    const assertion = phone.assert(clientDataHash(next)).toString('base64');
    await expect(verifier.verify({ keyId, assertion }, next)).rejects.toMatchObject({ code: 'use_fresh_attestation' });
    await expect(appAttest({ ...options, production: false }).verify({ keyId, assertion }, next)).resolves.toMatchObject({ key: KEY });
  });
});

describe('an assertion', () => {
  async function known() {
    const first = await attested();
    await verifier.verify(first.evidence, first.context);
    const next = first.place.context();
    return { ...first, next };
  }

  test('by a key that was attested vouches again', async () => {
    const { phone, keyId, next, place } = await known();
    await expect(verifier.verify({ keyId, assertion: phone.assert(clientDataHash(next)) }, next)).resolves.toEqual({
      key: KEY,
      at: NOW,
      until: NOW + DAY_MS,
    });
    const later = place.context({ now: NOW + 5 });
    await expect(verifier.verify({ keyId, assertion: phone.assert(clientDataHash(later)) }, later)).resolves.toMatchObject({ at: NOW + 5 });
  });

  test('with an old counter is refused: of a copied key, and one that was used', async () => {
    const { phone, keyId, next, place } = await known();
    await verifier.verify({ keyId, assertion: phone.assert(clientDataHash(next), { counter: 7 }) }, next);
    for (const counter of [0, 6, 7]) {
      const later = place.context();
      await expect(verifier.verify({ keyId, assertion: phone.assert(clientDataHash(later), { counter }) }, later)).rejects.toThrow(
        'counter of the assertion is old',
      );
    }
  });

  test('with a counter beyond 31 bits counts on', async () => {
    const { phone, keyId, next, place } = await known();
    await verifier.verify({ keyId, assertion: phone.assert(clientDataHash(next), { counter: 0xff_ff_ff_fe }) }, next);
    const later = place.context();
    await expect(
      verifier.verify({ keyId, assertion: phone.assert(clientDataHash(later), { counter: 0xff_ff_ff_ff }) }, later),
    ).resolves.toMatchObject({ key: KEY });
  });

  test('of two with the same counter at the same time, one counts', async () => {
    const { phone, keyId, next } = await known();
    const evidence = { keyId, assertion: phone.assert(clientDataHash(next)) };
    const outcomes = await Promise.allSettled([verifier.verify(evidence, next), verifier.verify(evidence, next)]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('for another challenge, key of a session or app is refused', async () => {
    const { phone, keyId, next } = await known();
    const about = clientDataHash(next);
    await expect(verifier.verify({ keyId, assertion: phone.assert(about) }, { ...next, challenge: newChallenge() })).rejects.toThrow(
      'not signed',
    );
    await expect(verifier.verify({ keyId, assertion: phone.assert(about) }, { ...next, challenge: undefined })).rejects.toMatchObject({
      code: 'use_attestation_challenge',
    });
    const other = { ...next, key: 'x'.repeat(43) };
    await expect(verifier.verify({ keyId, assertion: phone.assert(clientDataHash(other)) }, other)).rejects.toThrow(
      'vouches for another key',
    );
    await expect(
      verifier.verify({ keyId, assertion: phone.assert(about, { appId: 'ABCDE12345.com.example.other' }) }, next),
    ).rejects.toThrow('another app');
  });

  test('by a key that was never attested is refused', async () => {
    const { phone, next } = await known();
    const keyId = Buffer.alloc(32, 7).toString('base64');
    await expect(verifier.verify({ keyId, assertion: phone.assert(clientDataHash(next)) }, next)).rejects.toMatchObject({
      code: 'use_fresh_attestation',
    });
  });
});

describe('options', () => {
  test.each([
    [{ bundleId: 'com.example.app' }, 'needs teamId'],
    [{ teamId: 'short', bundleId: 'com.example.app' }, 'needs teamId'],
    [{ teamId: 'ABCDE12345' }, 'needs bundleId'],
    [{ teamId: 'ABCDE12345', bundleId: [] }, 'needs bundleId'],
    [{ ...options, lifetime: 60 }, 'is not a duration'],
    [{ ...options, production: 'no' }, 'production is true or false'],
    [{ ...options, roots: 'a root' }, 'needs roots'],
    [{ ...options, roots: '-----BEGIN CERTIFICATE-----' }, 'no certificate of an authority'],
    [{ ...options, developement: true }, 'does not know "developement"'],
    [undefined, 'needs an object'],
  ])('%#: a helpful error', (wrong, message) => {
    expect(() => appAttest(wrong as AppAttestOptions)).toThrow(TypeError);
    expect(() => appAttest(wrong as AppAttestOptions)).toThrow(message);
  });
});
