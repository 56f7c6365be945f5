import { type CryptoKey, CompactSign, calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';

/** A phone's key, which stays with it. */
export interface OfflineDevice {
  readonly jwk: JWK;
  readonly thumbprint: string;
  readonly privateKey: CryptoKey;
  readonly algorithm: string;
  /** Signs what it has done. */
  act(payload: unknown, header?: Record<string, unknown>): Promise<string>;
}

/** A phone with a new key that nobody can take out of it. */
export async function offlineDevice(algorithm = 'ES256'): Promise<OfflineDevice> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: false });
  const jwk = await exportJWK(publicKey);
  return {
    jwk,
    thumbprint: await calculateJwkThumbprint(jwk),
    privateKey,
    algorithm,
    act(payload, header = {}) {
      const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
      return new CompactSign(new TextEncoder().encode(text))
        .setProtectedHeader({ alg: algorithm, typ: 'offline-action+jwt', jwk, ...header })
        .sign(privateKey);
    },
  };
}
