import type { KeyObject } from 'node:crypto';
import { sign, unsign } from 'cookie-signature';

/** Three paths of 2,048 characters, in base64, and what goes with them. */
const LONGEST = 10_240;

/** Values that travel through a client and come back as they were, or not at all. They are not secret. */
export class SignedTexts {
  readonly #keys: readonly KeyObject[];

  /** @param keys Newest first: the first signs, all are accepted. One purpose has keys of its own. */
  constructor(keys: readonly KeyObject[]) {
    this.#keys = keys;
  }

  /** A text of base64url that stands for a value. */
  sign(value: unknown): string {
    return Buffer.from(sign(JSON.stringify(value), this.#keys[0] as KeyObject)).toString('base64url');
  }

  /** The value of a text that we signed; `undefined` for any other. */
  read(text: unknown): unknown {
    if (typeof text !== 'string' || text.length > LONGEST) return undefined;
    const bytes = Buffer.from(text, 'base64url');
    const signed = bytes.toString();
    // In one spelling only: a decoder overlooks a stray character.
    if (!signed.includes('.') || bytes.toString('base64url') !== text) return undefined;
    for (const key of this.#keys) {
      const value = unsign(signed, key);
      if (value !== false) return JSON.parse(value) as unknown;
    }
    return undefined;
  }
}
