import { calculateJwkThumbprint, type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { NOW } from './evidence-context.ts';

/** Claims and header that a token has beyond or in place of what it should; `undefined` leaves one out. */
export interface TokenChanges {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly key?: CryptoKey | Uint8Array;
}

/** Somebody who signs tokens. */
export interface TokenIssuer {
  readonly jwk: JWK;
  readonly thumbprint: string;
  readonly privateKey: CryptoKey;
  sign(typ: string, claims: Readonly<Record<string, unknown>>, changes?: TokenChanges): Promise<string>;
}

export async function tokenIssuer(alg = 'ES256'): Promise<TokenIssuer> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(publicKey);
  return {
    jwk,
    thumbprint: await calculateJwkThumbprint(jwk),
    privateKey,
    sign: (typ, claims, { claims: others, header, key = privateKey } = {}) =>
      new SignJWT(JSON.parse(JSON.stringify({ ...claims, ...others })))
        .setProtectedHeader({ alg, typ, ...header })
        .sign(key, { crit: { odd: true } }),
  };
}

/** Seconds, as claims have them. */
export function inSeconds(fromNow: number): number {
  return Math.floor(NOW / 1_000) + fromNow;
}

/** Says that nobody signed it. */
export function unsigned(token: string): string {
  const [header = '', payload = ''] = token.split('.');
  const { typ } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { typ: string };
  return `${Buffer.from(JSON.stringify({ alg: 'none', typ })).toString('base64url')}.${payload}.`;
}

/** The same claims, with the public key of the issuer as a shared secret. */
export async function withSharedSecret(issuer: TokenIssuer, token: string): Promise<string> {
  const [header = '', payload = ''] = token.split('.');
  const { typ } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { typ: string };
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ }).sign(Buffer.from(JSON.stringify(issuer.jwk)));
}
