/**
 * Seconds since now, as a function. The monotonic clock stands still on some systems while they sleep, and the wall clock can be set back:
 * the one that says more counts.
 */
export function stopwatch(): () => number {
  const [steady, wall] = [performance.now(), Date.now()];
  return () => Math.max(performance.now() - steady, Date.now() - wall) / 1_000;
}
