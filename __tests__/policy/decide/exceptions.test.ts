import { describe, expect, test } from '@jest/globals';
import { compilePolicy } from '../../../lib/policy/compile.ts';
import { decide } from '../../../lib/policy/decide.ts';
import type { Decision } from '../../../lib/policy/decision.ts';
import type { PresentedDevice } from '../../../lib/policy/device.ts';
import type { ExceptionDocument } from '../../../lib/policy/document.ts';
import type { SessionFacts } from '../../../lib/policy/facts.ts';
import { boundBy, freshSession, HOUR, MINUTE } from '../arbitraries.ts';

const EXCEPTION: ExceptionDocument = {
  id: 'EX-7',
  app: 'shop',
  routes: ['account'],
  allow: { idle: '30m', stepUp: { maxAge: '20m' } },
  reason: 'call-centre headsets',
  owner: 'a@example.com',
  approvedBy: 'b@example.com',
  approvedAt: '2026-11-01',
  reviewBy: '2026-11-30',
  expires: '2026-12-31',
};
const IN_FORCE = '2026-11-15T12:00:00Z';

interface Case {
  readonly exception?: Partial<ExceptionDocument>;
  readonly at?: string;
  readonly path?: string;
  readonly session?: Partial<SessionFacts>;
  readonly device?: PresentedDevice;
}

function decided({ exception, at = IN_FORCE, path = '/account', session, device }: Case): Decision {
  const policy = compilePolicy({
    version: 1,
    profiles: { web: { idle: '15m', absolute: '8h' } },
    apps: {
      shop: {
        profile: 'web',
        match: { paths: ['/account', '/cards', '/other'] },
        routes: [
          { id: 'account', path: '/account{/*rest}', idle: '5m', stepUp: { maxAge: '10m' } },
          { id: 'cards', path: '/account/cards', idle: '5m' },
        ],
      },
      twin: { profile: 'web', match: { paths: ['/twin'] }, routes: [{ id: 'account', path: '/twin', idle: '5m' }] },
    },
    exceptions: [{ ...EXCEPTION, ...exception }],
  });
  const now = Date.parse(at);
  const times = { createdAt: now - HOUR, authenticatedAt: now - MINUTE, lastActiveAt: now - MINUTE };
  const app = path.startsWith('/twin') ? 'twin' : 'shop';
  const facts = { request: { method: 'GET', host: '', path }, session: freshSession({ app, ...times, ...session }), device };
  return decide(policy, facts, now);
}

const gap = (given: Case): number | undefined => decided(given).requirement?.routeIdle?.ms;
const bound = (at: string): Pick<Case, 'session' | 'device'> => {
  const { session, presented } = boundBy('dpop', Date.parse(at));
  return { session: { device: session }, device: presented };
};

describe('an exception applies', () => {
  test('in its scope and time, and is named with its numbers', () => {
    const { requirement, exceptions } = decided({});
    expect(exceptions).toEqual(['EX-7']);
    expect(requirement).toMatchObject({
      idle: { ms: 30 * MINUTE, source: 'exception:EX-7' },
      routeIdle: { ms: 30 * MINUTE, source: 'exception:EX-7' },
      stepUp: { maxAge: { ms: 20 * MINUTE, source: 'exception:EX-7' } },
      absolute: { ms: 8 * HOUR, source: 'profile:web' },
    });
  });

  test.each<readonly [string, Case, boolean]>([
    ['from the start of the day of its approval', { at: '2026-11-01T00:00:00Z' }, true],
    ['not before', { at: '2026-10-31T23:59:59.999Z' }, false],
    ['until its review is due', { at: '2026-11-29T23:59:59.999Z' }, true],
    ['not after a review that did not happen', { at: '2026-11-30T00:00:00Z' }, false],
    ['without a review, until it expires', { exception: { reviewBy: '2027-01-31' }, at: '2026-12-30T23:59:59Z' }, true],
    ['not from the moment it expires', { exception: { reviewBy: '2027-01-31' }, at: '2026-12-31T00:00:00Z' }, false],
    ['to the second, for an instant', { exception: { expires: '2026-11-15T13:00:01+01:00' } }, true],
    ['not at that second', { exception: { expires: '2026-11-15T13:00:00+01:00' } }, false],
    ['not if it expires before it was approved', { exception: { expires: '2026-10-01' } }, false],
    ['not on another path', { path: '/other' }, false],
    ['not where another route matches too', { path: '/account/cards' }, false],
    ['where it names that route as well', { path: '/account/cards', exception: { routes: ['cards', 'account'] } }, true],
    ['not to the route of that name in another app', { path: '/twin' }, false],
    ['not without its compensation', { exception: { compensating: { device: { trust: 'bound' } } } }, false],
    ['with it', { exception: { compensating: { device: { trust: 'bound' } } }, ...bound(IN_FORCE) }, true],
    [
      'not with what the session knows and the request does not prove',
      { exception: { compensating: { device: { trust: 'bound' } } }, ...bound(IN_FORCE), device: {} },
      false,
    ],
    ['not with less', { exception: { compensating: { device: { trust: 'managed' } } }, ...bound(IN_FORCE) }, false],
    [
      'not with one proved too long ago',
      { exception: { compensating: { device: { trust: 'bound', maxAge: '5m' } } }, ...bound('2026-11-15T11:54:59Z') },
      false,
    ],
    [
      'not with one proved in the future',
      { exception: { compensating: { device: { trust: 'bound' } } }, ...bound('2026-11-15T14:00:00Z') },
      false,
    ],
  ])('%s', (_when, given, applies) => {
    const { exceptions } = decided(given);
    expect(exceptions).toEqual(applies ? ['EX-7'] : []);
    if (given.path === undefined) expect(gap(given)).toBe(applies ? 30 * MINUTE : 5 * MINUTE);
  });

  test('to a whole app it loosens the profile, and its routes stay as tight as they were', () => {
    const { routes: _, ...whole } = EXCEPTION;
    const exception = { ...whole, routes: undefined } as unknown as Partial<ExceptionDocument>;
    expect(decided({ exception, path: '/other' }).requirement?.idle).toEqual({ ms: 30 * MINUTE, source: 'exception:EX-7' });
    expect(gap({ exception })).toBe(5 * MINUTE);
  });

  test('it never makes anything tighter', () => {
    expect(gap({ exception: { allow: { idle: '1m' } } })).toBe(5 * MINUTE);
  });

  test('it gives no limit, and no step-up, to what has none', () => {
    const { requirement } = decided({ exception: { routes: ['account'], allow: { absolute: '24h' } } });
    expect(requirement).toMatchObject({
      absolute: { ms: 24 * HOUR, source: 'exception:EX-7' },
      routeIdle: { ms: 5 * MINUTE },
      device: undefined,
    });
  });

  test('somebody away for twenty minutes goes on there', () => {
    const away = Date.parse(IN_FORCE) - 20 * MINUTE;
    expect(decided({ session: { lastActiveAt: away } }).reason).toBe('allowed');
    expect(decided({ session: { lastActiveAt: away }, path: '/other' }).reason).toBe('idle_timeout');
    expect(decided({ session: { lastActiveAt: away }, at: IN_FORCE, exception: { expires: '2026-11-15' } }).reason).toBe('idle_timeout');
  });
});
