/** Clocks of two masters may differ by a little; an instant from further in the future is not believed. */
const CLOCK_TOLERANCE_MS = 60_000;

/** Whether an instant of a record can be true at `now`. What is no number is not, and nothing is at a time that is none. */
export function isCredible(at: number, now: number): boolean {
  return Number.isFinite(at) && at >= 0 && at <= now + CLOCK_TOLERANCE_MS;
}

/** An instant at which something was done; 0, for never, if it is missing or cannot be true. */
export function doneAt(at: number | undefined, now: number): number {
  return at !== undefined && isCredible(at, now) ? at : 0;
}
