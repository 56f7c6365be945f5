import { hash, X509Certificate } from 'node:crypto';

/** A certificate whose key somebody has proved to hold. */
export interface ClientCertificate {
  /** SHA-256 of its DER, base64url: the `x5t#S256` of RFC 8705 section 3.1. */
  readonly thumbprint: string;
  /** When it is valid, epoch milliseconds. */
  readonly from: number;
  readonly until: number;
}

/** What has to be known of a certificate; `undefined` if it has no term that could be kept. */
export function certificateOf({ raw, validFrom, validTo }: X509Certificate): ClientCertificate | undefined {
  const [from, until] = [Date.parse(validFrom), Date.parse(validTo)];
  return Number.isNaN(from) || Number.isNaN(until) ? undefined : { thumbprint: hash('sha256', raw, 'base64url'), from, until };
}

/** The certificate of bytes that are DER from the first to the last. */
export function certificateIn(der: Buffer): ClientCertificate | undefined {
  try {
    const certificate = new X509Certificate(der);
    // It overlooks what follows, and takes PEM.
    return certificate.raw.equals(der) ? certificateOf(certificate) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether it is in its term: whoever verified it did so when the connection was made, and a connection can outlive it. */
export function isInTerm({ from, until }: ClientCertificate, now: number): boolean {
  return from <= now && now <= until;
}
