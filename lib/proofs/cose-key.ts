import { decodeCBOR } from '@levischuck/tiny-cbor';
import { calculateJwkThumbprint, type JWK } from 'jose';

/** Labels and values of RFC 9052 section 7 and RFC 9053 section 7. */
const KTY = 1;
const CRV = -1;
const X = -2;
const Y = -3;
const OKP = 1;
const EC2 = 2;
const RSA = 3;
const EC_CURVES: ReadonlyMap<unknown, string> = new Map([
  [1, 'P-256'],
  [2, 'P-384'],
  [3, 'P-521'],
]);
const OKP_CURVES: ReadonlyMap<unknown, string> = new Map([[6, 'Ed25519']]);

type CoseKey = ReadonlyMap<unknown, unknown>;

/**
 * Thumbprint (RFC 7638, SHA-256, base64url) of a public key as an authenticator gives it (COSE_Key): the same as that of the key in any other
 * form. `undefined` for what is no key, or of a kind that is not known.
 */
export async function coseThumbprint(publicKey: Uint8Array): Promise<string | undefined> {
  try {
    const key: unknown = decodeCBOR(new Uint8Array(publicKey));
    const jwk = key instanceof Map ? jwkOf(key as CoseKey) : undefined;
    return jwk === undefined ? undefined : await calculateJwkThumbprint(jwk, 'sha256');
  } catch {
    // It throws for what is no CBOR.
    return undefined;
  }
}

function jwkOf(key: CoseKey): JWK | undefined {
  const kty = key.get(KTY);
  if (kty === EC2) return complete({ kty: 'EC', crv: EC_CURVES.get(key.get(CRV)), x: bytes(key.get(X)), y: bytes(key.get(Y)) });
  if (kty === OKP) return complete({ kty: 'OKP', crv: OKP_CURVES.get(key.get(CRV)), x: bytes(key.get(X)) });
  // RFC 8230 section 4: n and e under the labels that are crv and x elsewhere.
  if (kty === RSA) return complete({ kty: 'RSA', n: bytes(key.get(CRV)), e: bytes(key.get(X)) });
  return undefined;
}

/** Every part has to be there: a thumbprint without one would be that of several keys. */
function complete(jwk: Readonly<Record<string, string | undefined>>): JWK | undefined {
  return Object.values(jwk).every((part) => part !== undefined) ? (jwk as JWK) : undefined;
}

function bytes(value: unknown): string | undefined {
  return value instanceof Uint8Array && value.length > 0 ? Buffer.from(value).toString('base64url') : undefined;
}
