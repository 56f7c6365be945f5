import {
  type CompactJWSHeaderParameters,
  compactVerify,
  type CompactVerifyResult,
  EmbeddedJWK,
  type FlattenedJWSInput,
  importJWK,
} from 'jose';
import { type DbscKey, dbscKey, jwkOf } from './dbsc-key.ts';

const TYPE = 'dbsc+jwt';

/** A registration whose signature holds: the key, and the challenge that it answers. */
export interface DbscRegistration {
  readonly key: DbscKey;
  readonly challenge: string;
}

/** Verifies what a browser sends to register a key: a JWT that is signed with the very key that its header holds. `undefined` if it does not hold. */
export async function verifyRegistration(jwt: string): Promise<DbscRegistration | undefined> {
  const verified = await settled(compactVerify(jwt, ownKey, { algorithms: ['ES256', 'RS256'] }));
  const challenge = verified && challengeOf(verified);
  const { alg, jwk } = verified?.protectedHeader ?? {};
  const key = jwk && dbscKey(alg, jwk);
  return key === undefined || challenge === undefined ? undefined : { key, challenge };
}

/** The key in the header, once it is found to be one that we take: anybody can send one, and some are dear to verify with. */
function ownKey(header: CompactJWSHeaderParameters, jws: FlattenedJWSInput): ReturnType<typeof EmbeddedJWK> {
  if (header.jwk === undefined || dbscKey(header.alg, header.jwk) === undefined) throw new TypeError('no key for a registration');
  return EmbeddedJWK(header, jws);
}

/** Verifies that a registered key signed this, whatever key the JWT itself may name. Gives the challenge that it answers. */
export async function verifyRefresh(jwt: string, key: DbscKey): Promise<string | undefined> {
  const [algorithm] = key;
  const publicKey = await settled(importJWK(jwkOf(key), algorithm));
  const verified = publicKey && (await settled(compactVerify(jwt, publicKey, { algorithms: [algorithm] })));
  return verified && challengeOf(verified);
}

function challengeOf({ protectedHeader, payload }: CompactVerifyResult): string | undefined {
  if (protectedHeader.typ !== TYPE) return undefined;
  try {
    const { jti } = JSON.parse(new TextDecoder().decode(payload)) as { readonly jti?: unknown };
    return typeof jti === 'string' ? jti : undefined;
  } catch {
    return undefined;
  }
}

/** What jose rejects is no proof, for whatever reason. */
function settled<T>(work: Promise<T>): Promise<T | undefined> {
  return work.catch(() => undefined);
}
