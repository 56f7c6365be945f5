import { calculateJwkThumbprint, type JWK } from 'jose';

/** The algorithms that browsers sign with, and no other. */
export type DbscAlgorithm = 'ES256' | 'RS256';

/** A browser's public key in its shortest form: the algorithm, and x and y, or n and e (RFC 7518). */
export type DbscKey = readonly [algorithm: DbscAlgorithm, first: string, second: string];

const COORDINATE_CHARACTERS = 43;
/** RSA keys of 2,048 to 4,096 bits with the exponent that everybody uses: whoever comes with a larger one wants to keep us busy. */
const RSA_BYTES = { least: 256, most: 512 };
const RSA_EXPONENT = 'AQAB';

/** The members that make a key, and no other. `undefined` for what is no key for the algorithm. */
export function dbscKey(algorithm: unknown, { kty, crv, x, y, n, e }: JWK): DbscKey | undefined {
  if (algorithm === 'ES256' && kty === 'EC' && crv === 'P-256' && isCoordinate(x) && isCoordinate(y)) return [algorithm, x, y];
  if (algorithm === 'RS256' && kty === 'RSA' && isModulus(n) && e === RSA_EXPONENT) return [algorithm, n, e];
  return undefined;
}

function isCoordinate(text: string | undefined): text is string {
  return text?.length === COORDINATE_CHARACTERS && isCanonical(text);
}

function isModulus(text: string | undefined): text is string {
  if (typeof text !== 'string' || text.length > RSA_BYTES.most * 2 || !isCanonical(text)) return false;
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length >= RSA_BYTES.least && bytes.length <= RSA_BYTES.most && bytes[0] !== 0;
}

/** In one spelling only, or one key would have several thumbprints. */
function isCanonical(text: string): boolean {
  return Buffer.from(text, 'base64url').toString('base64url') === text;
}

export function jwkOf([algorithm, first, second]: DbscKey): JWK {
  return algorithm === 'ES256' ? { kty: 'EC', crv: 'P-256', x: first, y: second } : { kty: 'RSA', n: first, e: second };
}

/** RFC 7638, SHA-256, base64url. */
export function thumbprintOf(key: DbscKey): Promise<string> {
  return calculateJwkThumbprint(jwkOf(key), 'sha256');
}
