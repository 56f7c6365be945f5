import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';

/** A nonce is given out for so long, and accepted for as long again. */
export const NONCE_PERIOD_MS = 60_000;

/** 132 bits. */
const CHARACTERS = 22;
const FORM = /^[\w-]{22}$/;
const REMEMBERED = 256;

/**
 * Nonces of proofs (RFC 9449 section 8). They are made from the time and a secret, so all nodes have the same ones and keep none; each app
 * has its own.
 */
export class DpopNonces {
  readonly #keys: readonly KeyObject[];
  /** By app and period, for each key; what is old goes when there are too many. */
  readonly #made = new Map<string, readonly string[]>();

  /** @param keys Newest first: nonces are made with the first, and accepted under all. */
  constructor(keys: readonly KeyObject[]) {
    this.#keys = keys;
  }

  /** What proofs for an app should carry now. */
  current(app: string, now: number): string {
    return this.#of(app, periodAt(now))[0] as string;
  }

  /** Whether a proof with this nonce can't have been made long ago: it is of this period, or of the one before. */
  isAccepted(nonce: string, app: string, now: number): boolean {
    if (!FORM.test(nonce)) return false;
    const period = periodAt(now);
    const accepted = [...this.#of(app, period), ...this.#of(app, period - 1)];
    return accepted.filter((one) => timingSafeEqual(Buffer.from(one), Buffer.from(nonce))).length > 0;
  }

  #of(app: string, period: number): readonly string[] {
    const name = `${app} ${period}`;
    const known = this.#made.get(name);
    if (known !== undefined) return known;
    const made = this.#keys.map((key) => createHmac('sha256', key).update(name).digest('base64url').slice(0, CHARACTERS));
    if (this.#made.size >= REMEMBERED) this.#made.clear();
    this.#made.set(name, made);
    return made;
  }
}

function periodAt(now: number): number {
  return Math.floor(now / NONCE_PERIOD_MS);
}
