import { describe, expect, test } from '@jest/globals';
import { describeDurationFault, likelyDuration, parseDuration } from '../../../lib/policy/duration.ts';
import { nearest } from '../../../lib/policy/suggestion.ts';

describe('the word that was probably meant', () => {
  const WORDS = ['idle', 'absolute', 'stepUp', 'stepUpMaxAge', 'device'];

  test.each([
    ['idel', 'idle'],
    ['ilde', 'idle'],
    ['Idle', 'idle'],
    ['idleTimeout', 'idle'],
    ['absolut', 'absolute'],
    ['absoluteTimeout', 'absolute'],
    ['stepup', 'stepUp'],
    ['stepUpMaxage', 'stepUpMaxAge'],
    ['devices', 'device'],
    ['x', undefined],
    ['', undefined],
    ['timeout', undefined],
    ['y'.repeat(100_000), undefined],
  ])('%.20s', (word, meant) => {
    expect(nearest(word, WORDS)).toBe(meant);
  });

  test('nothing suggests itself where there is nothing', () => {
    expect(nearest('idle', [])).toBeUndefined();
  });
});

describe('the duration that was probably meant', () => {
  test.each([
    [900, '900s'],
    ['15', '15s'],
    ['15 m', '15m'],
    ['15min', '15m'],
    ['2 Hours', '2h'],
    ['30D', '30d'],
    ['0', undefined],
    ['1.5h', undefined],
    ['soon', undefined],
    [Number.POSITIVE_INFINITY, undefined],
    [{}, undefined],
    ['999999999d', undefined],
  ])('%j', (value, meant) => {
    expect(likelyDuration(value)).toBe(meant);
    if (meant !== undefined) expect(parseDuration(meant)).toBeDefined();
  });

  test('is part of what is said', () => {
    expect(describeDurationFault('15min')).toMatch(/^"15min" is not a duration.*\(did you mean "15m"\?\)$/);
    expect(describeDurationFault('soon')).not.toMatch(/did you mean/);
  });
});
