import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compilePolicy } from '../../../lib/policy/compile.ts';
import { decide } from '../../../lib/policy/decide.ts';
import type { Decision } from '../../../lib/policy/decision.ts';
import type { ProfileDocument } from '../../../lib/policy/document.ts';
import { formatDuration, type Duration } from '../../../lib/policy/duration.ts';
import type { SessionFacts } from '../../../lib/policy/facts.ts';
import type { Policy } from '../../../lib/policy/policy.ts';
import { freshSession, HOUR, MINUTE, NOW } from '../arbitraries.ts';

const minutes = fc.integer({ min: 1, max: 24 * 60 });
const spans = fc.integer({ min: 0, max: 24 * HOUR });
const text = (mins: number): Duration => formatDuration(mins * MINUTE) as Duration;

function policyOf(profile: ProfileDocument): Policy {
  const routes = [
    { id: 'strict', path: '/strict', idle: '5m' as const },
    { id: 'poll', path: '/poll', activity: 'passive' as const },
  ];
  return compilePolicy({ version: 1, profiles: { web: profile }, apps: { shop: { profile: 'web', routes } } });
}

const at = (policy: Policy, session: SessionFacts, path = '/', now = NOW): Decision =>
  decide(policy, { request: { method: 'GET', host: '', path }, session }, now);

describe('limits are those of the policy of now', () => {
  test('the idle timeout ends a session exactly when it has been away that long', () => {
    fc.assert(
      fc.property(minutes, spans, (idle, away) => {
        const policy = policyOf({ idle: text(idle) });
        const decision = at(policy, freshSession({ lastActiveAt: NOW - away, createdAt: NOW - 48 * HOUR }));
        expect([decision.reason, decision.session]).toEqual(away >= idle * MINUTE ? ['idle_timeout', 'end'] : ['allowed', 'keep']);
      }),
    );
  });

  test('the absolute timeout ends a session exactly at that age, whatever happened in it', () => {
    fc.assert(
      fc.property(minutes, spans, spans, (absolute, age, authenticated) => {
        const policy = policyOf({ absolute: text(absolute) });
        const session = freshSession({ createdAt: NOW - age, authenticatedAt: NOW - Math.min(age, authenticated) });
        const decision = at(policy, session);
        expect([decision.reason, decision.session]).toEqual(age >= absolute * MINUTE ? ['absolute_timeout', 'end'] : ['allowed', 'keep']);
      }),
    );
  });

  test('a tightened policy ends running sessions, and a policy put back takes them again', () => {
    fc.assert(
      fc.property(minutes, spans, spans, (limit, away, age) => {
        const session = freshSession({ lastActiveAt: NOW - Math.min(away, age), createdAt: NOW - age });
        const lax = policyOf({ idle: '30d', absolute: '30d' });
        const tight = policyOf({ idle: text(limit), absolute: text(limit) });
        expect(at(lax, session).outcome).toBe('allow');
        expect(at(tight, session).outcome).toBe(age >= limit * MINUTE ? 'deny' : 'allow');
        expect(at(lax, session).outcome).toBe('allow');
      }),
    );
  });

  test('time never makes a session good again', () => {
    fc.assert(
      fc.property(minutes, minutes, spans, spans, fc.constantFrom('/', '/strict'), (idle, absolute, age, later, path) => {
        const policy = policyOf({ idle: text(idle), absolute: text(absolute), stepUp: { maxAge: '1h' } });
        const session = freshSession({ createdAt: NOW - age, lastActiveAt: NOW - age, authenticatedAt: NOW - age });
        if (at(policy, session, path).outcome !== 'allow') expect(at(policy, session, path, NOW + later).outcome).not.toBe('allow');
      }),
    );
  });
});

describe('reauthentication and the absolute limit', () => {
  test.each(['sign-in', undefined] as const)('absoluteFrom %s: authenticating again moves nothing', (absoluteFrom) => {
    fc.assert(
      fc.property(spans, (authenticated) => {
        const policy = policyOf({ absolute: '8h', ...(absoluteFrom === undefined ? {} : { absoluteFrom }) });
        const old = freshSession({ createdAt: NOW - 8 * HOUR, authenticatedAt: NOW - Math.min(8 * HOUR, authenticated) });
        expect(at(policy, old).reason).toBe('absolute_timeout');
      }),
    );
  });

  test('absoluteFrom reauthentication: it counts from the last one, and never from before the sign-in', () => {
    fc.assert(
      fc.property(spans, spans, (age, authenticated) => {
        const policy = policyOf({ absolute: '8h', absoluteFrom: 'reauthentication' });
        const session = freshSession({ createdAt: NOW - age, authenticatedAt: NOW - authenticated });
        expect(at(policy, session).reason).toBe(Math.min(age, authenticated) >= 8 * HOUR ? 'absolute_timeout' : 'allowed');
      }),
    );
  });

  test('absoluteFrom reauthentication: an authentication in the future moves nothing', () => {
    const policy = policyOf({ absolute: '8h', absoluteFrom: 'reauthentication' });
    expect(at(policy, freshSession({ createdAt: NOW - 9 * HOUR, authenticatedAt: NOW + HOUR })).reason).toBe('absolute_timeout');
  });
});

describe('the longest gap', () => {
  const policy = policyOf({ idle: '15m' });

  test('a route with an idle limit looks at the longest gap, however recent the last activity', () => {
    fc.assert(
      fc.property(spans, fc.integer({ min: 0, max: 15 * MINUTE - 1 }), (longestGapMs, away) => {
        const session = freshSession({ longestGapMs, lastActiveAt: NOW - away, createdAt: NOW - 48 * HOUR });
        const { outcome, session: kept } = at(policy, session, '/strict');
        const within = Math.max(longestGapMs, away) < 5 * MINUTE;
        expect([outcome, kept]).toEqual([within ? 'allow' : 'challenge', 'keep']);
      }),
    );
  });

  test('a gap does not end the session, and does not matter where no route asks about it', () => {
    const session = freshSession({ longestGapMs: 14 * MINUTE });
    expect(at(policy, session).reason).toBe('allowed');
    expect(at(policy, session, '/strict')).toMatchObject({
      outcome: 'challenge',
      reason: 'route_idle_timeout',
      challenge: { kind: 'step-up' },
    });
  });

  test('a condition on idle time that the first request after a gap escapes asks about the gap', () => {
    const shop = { profile: 'web' };
    const conditions = [{ id: 'writes', when: { methods: ['POST'] }, require: { idle: '5m' as const } }];
    const strict = compilePolicy({ version: 1, profiles: { web: { idle: '15m' } }, apps: { shop }, conditions });
    const post = (session: SessionFacts): string =>
      decide(strict, { request: { method: 'POST', host: '', path: '/' }, session }, NOW).reason;
    expect(post(freshSession({ lastActiveAt: NOW - 6 * MINUTE, createdAt: NOW - HOUR }))).toBe('idle_timeout');
    // The same person looked at a page before, which counted as activity.
    expect(post(freshSession({ longestGapMs: 6 * MINUTE, createdAt: NOW - HOUR }))).toBe('route_idle_timeout');
    expect(post(freshSession())).toBe('allowed');
  });
});
