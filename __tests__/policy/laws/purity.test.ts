import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compilePolicy } from '../../../lib/policy/compile.ts';
import { decide } from '../../../lib/policy/decide.ts';
import { explain } from '../../../lib/policy/explain.ts';
import { documents, exceptions, facts, guards, NOW, policies } from '../arbitraries.ts';

const several = fc.array(guards, { maxLength: 3 });
const SOURCE = /^(?:default|preset|profile|app|route|condition|exception|guard):.+$/;

function deepFreeze<T>(value: T): T {
  if (value !== null && typeof value === 'object') for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}

/** Every object in a value that holds a number, with its place. */
function numbers(value: unknown, place: string): readonly (readonly [string, object])[] {
  if (value === null || typeof value !== 'object') return [];
  const inside = Object.entries(value).flatMap(([key, part]) => numbers(part, `${place}.${key}`));
  return Object.values(value).some((part) => typeof part === 'number') ? [...inside, [place, value] as const] : inside;
}

describe('a decision is a function of policy, facts and time', () => {
  test('it changes nothing, and is the same again', () => {
    fc.assert(
      fc.property(documents, facts, several, (document, given, list) => {
        const policy = compilePolicy(deepFreeze(structuredClone(document)));
        const frozen = deepFreeze(structuredClone(given));
        const first = decide(policy, frozen, NOW, deepFreeze([...list]));
        expect(decide(policy, frozen, NOW, list)).toEqual(first);
        expect(decide(compilePolicy(structuredClone(document)), structuredClone(given), NOW, list)).toEqual(first);
      }),
    );
  });

  test('what was decided before makes no difference', () => {
    fc.assert(
      fc.property(documents, fc.array(facts, { maxLength: 5 }), facts, several, (document, before, given, list) => {
        const used = compilePolicy(document);
        for (const other of before) decide(used, other, NOW - 1, list);
        expect(decide(used, given, NOW, list)).toEqual(decide(compilePolicy(document), given, NOW, list));
      }),
    );
  });

  test('explain decides as decide does', () => {
    fc.assert(
      fc.property(documents, fc.option(exceptions, { nil: [] }), facts, several, (document, list, given, guarding) => {
        const policy = compilePolicy({ ...document, exceptions: list });
        expect(explain(policy, given, NOW, guarding).decision).toEqual(decide(policy, given, NOW, guarding));
      }),
    );
  });

  test('the trace of explain fails first where the decision says, and nowhere if it was allowed', () => {
    fc.assert(
      fc.property(policies, facts, several, (policy, given, list) => {
        const { decision, checks } = explain(policy, given, NOW, list);
        fc.pre(decision.app !== undefined);
        expect(checks.find(({ result }) => result === 'fail')?.reason ?? 'allowed').toBe(decision.reason);
      }),
    );
  });

  test('explain has no time left of a limit that was passed, and some of the others', () => {
    fc.assert(
      fc.property(policies, facts, several, (policy, given, list) => {
        const { decision, left } = explain(policy, given, NOW, list);
        for (const ms of Object.values(left) as (number | undefined)[]) if (ms !== undefined) expect(ms).toBeGreaterThanOrEqual(0);
        if (decision.reason === 'idle_timeout' && given.ended === undefined) expect(left.idleMs).toBe(0);
        if (decision.reason === 'absolute_timeout') expect(left.absoluteMs).toBe(0);
        if (decision.reason === 'route_idle_timeout') expect(left.routeIdleMs).toBe(0);
        if (decision.outcome === 'allow' && decision.session === 'keep' && given.session?.subject !== undefined)
          for (const ms of [left.idleMs, left.routeIdleMs, left.absoluteMs]) expect(ms ?? 1).toBeGreaterThan(0);
      }),
    );
  });

  test('every number that is asked for has its source', () => {
    fc.assert(
      fc.property(documents, exceptions, facts, several, (document, list, given, guarding) => {
        const { requirement } = decide(compilePolicy({ ...document, exceptions: list }), given, NOW, guarding);
        for (const [place, holder] of numbers(requirement, 'requirement'))
          expect([place, (holder as { source?: unknown }).source]).toEqual([place, expect.stringMatching(SOURCE)]);
      }),
    );
  });

  test('a decision is frozen', () => {
    fc.assert(
      fc.property(policies, facts, (policy, given) => {
        const decision = decide(policy, given, NOW);
        for (const part of [decision, decision.requirement, decision.routes, decision.exceptions, decision.challenge])
          expect(part === undefined || Object.isFrozen(part)).toBe(true);
      }),
    );
  });
});
