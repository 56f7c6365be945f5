import { hash, type KeyObject } from 'node:crypto';
import { sign, unsign } from 'cookie-signature';
import { INVALID, type Presented } from './presented.ts';

const LONGEST = 512;
const REMEMBERED = 4_096;

/** Signs session ids with the newest key and accepts the signature of any. */
export class SignedIds {
  readonly #keys: readonly KeyObject[];
  /**
   * Ids whose signature was found good, by the hash of what was presented: looking up a hash tells nothing about the id, however long
   * it takes. A signature that is good stays good as long as its key is in use, so nothing here can outlive a revocation.
   */
  #verified = new Map<string, string>();
  #before = new Map<string, string>();

  /** @param keys Newest first. */
  constructor(keys: readonly KeyObject[]) {
    this.#keys = keys;
  }

  sign(id: string): string {
    return sign(id, this.#keys[0] as KeyObject);
  }

  /** The id, if the signature is one of ours. */
  verify(signed: string): Presented {
    if (signed.length > LONGEST || !signed.includes('.')) return INVALID;
    const presented = hash('sha256', signed, 'base64url');
    const known = this.#verified.get(presented) ?? this.#before.get(presented);
    if (known !== undefined) return known;
    const id = this.#unsign(signed);
    if (typeof id === 'string') this.#remember(presented, id);
    return id;
  }

  #unsign(signed: string): Presented {
    for (const key of this.#keys) {
      const id = unsign(signed, key);
      if (id !== false) return id;
    }
    return INVALID;
  }

  /** Two generations: when the younger is full it becomes the older, and the older is forgotten. */
  #remember(presented: string, id: string): void {
    if (this.#verified.size >= REMEMBERED) {
      this.#before = this.#verified;
      this.#verified = new Map();
    }
    this.#verified.set(presented, id);
  }
}
