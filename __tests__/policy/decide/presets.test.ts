import { describe, expect, test } from '@jest/globals';
import { compilePolicy } from '../../../lib/policy/compile.ts';
import { decide } from '../../../lib/policy/decide.ts';
import type { PresetName, ProfileDocument } from '../../../lib/policy/document.ts';
import { formatDuration } from '../../../lib/policy/duration.ts';
import type { CompiledApp } from '../../../lib/policy/policy.ts';
import { PRESETS, type Preset, type PresetLimit } from '../../../lib/policy/presets.ts';
import { freshSession, NOW } from '../arbitraries.ts';

const NAMES = ['public-web', 'staff-web', 'admin', 'mobile', 'kiosk', 'api', 'workload', 'agent'] as const;

/** The figures of the standards' table, row by row, in the order of the names above; `-` where there is none. */
const FIGURES: readonly (readonly [row: string, figures: string, figure: (preset: Preset) => string | number | undefined])[] = [
  ['transport', 'cookie cookie cookie header cookie header token header', (preset) => preset.transport],
  [
    'access',
    'public authenticated authenticated authenticated authenticated authenticated authenticated authenticated',
    (preset) => preset.access,
  ],
  ['subjects', 'user user user user user user,service service agent', (preset) => preset.subjects.join()],
  ['idle', '30m 15m 10m 1h 2m - - 15m', (preset) => preset.idle?.value],
  ['normative idle', '- 15m 15m 1h - - - -', (preset) => preset.idle?.normative],
  ['normative idle on a bound device', '- - - 14d - - - -', (preset) => preset.idle?.normativeIfBound],
  ['absolute', '24h 12h 8h 24h 30m 60m - 1h', (preset) => preset.absolute?.value],
  ['normative absolute', '24h 24h 12h 24h - - - -', (preset) => preset.absolute?.normative],
  ['normative absolute on a bound device', '- - - 30d - - - -', (preset) => preset.absolute?.normativeIfBound],
  ['step-up max age', '15m 15m 5m 5m - 5m - 5m', (preset) => preset.stepUpMaxAge?.value],
  ['step-up', '- - - - refused - - -', (preset) => preset.stepUp],
  ['SameSite of cookies', 'lax lax strict - strict - - -', (preset) => (preset.transport === 'cookie' ? preset.sameSite : undefined)],
  ['concurrent sessions', '- 5 2 5 1 - - 1', (preset) => preset.concurrent?.max],
  ['one session too many', '- end-oldest end-oldest end-oldest end-oldest - - deny', (preset) => preset.concurrent?.onLimit],
  ['device trust', 'none bound bound attested known none none bound', (preset) => preset.deviceTrust],
  ['nonce of proofs', '- - - - - - - required', (preset) => preset.dpopNonce],
  ['ceiling of idle', '24h 1h 15m 14d 5m - - 15m', (preset) => preset.ceiling.idle?.value],
  ['ceiling of absolute', '30d 24h 12h 30d 8h 24h - 1h', (preset) => preset.ceiling.absolute?.value],
  ['ceiling of the step-up age', '1h 1h 15m 15m - 15m - 5m', (preset) => preset.ceiling.stepUpMaxAge?.value],
  ['exception lifetime', '90d 90d 30d 90d 90d 90d 30d 14d', (preset) => preset.ceiling.exceptionLifetime.value],
  ['exception review', '30d 30d 14d 30d 30d 30d 14d 7d', (preset) => preset.ceiling.exceptionReview.value],
];

function ruleOf(profile: ProfileDocument): CompiledApp {
  return compilePolicy({ version: 1, profiles: { p: profile }, apps: { a: { profile: 'p' } } }).apps.get('a') as CompiledApp;
}

const minutesOf = (limit: PresetLimit | undefined): number => {
  const [, count = '0', unit = 'm'] = /^(\d+)([mhd])$/.exec(limit?.value ?? '') ?? [];
  return Number(count) * { m: 1, h: 60, d: 1_440 }[unit as 'm'];
};

describe('presets', () => {
  test('are these', () => {
    expect(Object.keys(PRESETS)).toEqual(NAMES);
  });

  test.each(FIGURES)('%s', (_row, figures, figure) => {
    expect(NAMES.map((name) => String(figure(PRESETS[name]) ?? '-')).join(' ')).toBe(figures);
  });

  describe.each(NAMES)('%s', (name: PresetName) => {
    const preset = PRESETS[name];
    const { rule, profile } = ruleOf({ preset: name });
    const { idle, absolute, access, subjects, stepUpRefused } = rule.requirement;

    test('is enforced by itself, every number with its source', () => {
      const source = `preset:${name}`;
      expect(idle && { ...idle, ms: formatDuration(idle.ms) }).toEqual(preset.idle && { ms: preset.idle.value, source });
      expect(absolute?.source).toBe(preset.absolute && source);
      expect(absolute && absolute.ms / 60_000).toBe(preset.absolute && minutesOf(preset.absolute));
      expect([access, subjects.value, subjects.source]).toEqual([{ value: preset.access, source }, preset.subjects, source]);
      expect(stepUpRefused).toBe(preset.stepUp && source);
      expect(profile.transport).toBe(preset.transport);
      expect(profile.concurrent).toEqual(preset.concurrent);
      expect(profile.cookie).toEqual({ sameSite: preset.sameSite, persistent: false });
    });

    test('a step-up that names no age gets the one of the preset', () => {
      const guarded = rule.tighten({ source: 'guard:stepUp', stepUp: { level: 'aal2' } }).requirement.stepUp;
      expect(guarded?.maxAge).toEqual(preset.stepUpMaxAge && { ms: minutesOf(preset.stepUpMaxAge) * 60_000, source: `preset:${name}` });
    });

    test('stays within its own ceiling and normative figures, each with its basis', () => {
      const { ceiling } = preset;
      for (const [limit, most] of [
        [preset.idle, ceiling.idle],
        [preset.absolute, ceiling.absolute],
        [preset.stepUpMaxAge, ceiling.stepUpMaxAge],
      ] as const) {
        if (limit === undefined) continue;
        expect(minutesOf(limit)).toBeLessThanOrEqual(minutesOf(most));
        if (limit.normative !== undefined) expect(minutesOf(limit)).toBeLessThanOrEqual(minutesOf({ value: limit.normative, basis: '' }));
        expect(limit.basis).not.toBe('');
      }
      expect(minutesOf(ceiling.exceptionReview)).toBeLessThanOrEqual(minutesOf(ceiling.exceptionLifetime));
    });
  });

  test("a profile's value replaces its preset's, and is its source", () => {
    const { requirement } = ruleOf({ preset: 'admin', idle: '5m', access: 'public', subjects: ['service'] }).rule;
    expect(requirement).toMatchObject({
      idle: { ms: 300_000, source: 'profile:p' },
      absolute: { source: 'preset:admin' },
      access: { value: 'public', source: 'profile:p' },
      subjects: { value: ['service'], source: 'profile:p' },
    });
  });

  test("a profile's own step-up is asked for on every request, its age the default of every other", () => {
    const { rule } = ruleOf({ preset: 'admin', stepUp: { level: 'aal2', maxAge: '30m' } });
    expect(rule.requirement.stepUp).toMatchObject({
      level: { value: 'aal2', source: 'profile:p' },
      maxAge: { ms: 1_800_000, source: 'profile:p' },
    });
    const session = freshSession({ app: 'a', profile: 'p' });
    const policy = compilePolicy({
      version: 1,
      profiles: { p: { preset: 'admin', stepUp: { level: 'aal2' } } },
      apps: { a: { profile: 'p' } },
    });
    expect(decide(policy, { request: { method: 'GET', host: '', path: '/' }, session }, NOW).reason).toBe('assurance_insufficient');
  });

  test('a profile without a preset is closed, and has no limit that nobody wrote', () => {
    expect(ruleOf({}).rule.requirement).toMatchObject({
      access: { value: 'authenticated' },
      subjects: { value: ['user'] },
      idle: undefined,
      absolute: undefined,
    });
  });
});
