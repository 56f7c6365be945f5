import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compilePolicy } from '../../../lib/policy/compile.ts';
import { decide } from '../../../lib/policy/decide.ts';
import { freshSession, NOW } from '../arbitraries.ts';

const policy = compilePolicy({ version: 1, profiles: { web: {} }, apps: { shop: { profile: 'web' } } });
const SCOPES = ['delete', 'export', '__proto__', 'toString'];

describe('what another person has to approve', () => {
  test('is open while every scope that is asked for is approved, to the millisecond', () => {
    const until = fc.integer({ min: NOW - 2, max: NOW + 2 });
    const approvals = fc.array(fc.tuple(fc.constantFrom(...SCOPES), until)).map((pairs) => Object.fromEntries(pairs));
    fc.assert(
      fc.property(approvals, fc.subarray(SCOPES, { minLength: 1 }), (given, asked) => {
        const guards = asked.map((approval) => ({ source: 'guard:requireApproval' as const, approval }));
        const facts = { request: { method: 'POST', host: '', path: '/' }, session: freshSession(), approvals: given };
        const { outcome, reason, challenge } = decide(policy, facts, NOW, guards);
        const open = asked.every((scope) => Object.hasOwn(given, scope) && (given[scope] as number) > NOW);
        expect([outcome, reason, challenge?.kind]).toEqual(
          open ? ['allow', 'allowed', undefined] : ['challenge', 'approval_required', 'approval'],
        );
      }),
    );
  });

  test('does not stand in for a session', () => {
    const facts = { request: { method: 'POST', host: '', path: '/' }, approvals: { delete: NOW + 1 } };
    expect(decide(policy, facts, NOW, [{ source: 'guard:requireApproval', approval: 'delete' }]).reason).toBe('session_missing');
  });
});
