import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { durationMs, formatDuration, parseDuration } from '../../lib/policy/duration.ts';

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const LONGEST_MS = 400 * UNITS.d;

describe('a duration', () => {
  test('is a whole number and one unit', () => {
    expect(['90s', '15m', '12h', '30d', '400d'].map(parseDuration)).toEqual([90_000, 900_000, 43_200_000, 2_592_000_000, LONGEST_MS]);
  });

  test.each([
    0,
    1,
    900,
    '900',
    '',
    '0s',
    '00m',
    '015m',
    '-1m',
    '+1m',
    '1.5h',
    '1e3s',
    '1 m',
    ' 1m',
    '1m ',
    '1m\n',
    '1M',
    '1w',
    '1ms',
    'm',
    '1h30m',
  ])('is not %j', (value) => {
    expect(parseDuration(value)).toBeUndefined();
  });

  test.each([undefined, null, true, Number.NaN, Number.POSITIVE_INFINITY, {}, [], ['15m'], { toString: () => '15m' }])(
    'that cannot be read is an error, never no limit: %p',
    (value) => {
      expect(() => durationMs(value, 'idle')).toThrow(expect.objectContaining({ code: 'ERR_DURATION_INVALID' }));
    },
  );

  test.each(['401d', '9601h', '999999999d', '9'.repeat(400) + 'd', `1${'0'.repeat(30)}s`])(
    'longer than 400 days is not one: %s',
    (value) => {
      expect(parseDuration(value)).toBeUndefined();
    },
  );

  test('says which unit was probably meant for a bare number', () => {
    expect(() => durationMs(900, 'idle')).toThrow(/idle: 900 is not a duration.*did you mean "900s"/);
  });

  test('is the same after it was written and read again', () => {
    const durations = fc.tuple(fc.integer({ min: 1, max: 400 }), fc.constantFrom('s', 'm', 'h', 'd'));
    fc.assert(
      fc.property(durations, ([count, unit]) => {
        const ms = count * UNITS[unit as keyof typeof UNITS];
        expect(parseDuration(`${count}${unit}`)).toBe(ms);
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });
});
