import type { Twin } from './twin.ts';

const READINGS = { threat: 'routing', file: 'lib/policy/path-readings.ts', test: '__tests__/policy/path-readings.test.ts' } as const;
const DURATIONS = { threat: 'tokens', file: 'lib/policy/duration.ts', test: '__tests__/policy/duration.test.ts' } as const;

/** Twins of what is decided. */
export const policyTwins: readonly Twin[] = [
  {
    ...READINGS,
    name: 'path-decoded-once-only',
    find: 'const DEEPEST_ENCODING = 3;',
    replace: 'const DEEPEST_ENCODING = 1;',
    pattern: 'encoded (?:twice|three times)',
  },
  {
    ...READINGS,
    name: 'path-parameters-kept',
    find: "const bare = clean.replace(/;[^/]*/g, '');",
    replace: 'const bare = clean;',
    pattern: 'path parameters',
  },
  {
    ...READINGS,
    name: 'path-dot-segments-kept',
    find: "if (segment === '..') segments.pop();\n    else if (segment !== '.') segments.push(segment);",
    replace: 'segments.push(segment);',
    pattern: 'dot segments',
  },
  {
    ...READINGS,
    name: 'path-backslash-is-a-letter',
    find: ".replace(/\\\\/g, '/')",
    replace: '',
    pattern: 'backslashes',
  },
  {
    ...READINGS,
    name: 'path-absolute-form-unknown',
    find: "target.replace(ABSOLUTE_FORM, '')",
    replace: 'target',
    pattern: 'absolute form',
  },
  {
    ...DURATIONS,
    name: 'duration-unreadable-is-no-limit',
    find: "throw new PolicyError('ERR_DURATION_INVALID', `${what}: ${describeDurationFault(value)}`);",
    replace: 'return Number.POSITIVE_INFINITY;',
    pattern: 'never no limit',
  },
  {
    ...DURATIONS,
    name: 'duration-without-an-end',
    find: 'return ms <= LONGEST_MS ? ms : undefined;',
    replace: 'return ms;',
    pattern: 'longer than 400 days',
  },
];
