import { checkUse } from './use-input.ts';

const SWEPT_PER_USE = 2;

/** Ids that were used, in memory. What is over is cleared away a little with every use. */
export class MemoryUses {
  readonly #until = new Map<string, number>();
  #sweep: Iterator<[string, number]> | undefined;

  /** How many are kept, those included that are over and not yet cleared away. */
  get size(): number {
    return this.#until.size;
  }

  /** Whether this is the first use of an id within its time. */
  add(scope: string, id: string, ttlMs: number, now: number): boolean {
    checkUse(scope, id, ttlMs);
    this.#sweepSome(now);
    const key = `${scope}:${id}`;
    const until = this.#until.get(key);
    if (until !== undefined && now < until) return false;
    this.#until.set(key, now + ttlMs);
    return true;
  }

  #sweepSome(now: number): void {
    for (let count = 0; count < SWEPT_PER_USE; count += 1) {
      this.#sweep ??= this.#until.entries();
      const { done, value } = this.#sweep.next();
      if (done === true) {
        this.#sweep = undefined;
        return;
      }
      if (now >= value[1]) this.#until.delete(value[0]);
    }
  }
}
