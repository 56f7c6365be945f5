import { certificateIn, type ClientCertificate } from './client-certificate.ts';
import { INVALID, NOTHING } from './presented.ts';

/** A byte sequence of RFC 8941 section 3.3.5, and nothing else: the field has no list and no parameters (RFC 9440 section 2.2). */
const BYTES = /^:([A-Za-z0-9+/]*)={0,2}:$/;
/** A certificate with a post-quantum signature has 8 KB. */
const LONGEST = 12_288;
const REMEMBERED = 512;

/**
 * Certificates by the header that they came in: to read one costs a tenth of a millisecond, to find it again a hundredth of that. Two
 * generations: when the younger is full it becomes the older, and the older is forgotten.
 */
let known = new Map<string, ClientCertificate>();
let before = new Map<string, ClientCertificate>();

/** The certificate in a `Client-Cert` header (RFC 9440). Node joins several headers by commas, which makes them none. */
export function readClientCertHeader(header: string | readonly string[] | undefined): ClientCertificate | typeof NOTHING | typeof INVALID {
  if (header === undefined || header === '' || header === '::') return NOTHING;
  if (typeof header !== 'string' || header.length > LONGEST) return INVALID;
  const found = known.get(header) ?? before.get(header) ?? read(header);
  return found ?? INVALID;
}

function read(header: string): ClientCertificate | undefined {
  const [, base64] = BYTES.exec(header) ?? [];
  const certificate = base64 === undefined ? undefined : certificateIn(Buffer.from(base64, 'base64'));
  if (certificate !== undefined) remember(header, certificate);
  return certificate;
}

function remember(header: string, certificate: ClientCertificate): void {
  if (known.size >= REMEMBERED) {
    before = known;
    known = new Map();
  }
  known.set(header, certificate);
}
