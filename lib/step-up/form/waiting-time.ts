const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** How long a person has to wait, in words; never less than it is. */
export function waitingTime(ms: number): string {
  if (ms > 99 * MINUTE_MS) return `${Math.ceil(ms / HOUR_MS)} hours`;
  const minutes = Math.ceil(ms / MINUTE_MS);
  return minutes <= 1 ? 'a minute' : `${minutes} minutes`;
}
