import { X509Certificate } from 'node:crypto';
import { EvidenceError } from '../evidence/evidence-error.ts';
import type { VerifierOptions } from '../evidence/verifier-options.ts';

const LONGEST_CHAIN = 6;
const MOST_BYTES = 8_192;

/**
 * Verifies a chain of certificates, the leaf first, up to one of the roots. The root itself may be at its end: a root that was issued anew for
 * the same key is the same root.
 *
 * Each has to be in its term, and signed by the next, which has to be an authority (RFC 5280 section 6.1). Nothing is fetched: whether one
 * was revoked, the caller finds out.
 *
 * @returns The chain without a root.
 * @throws {EvidenceError}
 */
export function verifyChain(encoded: unknown, roots: readonly X509Certificate[], now: number): readonly X509Certificate[] {
  if (!Array.isArray(encoded) || encoded.length === 0 || encoded.length > LONGEST_CHAIN) throw refused('is missing or too long');
  const all = encoded.map(parse);
  const last = all.at(-1) as X509Certificate;
  const chain = all.length > 1 && roots.some((root) => root.publicKey.equals(last.publicKey)) ? all.slice(0, -1) : all;
  for (const [index, certificate] of chain.entries()) {
    if (!isInTerm(certificate, now)) throw refused('is out of its term');
    const issuer = chain[index + 1];
    const isSigned =
      issuer === undefined ? roots.some((root) => isInTerm(root, now) && isSignedBy(certificate, root)) : isSignedBy(certificate, issuer);
    if (!isSigned) throw refused('leads to no root that is trusted');
  }
  return chain;
}

function parse(der: unknown): X509Certificate {
  if (!(der instanceof Uint8Array) || der.length > MOST_BYTES) throw refused('holds something that is no certificate');
  try {
    const certificate = new X509Certificate(der);
    // It takes PEM, too, and overlooks what follows.
    if (certificate.raw.equals(der)) return certificate;
  } catch {
    // Said below.
  }
  throw refused('holds something that is no certificate');
}

function isInTerm({ validFrom, validTo }: X509Certificate, now: number): boolean {
  return Date.parse(validFrom) <= now && now <= Date.parse(validTo);
}

function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function refused(what: string): EvidenceError {
  return new EvidenceError(`the chain of certificates ${what}`);
}

/**
 * Roots that were configured, as PEM.
 *
 * @throws {TypeError} for what is no certificate of an authority.
 */
export function rootsOf(options: VerifierOptions, pem: unknown): readonly X509Certificate[] {
  const all = options.texts('roots', pem, /-----BEGIN CERTIFICATE-----/, "'-----BEGIN CERTIFICATE-----…'");
  return all.map((one) => {
    try {
      const root = new X509Certificate(one);
      if (root.ca) return root;
    } catch {
      // Said below.
    }
    throw options.invalid('roots holds something that is no certificate of an authority');
  });
}
