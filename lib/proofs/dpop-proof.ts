import { hash } from 'node:crypto';
import { compactVerify, decodeProtectedHeader, type ProtectedHeaderParameters } from 'jose';
import { addressOfProof } from './dpop-address.ts';
import type { DpopFault } from './dpop-fault.ts';
import { type DpopKey, type DpopKeys, isDpopAlgorithm } from './dpop-key.ts';

/** What a proof has to be for. */
export interface DpopTarget {
  readonly method: string;
  /** In one spelling; `undefined` for a request that no proof can be for. */
  readonly address: string | undefined;
  /** The token that the request presents with it. */
  readonly token: string | undefined;
}

/** A proof that holds, but for what only the clock and the store can tell. */
export interface DpopProof {
  /** Thumbprint of the key that it proves (RFC 7638). */
  readonly key: string;
  /** What no other proof of the key has, in 43 characters. */
  readonly id: string;
  /** When it says that it was made, epoch milliseconds. */
  readonly at: number;
  readonly nonce: string | undefined;
}

/** As the claims of a proof come: anything. */
interface Claims {
  readonly jti?: unknown;
  readonly htm?: unknown;
  readonly htu?: unknown;
  readonly iat?: unknown;
  readonly ath?: unknown;
  readonly nonce?: unknown;
}

/** An RSA key of 4,096 bits, its signature and a long address take five thousand. */
const LONGEST = 8_192;
const FORM = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const TYPE = 'dpop+jwt';
/** Short ones are not unique; long ones are made to be stored. */
const ID = /^[\x21-\x7e]{8,256}$/;
const LONGEST_NONCE = 256;

/** Checks a proof as RFC 9449 section 4.3 says, all but the time, the nonce and whether it was used before. */
export async function verifyDpopProof(header: string, target: DpopTarget, keys: DpopKeys): Promise<DpopProof | DpopFault> {
  // Node joins headers of one name with a comma, which no JWT has.
  if (header.includes(',')) return 'proof-repeated';
  if (header.length > LONGEST || !FORM.test(header)) return 'proof-malformed';
  const head = headOf(header);
  if (head === undefined || head['crit'] !== undefined) return 'proof-malformed';
  if (head.typ !== TYPE) return 'type';
  if (!isDpopAlgorithm(head.alg)) return 'algorithm';
  const key = await keys.read(head.alg, head.jwk);
  if (key === undefined) return 'key';
  const claims = await claimsOf(header, head.alg, key);
  return typeof claims === 'string' ? claims : checkClaims(claims, target, key);
}

/** What a proof says of the token that it comes with: `ath` (RFC 9449 section 4.2). */
function hashOfToken(token: string): string {
  return hash('sha256', token, 'base64url');
}

function headOf(jwt: string): ProtectedHeaderParameters | undefined {
  try {
    return decodeProtectedHeader(jwt);
  } catch {
    return undefined;
  }
}

async function claimsOf(jwt: string, alg: string, { key }: DpopKey): Promise<Claims | DpopFault> {
  const verified = await compactVerify(jwt, key, { algorithms: [alg] }).catch(() => undefined);
  if (verified === undefined) return 'signature';
  try {
    const claims: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(verified.payload));
    return typeof claims === 'object' && claims !== null && !Array.isArray(claims) ? claims : 'proof-malformed';
  } catch {
    return 'proof-malformed';
  }
}

function checkClaims({ jti, htm, htu, iat, ath, nonce }: Claims, target: DpopTarget, { thumbprint }: DpopKey): DpopProof | DpopFault {
  if (typeof jti !== 'string' || !ID.test(jti)) return 'id';
  if (typeof iat !== 'number' || !Number.isFinite(iat) || iat < 0) return 'time';
  if (nonce !== undefined && (typeof nonce !== 'string' || nonce.length > LONGEST_NONCE)) return 'nonce-unknown';
  if (htm !== target.method) return 'method';
  if (target.address === undefined || addressOfProof(htu) !== target.address) return 'address';
  // One that names a token is for a request with that token, and one that names none for a request without.
  if (ath !== (target.token === undefined ? undefined : hashOfToken(target.token))) return 'token';
  return { key: thumbprint, id: hash('sha256', `${thumbprint}.${jti}`, 'base64url'), at: iat * 1_000, nonce };
}
