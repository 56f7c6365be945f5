import { PolicyError } from './errors.ts';

/**
 * A length of time as people write it: a whole number and one unit, `'90s'`, `'15m'`, `'12h'` or `'30d'`.
 * A bare number is not a duration: nobody can tell seconds from milliseconds when reading it.
 */
export type Duration = `${number}${'s' | 'm' | 'h' | 'd'}`;

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const FORM = /^([1-9]\d{0,8})([smhd])$/;
const LONGEST_MS = 400 * UNIT_MS.d;

/** Milliseconds of a duration, or `undefined` if the value is not one. Zero and more than 400 days are not durations. */
export function parseDuration(value: unknown): number | undefined {
  const parts = typeof value === 'string' ? FORM.exec(value) : null;
  if (parts === null) return undefined;
  const ms = Number(parts[1]) * UNIT_MS[parts[2] as keyof typeof UNIT_MS];
  return ms <= LONGEST_MS ? ms : undefined;
}

/**
 * Milliseconds of a duration that must be one.
 *
 * @throws {PolicyError} `ERR_DURATION_INVALID` for anything else; a limit that cannot be read is never "no limit".
 * @example durationMs('15m') // 900000
 */
export function durationMs(value: unknown, what: string): number {
  const ms = parseDuration(value);
  if (ms !== undefined) return ms;
  throw new PolicyError('ERR_DURATION_INVALID', `${what}: ${describeDurationFault(value)}`);
}

/** What is wrong with a value that should have been a duration, and what to write instead. */
export function describeDurationFault(value: unknown): string {
  const meant = likelyDuration(value);
  return `${durationFault(value)}${meant === undefined ? '' : ` (did you mean "${meant}"?)`}`;
}

/** What is wrong with a value that should have been a duration. */
export function durationFault(value: unknown): string {
  const shown = typeof value === 'string' ? `"${value.slice(0, 40)}"` : describeOther(value);
  return `${shown} is not a duration; write a whole number from 1 and a unit, like "90s", "15m", "12h" or "30d", at most 400d`;
}

/** The duration that somebody probably meant; `undefined` where nothing suggests itself. */
export function likelyDuration(value: unknown): Duration | undefined {
  const parts = /^\s*(\d{1,9})\s*([smhd]?)[a-z]{0,8}\s*$/i.exec(
    typeof value === 'number' ? String(value) : typeof value === 'string' ? value : '',
  );
  if (parts === null) return undefined;
  const meant = `${Number(parts[1])}${parts[2]?.toLowerCase() || 's'}` as Duration;
  return parseDuration(meant) === undefined ? undefined : meant;
}

function describeOther(value: unknown): string {
  return value !== null && typeof value === 'object' ? (Array.isArray(value) ? 'a list' : 'an object') : String(value).slice(0, 40);
}

/** The shortest way to write a number of milliseconds as a duration, for messages and reports. */
export function formatDuration(ms: number): string {
  for (const unit of ['d', 'h', 'm'] as const) {
    if (ms >= UNIT_MS[unit] && ms % UNIT_MS[unit] === 0) return `${ms / UNIT_MS[unit]}${unit}`;
  }
  return `${Math.round(ms / UNIT_MS.s)}s`;
}
