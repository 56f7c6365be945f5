import { type Duration, durationMs } from '../policy/duration.ts';

/** A clock that stands still until it is moved. Both functions work without the object. */
export interface ManualClock {
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Moves it on by milliseconds or by a duration, and returns the new time. */
  readonly advance: (by: number | Duration) => number;
}

/** Where a clock starts unless told otherwise; any fixed instant will do. */
const START = Date.UTC(2026, 0, 1);

/**
 * A clock for tests, in place of waiting.
 *
 * @throws {RangeError} if it would go back or is not moved by whole milliseconds.
 * @example
 * const clock = manualClock();
 * const store = memoryStore({ clock: clock.now });
 * clock.advance('16m');
 */
export function manualClock(startAt: number = START): ManualClock {
  let now = startAt;
  return {
    now: () => now,
    advance(by) {
      const ms = typeof by === 'number' ? by : durationMs(by, 'advance');
      if (!Number.isSafeInteger(ms) || ms < 0) throw new RangeError('a clock is moved forwards, by whole milliseconds or a duration');
      now += ms;
      return now;
    },
  };
}
