import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { verifyChain } from '../../../lib/proofs/attestation/certificate-chain.ts';
import { NOW } from './evidence-context.ts';
import { SoftwareAuthority } from './software-authority.ts';

const DAY_MS = 86_400_000;

const authority = await SoftwareAuthority.at(NOW);
const { chain } = await authority.issue();
const roots = [new X509Certificate(authority.root.pem)];

describe('a chain of certificates', () => {
  test('leads to its root, whether the root is in it or not', () => {
    expect(verifyChain(chain, roots, NOW)).toHaveLength(2);
    expect(verifyChain(chain.slice(0, 2), roots, NOW)).toHaveLength(2);
  });

  test('may end in a root that was issued before for the same key and has expired', async () => {
    const old = await authority.sameRootAgain({ until: NOW - DAY_MS });
    expect(verifyChain([...chain.slice(0, 2), old.der], roots, NOW)).toHaveLength(2);
    expect(() => verifyChain(chain, [new X509Certificate(old.pem)], NOW)).toThrow('leads to no root');
  });

  test('of another maker leads nowhere, whatever names are in it', async () => {
    const other = await SoftwareAuthority.at(NOW);
    const forged = await other.issue();
    expect(() => verifyChain(forged.chain, roots, NOW)).toThrow('leads to no root');
    expect(() => verifyChain([...forged.chain.slice(0, 2), authority.root.der], roots, NOW)).toThrow('leads to no root');
    expect(() => verifyChain([forged.der, authority.issuer.der, authority.root.der], roots, NOW)).toThrow('leads to no root');
  });

  test('with a link left out leads nowhere', () => {
    expect(() => verifyChain([chain[0], chain[2]], roots, NOW)).toThrow('leads to no root');
    expect(() => verifyChain([chain[0]], roots, NOW)).toThrow('leads to no root');
  });

  test('signed by what is no authority leads nowhere: the key of a device signs no other device', async () => {
    const plain = await SoftwareAuthority.at(NOW, { isAuthority: false });
    const leaf = await plain.issue();
    expect(() => verifyChain(leaf.chain, [new X509Certificate(plain.root.pem)], NOW)).toThrow('leads to no root');
  });

  test.each([
    ['the leaf is over', { until: NOW - 1_000 }, {}],
    ['the leaf is to come', { from: NOW + 60_000 }, {}],
    ['the authority is over', {}, { until: NOW - 1_000 }],
  ])('is refused if %s', async (_what, ofLeaf, ofIssuer) => {
    const maker = await SoftwareAuthority.at(NOW, ofIssuer);
    const leaf = await maker.issue(ofLeaf);
    expect(() => verifyChain(leaf.chain, [new X509Certificate(maker.root.pem)], NOW)).toThrow('out of its term');
  });

  test.each([
    ['nothing', undefined],
    ['an empty list', []],
    ['too many', Array.from({ length: 7 }, () => chain[0])],
    ['text', ['-----BEGIN CERTIFICATE-----']],
    ['PEM', [Buffer.from(authority.root.pem)]],
    ['bytes after the end', [Buffer.concat([chain[0] as Buffer, Buffer.from([0])]), ...chain.slice(1)]],
    ['one that is cut off', [(chain[0] as Buffer).subarray(0, 100), ...chain.slice(1)]],
    ['one that is too large', [Buffer.alloc(9_000, chain[0]), ...chain.slice(1)]],
  ])('is none: %s', (_what, encoded) => {
    expect(() => verifyChain(encoded, roots, NOW)).toThrow('the chain of certificates');
  });
});
