import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compilePolicy } from '../../../lib/policy/compile.ts';
import { decide } from '../../../lib/policy/decide.ts';
import type { StepUpDocument } from '../../../lib/policy/document.ts';
import type { SessionFacts } from '../../../lib/policy/facts.ts';
import type { Clause } from '../../../lib/policy/requirement.ts';
import { freshSession, HOUR, LEVELS, MINUTE, NOW } from '../arbitraries.ts';

const instants = fc.oneof(
  fc.integer({ min: 0, max: 10 * MINUTE }).map((ago) => NOW - ago),
  fc.constant(0),
);
const records = fc
  .record({
    authenticatedAt: instants,
    levels: fc.dictionary(fc.constantFrom(...LEVELS), instants),
    methods: fc.dictionary(fc.constantFrom('pwd', 'otp', 'hwk'), instants),
    spentAt: instants,
  })
  .map((fields) => freshSession({ createdAt: NOW - HOUR, ...fields }));

function reasonOf(stepUp: StepUpDocument, session: SessionFacts): string {
  const policy = compilePolicy({
    version: 1,
    assurance: LEVELS,
    profiles: { web: {} },
    apps: { shop: { profile: 'web', routes: [{ id: 'pay', path: '/pay', stepUp }] } },
  });
  return decide(policy, { request: { method: 'GET', host: '', path: '/pay' }, session }, NOW).reason;
}

function guarded(clause: Clause, session: SessionFacts, action: string | undefined): string {
  const policy = compilePolicy({ version: 1, profiles: { web: {} }, apps: { shop: { profile: 'web' } } });
  return decide(policy, { request: { method: 'POST', host: '', path: '/pay', action }, session }, NOW, [clause]).reason;
}

const recent = (at: number | undefined): boolean => at !== undefined && at > 0 && NOW - at <= 5 * MINUTE;

describe('freshness is the time of active authentication', () => {
  test('a step-up without a level asks for any active authentication within its age', () => {
    fc.assert(
      fc.property(records, (session) => {
        expect(reasonOf({ maxAge: '5m' }, session)).toBe(recent(session.authenticatedAt) ? 'allowed' : 'reauthentication_required');
      }),
    );
  });

  test('a level counts from when it, or a higher one, was last reached; a later authentication below it does not renew it', () => {
    fc.assert(
      fc.property(records, fc.nat({ max: LEVELS.length - 1 }), (session, rank) => {
        const met = LEVELS.slice(rank).some((level) => recent(session.levels[level]));
        expect(reasonOf({ maxAge: '5m', level: LEVELS[rank] as string }, session) === 'allowed').toBe(met);
      }),
    );
  });

  test('every method asked for counts by itself', () => {
    fc.assert(
      fc.property(records, fc.subarray(['pwd', 'otp', 'hwk'], { minLength: 1 }), (session, amr) => {
        const met = recent(session.authenticatedAt) && amr.every((method) => recent(session.methods[method]));
        expect(reasonOf({ maxAge: '5m', amr }, session) === 'allowed').toBe(met);
      }),
    );
  });

  test('once: an authentication that was spent opens nothing more, a later one does', () => {
    fc.assert(
      fc.property(records, fc.integer({ min: -2, max: 2 }), (session, later) => {
        const spentAt = Math.max(0, session.authenticatedAt - later);
        const met = recent(session.authenticatedAt) && session.authenticatedAt > spentAt;
        expect(reasonOf({ maxAge: '5m', once: true }, { ...session, spentAt }) === 'allowed').toBe(met);
      }),
    );
  });

  test('an authentication for one action and its values opens these, once; no other values, and no other action that is for once', () => {
    const digests = fc.constantFrom('pay-5', 'pay-9', 'del-1', undefined);
    const action = fc.constantFrom('pay', 'del', undefined);
    fc.assert(
      fc.property(digests, digests, fc.boolean(), fc.boolean(), action, (authenticatedFor, boundTo, once, spent, request) => {
        const session = freshSession({ authenticatedAt: NOW - MINUTE, authenticatedFor, spentAt: spent ? NOW - MINUTE : 0 });
        const forThis = once ? authenticatedFor === undefined || authenticatedFor.startsWith(`${request}`) : true;
        const met = (boundTo === undefined ? forThis : authenticatedFor === boundTo) && !(once && spent);
        const stepUp = { maxAgeMs: 5 * MINUTE, once, ...(boundTo === undefined ? {} : { boundTo }) };
        expect(guarded({ source: 'guard:stepUp', stepUp }, session, request) === 'allowed').toBe(met);
      }),
    );
  });

  test('a sign-in that was not active is never fresh, however new the session', () => {
    const remembered = freshSession({ createdAt: NOW, authenticatedAt: 0, levels: {}, methods: {} });
    expect(reasonOf({}, remembered)).toBe('reauthentication_required');
    expect(reasonOf({ maxAge: '12h' }, remembered)).toBe('reauthentication_required');
    expect(reasonOf({ maxAge: '12h', level: 'aal1' }, remembered)).toBe('assurance_insufficient');
    expect(reasonOf({ maxAge: '12h', amr: ['pwd'] }, remembered)).toBe('assurance_insufficient');
  });

  test('activity is no authentication', () => {
    const active = freshSession({ createdAt: NOW - HOUR, authenticatedAt: NOW - HOUR, lastActiveAt: NOW });
    expect(reasonOf({ maxAge: '5m' }, active)).toBe('reauthentication_required');
  });

  test('the age is counted to the millisecond, its end included as in OpenID Connect', () => {
    expect(reasonOf({ maxAge: '5m' }, freshSession({ authenticatedAt: NOW - 5 * MINUTE }))).toBe('allowed');
    expect(reasonOf({ maxAge: '5m' }, freshSession({ authenticatedAt: NOW - 5 * MINUTE - 1 }))).toBe('reauthentication_required');
  });
});
