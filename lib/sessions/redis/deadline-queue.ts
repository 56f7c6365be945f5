/** One call that has to be answered in time. */
export interface Deadline {
  /** True once: for whoever comes first, the answer or the deadline. */
  settle(): boolean;
  readonly settled: boolean;
  /** Milliseconds that are left; less than 0 when it has passed. */
  readonly left: number;
}

class QueuedDeadline implements Deadline {
  settled = false;
  readonly at: number;
  readonly onLate: () => void;

  constructor(at: number, onLate: () => void) {
    this.at = at;
    this.onLate = onLate;
  }

  get left(): number {
    return this.at - performance.now();
  }

  settle(): boolean {
    if (this.settled) return false;
    this.settled = true;
    return true;
  }
}

/** Deadlines of equal length, so the first to come is the first to pass: one timer serves them all. */
export class DeadlineQueue {
  readonly #ms: number;
  #waiting: QueuedDeadline[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number) {
    this.#ms = ms;
  }

  /** `onLate` is called if nothing has settled the deadline when it passes. */
  start(onLate: () => void): Deadline {
    const deadline = new QueuedDeadline(performance.now() + this.#ms, onLate);
    if (this.#waiting[0]?.settled === true) this.#waiting = this.#waiting.filter((waiting) => !waiting.settled);
    this.#waiting.push(deadline);
    this.#timer ??= this.#arm(this.#ms);
    return deadline;
  }

  /** Ends every wait at once. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const deadline of this.#waiting.splice(0)) if (deadline.settle()) deadline.onLate();
  }

  #arm(ms: number): NodeJS.Timeout {
    // The process may end while nothing but a deadline is left; a socket that is waited for keeps it alive by itself.
    return setTimeout(() => this.#expire(), ms).unref();
  }

  #expire(): void {
    const now = performance.now();
    const passed = this.#waiting.findIndex((deadline) => !deadline.settled && deadline.at > now);
    const late = this.#waiting.splice(0, passed === -1 ? this.#waiting.length : passed);
    const next = this.#waiting[0];
    this.#timer = next === undefined ? undefined : this.#arm(Math.max(1, next.at - now));
    for (const deadline of late) if (deadline.settle()) deadline.onLate();
  }
}
