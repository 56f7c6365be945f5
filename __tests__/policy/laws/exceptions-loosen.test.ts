import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compilePolicy } from '../../../lib/policy/compile.ts';
import { decide } from '../../../lib/policy/decide.ts';
import type { ExceptionDocument, PolicyDocument } from '../../../lib/policy/document.ts';
import { durationMs } from '../../../lib/policy/duration.ts';
import type { Facts } from '../../../lib/policy/facts.ts';
import type { CompiledApp } from '../../../lib/policy/policy.ts';
import type { Limit, Requirement } from '../../../lib/policy/requirement.ts';
import type { Rule } from '../../../lib/policy/rule.ts';
import { selectRule } from '../../../lib/policy/select-rule.ts';
import { documents, exceptions, facts, freshSession, HOUR, MINUTE, NOW } from '../arbitraries.ts';
import { laxerIn } from './strictness.ts';

const FIELDS = ['idle', 'routeIdle', 'absolute', 'stepUp.maxAge'];

function shopRule(document: PolicyDocument, list: readonly ExceptionDocument[], given: Facts): Rule {
  const app = compilePolicy({ ...document, exceptions: list }).apps.get('shop') as CompiledApp;
  return selectRule(app, given, NOW);
}

/** Whether the document lets an exception apply now to the routes that were matched; compensation aside. */
function mayApply(exception: ExceptionDocument, routes: readonly string[]): boolean {
  const from = Date.parse(exception.approvedAt);
  const until = Math.min(Date.parse(exception.expires), Date.parse(exception.reviewBy ?? exception.expires));
  const scope = exception.routes;
  return NOW >= from && NOW < until && (scope === undefined || (routes.length > 0 && routes.every((id) => scope.includes(id))));
}

function most(list: readonly ExceptionDocument[], field: (one: ExceptionDocument) => string | undefined): number {
  return Math.max(0, ...list.map(field).map((text) => (text === undefined ? 0 : durationMs(text, 'test'))));
}

const limits = (requirement: Requirement): readonly (Limit | undefined)[] => [
  requirement.idle,
  requirement.routeIdle,
  requirement.absolute,
  requirement.stepUp?.maxAge,
];

describe('only an exception loosens', () => {
  test('and only the fields that it names, no further than it says', () => {
    fc.assert(
      fc.property(documents, exceptions, facts, (document, list, given) => {
        const without = shopRule(document, [], given);
        const { requirement, routes } = shopRule(document, list, given);
        const may = list.filter((one) => mayApply(one, routes));
        const bounds = [
          most(may, (one) => one.allow.idle),
          most(may, (one) => one.allow.idle),
          most(may, (one) => one.allow.absolute),
          most(may, (one) => one.allow.stepUp?.maxAge),
        ];
        expect(FIELDS).toEqual(expect.arrayContaining([...laxerIn(requirement, without.requirement)]));
        const before = limits(without.requirement);
        for (const [index, limit] of limits(requirement).entries()) {
          const base = before[index];
          if (base !== undefined) expect(limit?.ms).toBeLessThanOrEqual(Math.max(base.ms, bounds[index] as number));
        }
      }),
    );
  });

  test('outside its routes and its time it changes nothing', () => {
    fc.assert(
      fc.property(documents, exceptions, facts, (document, list, given) => {
        const rule = shopRule(document, list, given);
        fc.pre(!list.some((one) => mayApply(one, rule.routes)));
        expect(laxerIn(rule.requirement, shopRule(document, [], given).requirement)).toEqual([]);
        expect(rule.exceptions).toEqual([]);
      }),
    );
  });

  test('without its compensation it changes nothing', () => {
    fc.assert(
      fc.property(documents, exceptions, facts, (document, list, { session, ...given }) => {
        const bare = { ...given, device: undefined, session: session && { ...session, device: undefined } };
        const demanding = list.map((one) => ({ ...one, compensating: { device: { trust: 'known' as const } } }));
        expect(laxerIn(shopRule(document, demanding, bare).requirement, shopRule(document, [], bare).requirement)).toEqual([]);
      }),
    );
  });

  test('the decision names the exceptions that applied', () => {
    fc.assert(
      fc.property(documents, exceptions, facts, (document, list, given) => {
        const { exceptions: applied, routes } = shopRule(document, list, given);
        const may = list.filter((one) => mayApply(one, routes)).map((one) => one.id);
        expect(may).toEqual(expect.arrayContaining([...applied]));
      }),
    );
  });

  test('a condition and a guard tighten what an exception loosened', () => {
    const allow = { idle: '12h', absolute: '12h', stepUp: { maxAge: '12h' } } as const;
    const document = headsets({ allow });
    const policy = compilePolicy({
      ...document,
      conditions: [{ id: 'strict', when: {}, require: { idle: '2m', absolute: '20m', stepUp: { maxAge: '3m' } } }],
    });
    const decision = decide(policy, { request: { method: 'GET', host: '', path: '/account' }, session: freshSession() }, NOW);
    const [idle, , absolute, maxAge] = limits(decision.requirement as Requirement);
    expect([idle?.ms, absolute?.ms, maxAge?.ms]).toEqual([2 * MINUTE, 20 * MINUTE, 3 * MINUTE]);
  });
});

describe('the gap that an exception allowed', () => {
  const away = (path: string, gap: number, over: Partial<ExceptionDocument> = {}): string => {
    const session = freshSession({ createdAt: NOW - HOUR, authenticatedAt: NOW - HOUR, longestGapMs: gap });
    return decide(compilePolicy(headsets(over)), { request: { method: 'GET', host: '', path }, session }, NOW).reason;
  };

  test('goes on where the exception reaches', () => {
    expect(away('/account', 20 * MINUTE)).toBe('allowed');
  });

  test('is too long everywhere else', () => {
    expect(away('/other', 20 * MINUTE)).toBe('route_idle_timeout');
    expect(away('/other', 14 * MINUTE)).toBe('allowed');
  });

  test('is too long when the exception has expired', () => {
    expect(away('/account', 20 * MINUTE, { expires: '2026-11-15' })).toBe('route_idle_timeout');
  });
});

/** Idle 15 minutes, 5 on the account pages; the exception allows 30 there. */
function headsets(over: Partial<ExceptionDocument>): PolicyDocument {
  return {
    version: 1,
    profiles: { web: { idle: '15m', absolute: '8h' } },
    apps: { shop: { profile: 'web', routes: [{ id: 'account', path: '/account', idle: '5m' }] } },
    exceptions: [
      {
        id: 'EX-7',
        app: 'shop',
        routes: ['account'],
        allow: { idle: '30m' },
        reason: 'call-centre headsets',
        owner: 'a@example.com',
        approvedBy: 'b@example.com',
        approvedAt: '2026-11-01',
        reviewBy: '2026-11-30',
        expires: '2026-12-31',
        ...over,
      },
    ],
  };
}
