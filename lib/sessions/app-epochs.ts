import type { Ended } from './session-record.ts';
import { decodeNumber, reasonOf } from './record-format.ts';

const LINE = /^(\*|[A-Za-z][A-Za-z0-9_-]{0,62})=([A-Za-z0-9_-]{7})([a-z])$/;
const EVERY_APP = '*';

/**
 * Up to when all sessions of an app are ended. One line an app, `shop=OaG2k1xr`: the app or `*`, the instant as in a record, the letter
 * of the reason. What has been seen once is never forgotten: an epoch does not move backwards.
 */
export class AppEpochs {
  readonly #ends = new Map<string, Ended>();
  #seen: string | null = null;

  /** @throws {RangeError} if the text holds anything else: which sessions are revoked is then not known. */
  adopt(text: string | null): void {
    if (text === this.#seen) return;
    for (const line of text === null || text === '' ? [] : text.split('\n')) {
      const [, app, at, letter] = LINE.exec(line) ?? [];
      const reason = letter === undefined ? undefined : reasonOf(letter);
      if (app === undefined || at === undefined || reason === undefined) throw new RangeError('unreadable epochs');
      this.raise(app, { reason, at: decodeNumber(at, [0, at.length]) });
    }
    this.#seen = text;
  }

  /** Ends all sessions of an app (`*`: of every app) that were created at this instant or before. */
  raise(app: string, end: Ended): void {
    const before = this.#ends.get(app);
    if (before === undefined || end.at > before.at) this.#ends.set(app, end);
  }

  /** An instant that all sessions there are now are covered by: later than every epoch before. */
  next(now: number): number {
    return Math.max(now, ...[...this.#ends.values()].map(({ at }) => at + 1));
  }

  /** The end that a session of the app has met by this, if it has. */
  endOf(app: string, createdAt: number): Ended | undefined {
    if (this.#ends.size === 0) return undefined;
    return this.#covering(app, createdAt) ?? this.#covering(EVERY_APP, createdAt);
  }

  /** Sessions of the app that were created at this instant or before are ended. 0: none is. */
  floor(app: string): number {
    return Math.max(this.#ends.get(app)?.at ?? 0, this.#ends.get(EVERY_APP)?.at ?? 0);
  }

  #covering(app: string, createdAt: number): Ended | undefined {
    const end = this.#ends.get(app);
    return end !== undefined && createdAt <= end.at ? end : undefined;
  }
}
