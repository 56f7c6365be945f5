import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compilePolicy } from '../../../lib/policy/compile.ts';
import { decide } from '../../../lib/policy/decide.ts';
import type { CompiledApp } from '../../../lib/policy/policy.ts';
import { selectApp, selectRule } from '../../../lib/policy/select-rule.ts';
import { facts, freshSession, NOW, PATHS, policies, requests, sessions } from '../arbitraries.ts';
import { laxerIn } from './strictness.ts';

describe('no downgrade by request', () => {
  test('whatever a request asks for, only a session of the same app and profile goes on', () => {
    fc.assert(
      fc.property(policies, facts, (policy, given) => {
        const decision = decide(policy, given, NOW);
        fc.pre(decision.outcome === 'allow' && decision.session === 'keep');
        const app = selectApp(policy, given.request) as CompiledApp;
        expect([given.session?.app, given.session?.profile]).toEqual([app.name, app.profile.name]);
      }),
    );
  });

  test('a session of another app or profile is none: the decision is that of a visitor', () => {
    const elsewhere = fc.constantFrom(
      { app: 'console' },
      { profile: 'staff' },
      { app: 'console', profile: 'staff' },
      { app: '' },
      { app: 'SHOP' },
    );
    fc.assert(
      fc.property(policies, requests, sessions, elsewhere, (policy, asked, session, other) => {
        const request = { ...asked, host: 'shop.example.com' };
        const visitor = decide(policy, { request }, NOW);
        const decision = decide(policy, { request, session: { ...session, app: 'shop', profile: 'web', ...other } }, NOW);
        fc.pre(decision.reason !== 'condition_blocked');
        expect([decision.outcome, decision.session, decision.challenge?.kind]).toEqual([visitor.outcome, 'none', visitor.challenge?.kind]);
      }),
    );
  });

  test('a method override makes nothing laxer than either method does', () => {
    fc.assert(
      fc.property(policies, facts, (policy, { request, ...rest }) => {
        const app = policy.apps.get('shop') as CompiledApp;
        const requirement = (over: object) =>
          selectRule(app, { ...rest, request: { ...request, overrideMethod: undefined, ...over } }, NOW).requirement;
        const method = request.overrideMethod ?? 'DELETE';
        const both = requirement({ overrideMethod: method });
        expect(laxerIn(both, requirement({}))).toEqual([]);
        expect(laxerIn(both, requirement({ method }))).toEqual([]);
      }),
    );
  });

  test('HEAD is under the rule of GET at least, and lower case under that of upper case', () => {
    fc.assert(
      fc.property(policies, facts, (policy, { request, ...rest }) => {
        const app = policy.apps.get('shop') as CompiledApp;
        const requirement = (method: string) =>
          selectRule(app, { ...rest, request: { ...request, overrideMethod: undefined, method } }, NOW).requirement;
        expect(laxerIn(requirement('HEAD'), requirement('GET'))).toEqual([]);
        expect(laxerIn(requirement(request.method.toLowerCase()), requirement(request.method))).toEqual([]);
      }),
    );
  });

  test('no spelling of the host leads to another app', () => {
    const spelling = fc.constantFrom('SHOP.Example.com', 'shop.example.com.', 'shop.example.com:8443', 'Shop.example.com.:1');
    fc.assert(
      fc.property(policies, fc.constantFrom(...PATHS), spelling, (policy, path, host) => {
        expect(selectApp(policy, { method: 'GET', host, path })).toBe(policy.apps.get('shop'));
      }),
    );
  });

  test.each([
    'shop.example.com.evil.test',
    'evilshop.example.com',
    'shop.example.com@evil.test',
    'shop.example.com..',
    'staff.example.com.shop.example.com',
    '',
    ' shop.example.com',
  ])('the host "%s" is covered by no app', (host) => {
    fc.assert(
      fc.property(policies, (policy) => {
        expect(decide(policy, { request: { method: 'GET', host, path: '/' }, session: freshSession() }, NOW)).toMatchObject({
          outcome: 'deny',
          reason: 'app_unknown',
          session: 'none',
        });
      }),
      { numRuns: 5 },
    );
  });

  test('a target in absolute form for another host is refused', () => {
    const policy = compilePolicy({
      version: 1,
      profiles: { web: { access: 'public' }, staff: {} },
      apps: {
        shop: { profile: 'web', match: { hosts: ['shop.example.com'] } },
        console: { profile: 'staff', match: { hosts: ['staff.example.com'] } },
      },
    });
    const reason = (path: string): string => decide(policy, { request: { method: 'GET', host: 'shop.example.com', path } }, NOW).reason;
    expect(reason('http://staff.example.com/keys')).toBe('path_ambiguous');
    expect(reason('http://shop.example.com@staff.example.com/keys')).toBe('path_ambiguous');
    expect(reason('http://shop.example.com/keys')).toBe('allowed');
  });
});
