import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compilePolicy } from '../../../lib/policy/compile.ts';
import { decide } from '../../../lib/policy/decide.ts';
import { isProven, type PresentedDevice } from '../../../lib/policy/device.ts';
import type { Facts, SessionFacts } from '../../../lib/policy/facts.ts';
import { exceptionApplies, compileException } from '../../../lib/policy/exceptions.ts';
import { facts, freshSession, HOUR, MINUTE, NOW, policies } from '../arbitraries.ts';

const policy = compilePolicy({
  version: 1,
  profiles: { web: { idle: '15m', absolute: '8h', absoluteFrom: 'reauthentication' } },
  apps: {
    shop: {
      profile: 'web',
      routes: [
        { id: 'gap', path: '/gap', idle: '5m' },
        { id: 'recent', path: '/recent', stepUp: { maxAge: '5m' } },
        { id: 'level', path: '/level', stepUp: { maxAge: '5m', level: 'aal2' } },
        { id: 'otp', path: '/otp', stepUp: { maxAge: '5m', amr: ['otp'] } },
        { id: 'once', path: '/once', stepUp: { maxAge: '5m', once: true } },
        { id: 'device', path: '/device', device: { trust: 'bound', maxAge: '5m' } },
        { id: 'known', path: '/known', device: { trust: 'known', maxAge: '5m' } },
        { id: 'attested', path: '/attested', device: { trust: 'attested', maxAge: '5m' } },
        { id: 'unknown', path: '/unknown', stepUp: { level: 'unheard-of' } },
        { id: 'inherited', path: '/inherited', stepUp: { amr: ['constructor'] } },
      ],
    },
  },
});

const strong = freshSession({
  levels: { aal1: NOW - MINUTE, aal2: NOW - MINUTE },
  methods: { pwd: NOW - MINUTE, otp: NOW - MINUTE },
  device: { binding: { by: 'dbsc', key: 'key-1', provenAt: NOW - MINUTE } },
});
const proof = (provenAt: number): PresentedDevice => ({ keys: [{ by: 'dbsc', key: 'key-1', provenAt }] });

const outcome = (path: string, session: SessionFacts, now = NOW, device: PresentedDevice = proof(NOW - MINUTE)): string =>
  decide(policy, { request: { method: 'GET', host: '', path }, session, device }, now).outcome;

const NO_INSTANT: readonly (readonly [string, number])[] = [
  ['not a number', Number.NaN],
  ['negative', -1],
  ['infinite', Number.POSITIVE_INFINITY],
  ['before everything', Number.NEGATIVE_INFINITY],
  ['in the future', NOW + HOUR],
  ['missing', undefined as never],
  ['a text', 'yesterday' as never],
];

/** Each instant of a record, and a path whose rule depends on it. */
const INSTANTS: readonly (readonly [string, string, (at: number) => Partial<SessionFacts>])[] = [
  ['createdAt', '/', (createdAt) => ({ createdAt })],
  ['lastActiveAt', '/', (lastActiveAt) => ({ lastActiveAt })],
  ['authenticatedAt', '/recent', (authenticatedAt) => ({ authenticatedAt })],
  ['the instant of a level', '/level', (aal2) => ({ levels: { aal2 } })],
  ['the instant of a method', '/otp', (otp) => ({ methods: { otp } })],
  ['the instant of a passkey', '/device', (provenAt) => ({ device: { binding: { by: 'passkey', key: 'key-1', provenAt } } })],
  ['the instant of enrolment', '/known', (at) => ({ device: { known: { id: 'device-1', at } } })],
  ['the instant of a voucher', '/attested', (at) => ({ device: { ...strong.device, attested: { at, until: NOW + HOUR } } })],
];

describe('fail closed', () => {
  test('the session of these tests is good for every path whose demand can be met', () => {
    for (const path of ['/', '/gap', '/recent', '/level', '/otp', '/once', '/device'])
      expect([path, outcome(path, strong)]).toEqual([path, 'allow']);
  });

  describe.each(INSTANTS)('%s', (_field, path, with_) => {
    test.each(NO_INSTANT)('%s is not let through', (_what, at) => {
      expect(outcome(path, { ...strong, ...with_(at) })).not.toBe('allow');
    });
  });

  test.each(NO_INSTANT)('a proof of the key at an instant that is %s is none', (_what, at) => {
    expect(outcome('/device', strong, NOW, proof(at))).toBe('challenge');
  });

  test.each([Number.NaN, undefined as never, 'never' as never, Number.NEGATIVE_INFINITY])('a voucher until %s is none', (until) => {
    const device = { ...strong.device, managed: { at: NOW - MINUTE, until } };
    expect(outcome('/attested', { ...strong, device })).toBe('challenge');
  });

  test.each([Number.NaN, -1, undefined as never])('a longest gap of %s is not let through', (longestGapMs) => {
    expect(outcome('/gap', { ...strong, longestGapMs })).not.toBe('allow');
  });

  test('an infinite gap is not let through', () => {
    expect(outcome('/gap', { ...strong, longestGapMs: Number.POSITIVE_INFINITY })).not.toBe('allow');
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, undefined as never])('spentAt %s is not let through', (spentAt) => {
    expect(outcome('/once', { ...strong, spentAt })).not.toBe('allow');
  });

  test.each([Number.NaN, 'now' as never, Number.NEGATIVE_INFINITY])('at a time of %s no session is good', (now) => {
    for (const path of ['/', '/gap', '/recent', '/device']) expect(outcome(path, strong, now)).not.toBe('allow');
  });

  test('a clock that differs by seconds is believed', () => {
    expect(outcome('/recent', freshSession({ lastActiveAt: NOW + 5_000, authenticatedAt: NOW + 5_000 }))).toBe('allow');
  });

  test('a session from the future is refused, not ended: the clock may have been set back', () => {
    const decision = decide(
      policy,
      { request: { method: 'GET', host: '', path: '/' }, session: freshSession({ createdAt: NOW + HOUR }) },
      NOW,
    );
    expect(decision).toMatchObject({ outcome: 'deny', reason: 'session_invalid', session: 'none' });
  });

  test('a level unknown to the policy is never reached, not even by a session that claims it', () => {
    expect(outcome('/unknown', { ...strong, levels: { 'unheard-of': NOW, 'phishing-resistant': NOW, aal3: NOW } })).toBe('challenge');
  });

  test('an unknown level demanded beside a known one is not forgotten', () => {
    const guard = { source: 'guard:test', stepUp: { level: 'unheard-of' } } as const;
    const known = { source: 'guard:known', stepUp: { level: 'aal1' } } as const;
    for (const list of [
      [guard, known],
      [known, guard],
    ])
      expect(decide(policy, { request: { method: 'GET', host: '', path: '/level' }, session: strong }, NOW, list).outcome).toBe(
        'challenge',
      );
  });

  test('a level that the policy no longer knows opens nothing', () => {
    expect(outcome('/level', { ...strong, levels: { 'retired-level': NOW } })).toBe('challenge');
  });

  test('a method that every object inherits was not used', () => {
    expect(outcome('/inherited', strong)).toBe('challenge');
  });

  test('a device trust that there is not is never proved', () => {
    const device = { ...strong.device, managed: { at: NOW, until: NOW + HOUR } };
    for (const trust of ['constructor', 'total', '']) expect(isProven(device, proof(NOW), trust as never, undefined, NOW)).toBe(false);
    expect(isProven(device, proof(NOW), 'managed', undefined, NOW)).toBe(true);
  });

  test('an exception whose dates cannot be read, or at a time that is none, does not apply', () => {
    const dates = { approvedAt: '2026-11-01', reviewBy: '2026-11-30', expires: '2026-12-31' };
    const applies = (over: object, now = NOW): boolean =>
      exceptionApplies(
        compileException({ id: 'EX', app: 'shop', allow: { idle: '30m' }, reason: '', owner: '', approvedBy: '', ...dates, ...over }),
        'app',
        [],
        {},
        now,
      );
    expect(applies({})).toBe(true);
    expect(applies({}, Number.NaN)).toBe(false);
    for (const field of ['approvedAt', 'reviewBy', 'expires'])
      for (const date of ['soon', '', '2026-02-30', '11/30/2026', '2026-11-30T10:00'])
        expect([field, date, applies({ [field]: date })]).toEqual([field, date, false]);
  });

  test('facts that throw give no decision that lets them through', () => {
    const poison = (given: Facts, field: keyof SessionFacts): Facts => ({
      ...given,
      session: Object.defineProperty({ ...freshSession(), ...given.session }, field, {
        get() {
          throw new Error('cannot be read');
        },
      }),
    });
    fc.assert(
      fc.property(
        policies,
        facts,
        fc.constantFrom<keyof SessionFacts>('app', 'profile', 'createdAt', 'lastActiveAt', 'subject'),
        (any, given, field) => {
          let session = 'none';
          try {
            const decision = decide(any, poison(given, field), NOW);
            session = decision.outcome === 'allow' ? decision.session : 'none';
          } catch (error) {
            expect((error as Error).message).toBe('cannot be read');
          }
          expect(session).not.toBe('keep');
        },
      ),
    );
  });

  test('no record, however broken, goes on as a session with a limit that it does not keep', () => {
    const anything = fc.oneof(fc.constantFrom(Number.NaN, -1, Infinity, undefined, null, '', '0', {}, []), fc.double());
    fc.assert(
      fc.property(fc.constantFrom('createdAt', 'lastActiveAt', 'authenticatedAt', 'longestGapMs'), anything, (field, value) => {
        const session = { ...freshSession(), [field]: value } as SessionFacts;
        const { outcome: found } = decide(policy, { request: { method: 'GET', host: '', path: '/gap' }, session }, NOW, [
          { source: 'guard:stepUp', stepUp: { maxAgeMs: 5 * MINUTE } },
        ]);
        const at = value as number;
        const keeps =
          typeof at !== 'number'
            ? false
            : field === 'longestGapMs'
              ? at >= 0 && at < 5 * MINUTE
              : at > NOW - 5 * MINUTE && at <= NOW + MINUTE;
        if (!keeps && field !== 'createdAt') expect(found).not.toBe('allow');
      }),
    );
  });
});
