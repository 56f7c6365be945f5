import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, CompactSign, compactVerify, type JWK } from 'jose';

/** What a lease says. It names nobody: who finds the device learns no more than what could be done with it. */
export interface OfflineLeaseClaims {
  /** The app. */
  readonly iss: string;
  readonly profile: string;
  readonly jti: string;
  /** Seconds since the epoch (RFC 7519), as the other two. */
  readonly iat: number;
  readonly nbf: number;
  readonly exp: number;
  /** Thumbprint of the device's key (RFC 7800, RFC 7638). */
  readonly cnf: { readonly jkt: string };
  /** Separated by spaces (RFC 8693 section 4.2). */
  readonly scope: string;
  /** Digest of the policy that it was given under. */
  readonly policy: string;
}

const TYPE = 'offline-lease+jwt';
const ALGORITHM = 'EdDSA';
/** A hundred scopes of a hundred characters, in base64, and what goes with them. */
const LONGEST = 16_384;
/** An Ed25519 private key as PKCS #8 (RFC 8410 section 7), up to where the key itself begins. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** Signs leases with Ed25519 keys (RFC 8037) that every process makes from the same secrets, so that each reads what another has signed. */
export class OfflineLeaseTokens {
  readonly #seeds: readonly KeyObject[];
  #pairs: readonly KeyPair[] | undefined;

  /** @param seeds 32 bytes each, newest first: the first signs, all are accepted. */
  constructor(seeds: readonly KeyObject[]) {
    this.#seeds = seeds;
  }

  /** What a device checks the newest leases with while it has no connection. */
  async publicKey(): Promise<JWK> {
    const jwk: JWK = this.#newest.publicKey.export({ format: 'jwk' });
    return { ...jwk, alg: ALGORITHM, use: 'sig', kid: await calculateJwkThumbprint(jwk) };
  }

  async sign(claims: OfflineLeaseClaims): Promise<string> {
    const { kid = '' } = await this.publicKey();
    const payload = new TextEncoder().encode(JSON.stringify(claims));
    return new CompactSign(payload).setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid }).sign(this.#newest.privateKey);
  }

  /** What a lease says that we signed, whatever the time is; `undefined` for any other text. */
  async read(text: string): Promise<OfflineLeaseClaims | undefined> {
    if (text.length > LONGEST) return undefined;
    for (const { publicKey } of this.#keys) {
      try {
        const { payload, protectedHeader } = await compactVerify(text, publicKey, { algorithms: [ALGORITHM] });
        if (protectedHeader.typ !== TYPE) return undefined;
        return JSON.parse(new TextDecoder().decode(payload)) as OfflineLeaseClaims;
      } catch {
        // Another key, or not ours.
      }
    }
    return undefined;
  }

  get #newest(): KeyPair {
    return this.#keys[0] as KeyPair;
  }

  /** Made when they are first used: most applications have no leases. */
  get #keys(): readonly KeyPair[] {
    this.#pairs ??= this.#seeds.map((seed) => {
      const key = Buffer.concat([PKCS8_HEAD, seed.export()]);
      const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
      return { privateKey, publicKey: createPublicKey(privateKey) };
    });
    return this.#pairs;
  }
}
