import { describe, expect, test } from '@jest/globals';
import { compilePolicy } from '../../../lib/policy/compile.ts';
import { decide } from '../../../lib/policy/decide.ts';
import type { AppDocument, ConditionDocument, ProfileDocument } from '../../../lib/policy/document.ts';
import { explain } from '../../../lib/policy/explain.ts';
import type { SessionFacts } from '../../../lib/policy/facts.ts';
import type { Policy } from '../../../lib/policy/policy.ts';
import { boundBy, freshSession, HOUR, MINUTE, NOW } from '../arbitraries.ts';

const STRICT: ProfileDocument = { idle: '15m', absolute: '8h', stepUp: { maxAge: '5m' } };
const GAP = { id: 'gap', path: '/{*rest}', idle: '5m' } as const;

function policyOf(profile: ProfileDocument = STRICT, app: Partial<AppDocument> = {}, conditions: ConditionDocument[] = []): Policy {
  return compilePolicy({
    version: 1,
    profiles: { web: profile },
    apps: { shop: { profile: 'web', sessionUrl: '/session', ...app } },
    conditions,
  });
}

const OPEN = ['/session', '/session/', '/session/sign-out', '/session/client.js', '/session/keep-alive'];
const CLOSED = ['/session/sessions', '/session/sessions/end', '/session/other', '/sessions', '/session/sign-out/x', '/SESSION/sign-out'];
const AMBIGUOUS = [
  '/session/%73essions',
  '/session/x/..%2f../account',
  '/session/sign-out;/../../account',
  '/session%2fsign-out',
  '//session/../account',
];

const stale = { createdAt: NOW - HOUR, authenticatedAt: NOW - HOUR, lastActiveAt: NOW - 6 * MINUTE, longestGapMs: 7 * MINUTE };

function reasonOf(policy: Policy, path: string, session?: Partial<SessionFacts>, device?: { readonly keys: [] }): string {
  const request = { method: 'POST', host: '', path };
  return decide(policy, { request, session: session && freshSession(session), device }, NOW).reason;
}

describe('where a session is told about and left', () => {
  test.each(OPEN)('%s asks nobody to confirm who they are, neither for the profile nor for a route nor a condition', (path) => {
    expect(reasonOf(policyOf(), path, stale)).toBe('allowed');
    expect(reasonOf(policyOf({ idle: '15m', absolute: '8h' }, { routes: [GAP] }), path, stale)).toBe('allowed');
    const condition = { id: 'strict', when: {}, require: { stepUp: { maxAge: '1m' }, idle: '10m' } } as const;
    expect(reasonOf(policyOf(STRICT, {}, [condition]), path, { ...stale, longestGapMs: 11 * MINUTE })).toBe('allowed');
  });

  test.each([...CLOSED, ...AMBIGUOUS])('%s does', (path) => {
    expect(reasonOf(policyOf(), path, stale)).toBe('reauthentication_required');
    expect(reasonOf(policyOf({ idle: '15m', absolute: '8h' }, { routes: [GAP] }), path, stale)).toBe('route_idle_timeout');
  });

  test.each(OPEN)('%s is as closed as the app to whom it is not for', (path) => {
    expect(reasonOf(policyOf(), path)).toBe('session_missing');
    expect(reasonOf(policyOf(), path, { ...stale, lastActiveAt: NOW - 15 * MINUTE })).toBe('idle_timeout');
    expect(reasonOf(policyOf(), path, { ...stale, createdAt: NOW - 9 * HOUR })).toBe('absolute_timeout');
    expect(reasonOf(policyOf(), path, { subject: { id: 's1', kind: 'service' } })).toBe('subject_kind_refused');
    expect(reasonOf(policyOf(), path, { app: 'other' })).toBe('session_missing');
    const blocked = { id: 'block', when: {}, require: { block: true } } as const;
    expect(reasonOf(policyOf(STRICT, {}, [blocked]), path, stale)).toBe('condition_blocked');
    const shorter = { id: 'idle', when: {}, require: { idle: '5m' } } as const;
    expect(reasonOf(policyOf(STRICT, {}, [shorter]), path, stale)).toBe('idle_timeout');
    expect(reasonOf(policyOf({ preset: 'kiosk', device: { trust: 'known' } }), path, stale)).toBe('device_not_enrolled');
  });

  test('who cannot prove the device can look at the session and leave it, but not keep it open', () => {
    const bound = { ...stale, device: boundBy('dbsc', NOW).session };
    const asking = [
      policyOf({ ...STRICT, device: { trust: 'bound' } }),
      policyOf(STRICT, {}, [{ id: 'bound', when: {}, require: { device: { trust: 'bound' } } }]),
    ];
    for (const policy of asking) {
      expect(OPEN.map((path) => reasonOf(policy, path, bound, { keys: [] }))).toEqual([
        ...OPEN.slice(0, 4).map(() => 'allowed'),
        'device_trust_insufficient',
      ]);
    }
  });

  test('a guard on these paths asks all the same', () => {
    const facts = { request: { method: 'POST', host: '', path: '/session/sign-out' }, session: freshSession(stale) };
    expect(decide(policyOf(), facts, NOW, [{ source: 'guard:stepUp', stepUp: { maxAgeMs: MINUTE } }]).reason).toBe(
      'reauthentication_required',
    );
  });

  test('a condition that reports would do there what it does in force', () => {
    const device = { id: 'bound', when: {}, require: { device: { trust: 'bound' }, stepUp: { maxAge: '1m' } }, mode: 'report' } as const;
    const reported = (path: string): string | undefined =>
      explain(policyOf(STRICT, {}, [device]), { request: { method: 'POST', host: '', path }, session: freshSession(stale) }, NOW)
        .reported[0]?.wouldBe.reason;
    expect([reported('/session'), reported('/session/keep-alive')]).toEqual(['allowed', 'device_trust_insufficient']);
    expect(reported('/login')).toBe('allowed');
  });

  test('without sessionUrl nothing is left out', () => {
    const policy = compilePolicy({ version: 1, profiles: { web: STRICT }, apps: { shop: { profile: 'web' } } });
    for (const path of OPEN) expect(reasonOf(policy, path, stale)).toBe('reauthentication_required');
  });
});
