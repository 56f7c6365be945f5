import { calculateJwkThumbprint, type CryptoKey, importJWK, type JWK } from 'jose';

/** Algorithms that a proof may be signed with: asymmetric ones only, in the order in which we would choose. */
export const DPOP_ALGORITHMS = ['ES256', 'Ed25519', 'EdDSA', 'ES384', 'PS256', 'RS256'] as const;

export type DpopAlgorithm = (typeof DPOP_ALGORITHMS)[number];

/** A key that proofs are checked with. */
export interface DpopKey {
  readonly key: CryptoKey;
  /** RFC 7638, SHA-256, base64url. */
  readonly thumbprint: string;
}

const CURVES: Readonly<Partial<Record<DpopAlgorithm, { readonly kty: 'EC' | 'OKP'; readonly crv: string; readonly characters: number }>>> =
  {
    ES256: { kty: 'EC', crv: 'P-256', characters: 43 },
    ES384: { kty: 'EC', crv: 'P-384', characters: 64 },
    Ed25519: { kty: 'OKP', crv: 'Ed25519', characters: 43 },
    EdDSA: { kty: 'OKP', crv: 'Ed25519', characters: 43 },
  };
/** RSA keys of 2,048 to 4,096 bits with the exponent that everybody uses: larger ones only make the check dear. */
const RSA_BYTES = { least: 256, most: 512 };
const RSA_EXPONENT = 'AQAB';
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];
const REMEMBERED = 1_024;

export function isDpopAlgorithm(alg: unknown): alg is DpopAlgorithm {
  return DPOP_ALGORITHMS.includes(alg as DpopAlgorithm);
}

/** Reads the keys of proofs, and remembers those it has read: a client comes with the same one again and again. */
export class DpopKeys {
  #keys = new Map<string, DpopKey>();
  #before = new Map<string, DpopKey>();

  /** The key that a proof names, if it is a public one for the algorithm. */
  async read(alg: DpopAlgorithm, jwk: unknown): Promise<DpopKey | undefined> {
    const members = publicMembers(alg, jwk);
    if (members === undefined) return undefined;
    const name = `${alg} ${members.x ?? members.n} ${members.y}`;
    const known = this.#keys.get(name) ?? this.#before.get(name);
    const found = known ?? (await load(alg, members));
    if (found !== undefined && !this.#keys.has(name)) this.#remember(name, found);
    return found;
  }

  /** Two generations: when the younger is full it becomes the older, and the older is forgotten. */
  #remember(name: string, key: DpopKey): void {
    if (this.#keys.size >= REMEMBERED) {
      this.#before = this.#keys;
      this.#keys = new Map();
    }
    this.#keys.set(name, key);
  }
}

/** A point that is not on its curve is refused here. */
async function load(alg: DpopAlgorithm, jwk: JWK): Promise<DpopKey | undefined> {
  try {
    const [key, thumbprint] = await Promise.all([importJWK(jwk, alg), calculateJwkThumbprint(jwk, 'sha256')]);
    return { key: key as CryptoKey, thumbprint };
  } catch {
    return undefined;
  }
}

/** The members that make the key, and no other. */
function publicMembers(alg: DpopAlgorithm, jwk: unknown): JWK | undefined {
  if (typeof jwk !== 'object' || jwk === null || PRIVATE.some((name) => Object.hasOwn(jwk, name))) return undefined;
  const { kty, crv, x, y, n, e } = jwk as Readonly<Record<string, unknown>>;
  const curve = CURVES[alg];
  if (curve === undefined) return kty === 'RSA' && e === RSA_EXPONENT && isModulus(n) ? { kty, n, e } : undefined;
  if (kty !== curve.kty || crv !== curve.crv || !isCoordinate(x, curve.characters)) return undefined;
  if (curve.kty === 'OKP') return { kty: 'OKP', crv, x };
  return isCoordinate(y, curve.characters) ? { kty: 'EC', crv, x, y } : undefined;
}

function isCoordinate(text: unknown, characters: number): text is string {
  return typeof text === 'string' && text.length === characters && isCanonical(text);
}

function isModulus(text: unknown): text is string {
  if (typeof text !== 'string' || text.length > RSA_BYTES.most * 2 || !isCanonical(text)) return false;
  const bytes = Buffer.from(text, 'base64url');
  const [first = 0] = bytes;
  return bytes.length <= RSA_BYTES.most && first > 0 && bytes.length + (first >= 0x80 ? 0 : -1) >= RSA_BYTES.least;
}

/** In one spelling only, or one key would have several thumbprints. */
function isCanonical(text: string): boolean {
  return Buffer.from(text, 'base64url').toString('base64url') === text;
}
