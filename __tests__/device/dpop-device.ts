import { hash, randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, CompactSign, type CryptoKey, exportJWK, generateKeyPair, type JWK } from 'jose';

/** A request that a proof is for. */
export interface ProofTarget {
  readonly method: string;
  /** Absolute. */
  readonly url: string;
  readonly token?: string | undefined;
  readonly nonce?: string | undefined;
  /** Seconds. */
  readonly iat: number;
}

/** What a proof says beyond or in place of what it should say; `undefined` leaves a member out. */
export interface ProofChanges {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
}

/** A native client's key, which stays with it. */
export interface DpopDevice {
  readonly jwk: JWK;
  readonly thumbprint: string;
  readonly privateKey: CryptoKey;
  /** A proof as RFC 9449 section 4.2 has it. */
  prove(target: ProofTarget, changes?: ProofChanges): Promise<string>;
}

/** A device with a new key that nobody can take out of it. */
export async function dpopDevice(alg = 'ES256', options: { readonly modulusLength?: number } = {}): Promise<DpopDevice> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: false, ...options });
  const jwk = await exportJWK(publicKey);
  return {
    jwk,
    thumbprint: await calculateJwkThumbprint(jwk),
    privateKey,
    prove(target, { claims = {}, header = {} } = {}) {
      return new CompactSign(new TextEncoder().encode(JSON.stringify({ ...claimsFor(target), ...claims })))
        .setProtectedHeader({ typ: 'dpop+jwt', alg, jwk, ...header })
        .sign(privateKey);
    },
  };
}

export function claimsFor({ method, url, token, nonce, iat }: ProofTarget): Readonly<Record<string, unknown>> {
  return {
    jti: randomUUID(),
    htm: method,
    htu: url,
    iat,
    nonce,
    ath: token === undefined ? undefined : hash('sha256', token, 'base64url'),
  };
}
