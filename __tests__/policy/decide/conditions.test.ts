import { describe, expect, test } from '@jest/globals';
import { compilePolicy } from '../../../lib/policy/compile.ts';
import { decide } from '../../../lib/policy/decide.ts';
import type { ConditionDocument, SubjectKind, WhenDocument } from '../../../lib/policy/document.ts';
import { explain } from '../../../lib/policy/explain.ts';
import type { Facts, RequestFacts } from '../../../lib/policy/facts.ts';
import type { Policy } from '../../../lib/policy/policy.ts';
import { networkSet } from '../../../lib/policy/network.ts';
import { freshSession, HOUR, MINUTE, NOW } from '../arbitraries.ts';

function policyWith(...conditions: ConditionDocument[]): Policy {
  return compilePolicy({
    version: 1,
    profiles: { web: { idle: '15m', absolute: '8h', subjects: ['user', 'service', 'agent'] }, staff: {} },
    apps: {
      shop: { profile: 'web', tags: ['customer-facing', 'eu'], match: { paths: ['/shop'] }, loginUrl: '/shop/login' },
      console: { profile: 'staff', tags: ['privileged'], match: { paths: ['/admin'] } },
    },
    conditions,
  });
}

const facts = (request: Partial<RequestFacts> = {}, kind: SubjectKind | 'nobody' | 'visitor' = 'user'): Facts => ({
  request: { method: 'GET', host: '', path: '/shop', ...request },
  session: kind === 'visitor' ? undefined : freshSession({ subject: kind === 'nobody' ? undefined : { id: 'x', kind } }),
});

/** Whether a condition on `when` selects a request: it turns those away. */
const selects = (when: WhenDocument, given: Facts): boolean =>
  decide(policyWith({ id: 'c', when, require: { block: true } }), given, NOW).reason === 'condition_blocked';

describe('what a condition selects', () => {
  test.each<readonly [string, WhenDocument, Facts, boolean]>([
    ['everything, without a field', {}, facts(), true],
    ['an app by name', { apps: ['shop'] }, facts(), true],
    ['not another app', { apps: ['console'] }, facts(), false],
    ['an app by profile', { profiles: ['staff', 'web'] }, facts(), true],
    ['not another profile', { profiles: ['staff'] }, facts(), false],
    ['an app with one of the tags', { tags: ['privileged', 'eu'] }, facts(), true],
    ['not an app with none of them', { tags: ['privileged'] }, facts(), false],
    ['nothing by an empty list of tags', { tags: [] }, facts(), false],
    ['all fields together', { apps: ['shop'], tags: ['eu'], methods: ['GET'], subjects: ['user'] }, facts(), true],
    ['not if one of them does not hold', { apps: ['shop'], tags: ['eu'], methods: ['POST'], subjects: ['user'] }, facts(), false],
    ['a method', { methods: ['POST'] }, facts({ method: 'POST' }), true],
    ['a method in lower case', { methods: ['post'] }, facts({ method: 'post' }), true],
    ['HEAD with GET', { methods: ['GET'] }, facts({ method: 'HEAD' }), true],
    ['the method that an override asks for', { methods: ['DELETE'] }, facts({ method: 'POST', overrideMethod: 'DELETE' }), true],
    ['the method that is overridden', { methods: ['POST'] }, facts({ method: 'POST', overrideMethod: 'GET' }), true],
    ['QUERY by its name only', { methods: ['GET', 'POST'] }, facts({ method: 'QUERY' }), false],
    ['TRACE where no method is named', {}, facts({ method: 'TRACE' }), true],
    ['a kind of subject', { subjects: ['service', 'user'] }, facts(), true],
    ['not another kind', { subjects: ['service'] }, facts(), false],
    [
      'no visitor by a kind of subject: nobody could sign in any more',
      { subjects: ['user', 'service', 'agent'] },
      facts({}, 'visitor'),
      false,
    ],
    ['no session from before sign-in either', { subjects: ['user', 'service', 'agent'] }, facts({}, 'nobody'), false],
    ['an address inside', { network: { in: ['10.0.0.0/8'] } }, facts({ ip: '10.1.2.3' }), true],
    ['not an address outside', { network: { in: ['10.0.0.0/8'] } }, facts({ ip: '11.1.2.3' }), false],
    ['an address outside by notIn', { network: { notIn: ['10.0.0.0/8'] } }, facts({ ip: '11.1.2.3' }), true],
    ['not an address inside by notIn', { network: { notIn: ['10.0.0.0/8'] } }, facts({ ip: '10.1.2.3' }), false],
    ['between in and notIn', { network: { in: ['10.0.0.0/8'], notIn: ['10.9.0.0/16'] } }, facts({ ip: '10.1.2.3' }), true],
    ['not what notIn takes out of in', { network: { in: ['10.0.0.0/8'], notIn: ['10.9.0.0/16'] } }, facts({ ip: '10.9.2.3' }), false],
    ['an IPv4 address mapped into IPv6', { network: { in: ['10.0.0.0/8'] } }, facts({ ip: '::ffff:10.1.2.3' }), true],
    ['the same in hexadecimal', { network: { in: ['10.0.0.0/8'] } }, facts({ ip: '::ffff:a01:203' }), true],
    ['not a mapped one inside by notIn', { network: { notIn: ['10.0.0.0/8'] } }, facts({ ip: '::ffff:10.1.2.3' }), false],
    ['by a range that is mapped itself', { network: { in: ['::ffff:10.0.0.0/104'] } }, facts({ ip: '10.1.2.3' }), true],
    ['an IPv6 address', { network: { in: ['2001:db8::/32'] } }, facts({ ip: '2001:DB8::1' }), true],
    ['by a single address', { network: { in: ['192.0.2.7'] } }, facts({ ip: '192.0.2.7' }), true],
    ['an unknown address as inside', { network: { in: ['10.0.0.0/8'] } }, facts(), true],
    ['an unknown address as outside', { network: { notIn: ['10.0.0.0/8'] } }, facts(), true],
    ['a text that is no address as inside', { network: { in: ['10.0.0.0/8'] } }, facts({ ip: 'unknown' }), true],
    ['a text that is no address as outside', { network: { notIn: ['10.0.0.0/8'] } }, facts({ ip: '10.1' }), true],
    ['an address that programs read differently as outside', { network: { notIn: ['8.0.0.0/8'] } }, facts({ ip: '010.0.0.1' }), true],
  ])('%s', (_what, when, given, expected) => {
    expect(selects(when, given)).toBe(expected);
  });

  test('an address is looked up again correctly after thousands of others', () => {
    const set = networkSet(['10.0.0.0/8']);
    for (let index = 0; index < 5_000; index += 1) set(`192.0.${index >> 8}.${index & 255}`);
    expect([set('10.0.0.1'), set('192.0.2.1'), set('10.0.0.1'), set('192.0.2.1'), set('x'), set('x')]).toEqual([
      true,
      false,
      true,
      false,
      undefined,
      undefined,
    ]);
  });
});

describe('what a condition asks', () => {
  test('each part, with the condition as its source', () => {
    const require = {
      idle: '3m',
      absolute: '30m',
      stepUp: { maxAge: '2m', level: 'aal2' },
      device: { trust: 'managed' },
      subjects: ['user'],
    } as const;
    const { requirement } = decide(policyWith({ id: 'strict', when: {}, require }), facts(), NOW);
    const source = 'condition:strict';
    expect(requirement).toMatchObject({
      idle: { ms: 3 * MINUTE, source },
      routeIdle: { ms: 3 * MINUTE, source },
      absolute: { ms: 30 * MINUTE, source },
      stepUp: { maxAge: { ms: 2 * MINUTE, source }, level: { value: 'aal2', source } },
      device: { trust: { value: 'managed', source } },
      subjects: { value: ['user'], source },
    });
  });

  test('its idle limit ends the session', () => {
    const policy = policyWith({ id: 'c', when: { network: { notIn: ['10.0.0.0/8'] } }, require: { idle: '3m' } });
    const away = (ip: string): string =>
      decide(policy, { ...facts({ ip }), session: freshSession({ lastActiveAt: NOW - 4 * MINUTE, createdAt: NOW - HOUR }) }, NOW).reason;
    expect([away('10.0.0.1'), away('192.0.2.1')]).toEqual(['allowed', 'idle_timeout']);
  });

  test('on the sign-in page only limits of the session and block are left: what asks for a sign-in cannot stand in its way', () => {
    const strict = policyWith({
      id: 'c',
      when: {},
      require: { idle: '3m', absolute: '30m', stepUp: { maxAge: '1m' }, device: { trust: 'managed' } },
    });
    const onLogin = (over: object): readonly unknown[] => {
      const { outcome, reason, session } = decide(strict, { ...facts({ path: '/shop/login' }), session: freshSession(over) }, NOW);
      return [outcome, reason, session];
    };
    expect(onLogin({ authenticatedAt: 0 })).toEqual(['allow', 'allowed', 'keep']);
    expect(onLogin({ longestGapMs: 4 * MINUTE })).toEqual(['allow', 'allowed', 'keep']);
    expect(onLogin({ lastActiveAt: NOW - 3 * MINUTE })).toEqual(['allow', 'idle_timeout', 'end']);
    expect(onLogin({ createdAt: NOW - 30 * MINUTE })).toEqual(['allow', 'absolute_timeout', 'end']);
  });

  test('in report mode it changes nothing, and explain says what it would have done', () => {
    const policy = policyWith(
      { id: 'trial', when: {}, require: { stepUp: { level: 'aal2' } }, mode: 'report' },
      { id: 'other', when: { apps: ['console'] }, require: { block: true }, mode: 'report' },
    );
    expect(decide(policy, facts(), NOW).reason).toBe('allowed');
    const { decision, reported } = explain(policy, facts(), NOW);
    expect(decision.reason).toBe('allowed');
    expect(reported.map(({ condition, wouldBe }) => [condition, wouldBe.outcome, wouldBe.reason])).toEqual([
      ['trial', 'challenge', 'assurance_insufficient'],
    ]);
  });
});
