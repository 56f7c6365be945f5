import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compilePolicy } from '../../../lib/policy/compile.ts';
import { decide } from '../../../lib/policy/decide.ts';
import type { CompiledApp } from '../../../lib/policy/policy.ts';
import { type Clause, tighten } from '../../../lib/policy/requirement.ts';
import { selectRule } from '../../../lib/policy/select-rule.ts';
import { clauses, documents, facts, guards, NOW, policies } from '../arbitraries.ts';
import { asked, laxerIn } from './strictness.ts';

const shop = policies.map((policy) => policy.apps.get('shop') as CompiledApp);
const apply = (app: CompiledApp, list: readonly Clause[]) =>
  list.reduce((requirement, clause) => tighten(requirement, clause, app.profile.stepUpDefaults), app.rule.requirement);

describe('select, then tighten', () => {
  test('a clause never makes anything laxer', () => {
    fc.assert(
      fc.property(shop, fc.array(clauses, { maxLength: 4 }), clauses, (app, before, clause) => {
        const base = apply(app, before);
        expect(laxerIn(tighten(base, clause, app.profile.stepUpDefaults), base)).toEqual([]);
      }),
    );
  });

  test('a clause asks for what it says', () => {
    fc.assert(
      fc.property(shop, clauses, (app, clause) => {
        const { idle, routeIdle, absolute, stepUp, device, subjects, access, activity, blocked, approvals } = apply(app, [clause]);
        const { idleMs = Infinity, idleScope = 'route' } = clause;
        if (idleScope !== 'route') expect(idle?.ms ?? Infinity).toBeLessThanOrEqual(idleMs);
        if (idleScope !== 'session') expect(routeIdle?.ms ?? Infinity).toBeLessThanOrEqual(idleMs);
        expect(absolute?.ms ?? Infinity).toBeLessThanOrEqual(clause.absoluteMs ?? Infinity);
        expect(stepUp?.maxAge?.ms ?? Infinity).toBeLessThanOrEqual(clause.stepUp?.maxAgeMs ?? Infinity);
        for (const method of clause.stepUp?.amr ?? []) expect(stepUp?.amr.map(({ value }) => value)).toContain(method);
        if (clause.stepUp?.once === true) expect(stepUp?.once).toBeDefined();
        if (clause.stepUp?.boundTo !== undefined) expect(stepUp?.boundTo.map(({ value }) => value)).toContain(clause.stepUp.boundTo);
        if (clause.device !== undefined) expect(device?.maxAge?.ms ?? Infinity).toBeLessThanOrEqual(clause.device.maxAgeMs ?? Infinity);
        for (const kind of subjects.value) expect(clause.subjects ?? [kind]).toContain(kind);
        if (clause.access !== undefined) expect(access.value).toBe('authenticated');
        if (clause.passive === true) expect(activity.value).toBe('passive');
        if (clause.block === true) expect(blocked).toBeDefined();
        if (clause.approval !== undefined) expect(approvals.map(({ value }) => value)).toContain(clause.approval);
      }),
    );
  });

  test('clauses ask for the same in any order and any number of times', () => {
    const several = fc.array(clauses, { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(shop, several, fc.infiniteStream(fc.nat()), (app, list, picks) => {
        const shuffled = list.map((clause) => ({ clause, at: picks.next().value })).toSorted((a, b) => a.at - b.at);
        const again = [...shuffled.map(({ clause }) => clause), ...list];
        expect(asked(apply(app, again))).toEqual(asked(apply(app, list)));
      }),
    );
  });

  test('guards decide the same in any order and any number of times', () => {
    fc.assert(
      fc.property(policies, facts, fc.array(guards, { minLength: 2, maxLength: 3 }), (policy, given, list) => {
        const one = decide(policy, given, NOW, list);
        const other = decide(policy, given, NOW, [...list.toReversed(), ...list]);
        expect([other.outcome, other.reason, other.session]).toEqual([one.outcome, one.reason, one.session]);
      }),
    );
  });

  test('what a guard lets go on with its session, the document alone lets go on too', () => {
    fc.assert(
      fc.property(policies, facts, guards, (policy, given, guard) => {
        const tightened = decide(policy, given, NOW, [guard]);
        fc.pre(tightened.outcome === 'allow' && tightened.session === 'keep');
        expect(decide(policy, given, NOW)).toMatchObject({ outcome: 'allow', session: 'keep' });
      }),
    );
  });

  test('a route never makes anything laxer than the profile, but for opening to the public', () => {
    fc.assert(
      fc.property(policies, facts, (policy, given) => {
        const app = policy.apps.get('shop') as CompiledApp;
        fc.pre(!app.entryPaths.includes(given.request.path));
        const rule = selectRule(app, given, NOW);
        const opened = app.routes.some((route) => route.opens && rule.routes.includes(route.id));
        expect(laxerIn(rule.requirement, app.rule.requirement)).toEqual(
          opened && rule.requirement.access.value === 'public' && app.rule.requirement.access.value !== 'public' ? ['access'] : [],
        );
      }),
    );
  });

  test('a route that asks for something is never open, in whatever order the document has the routes', () => {
    fc.assert(
      fc.property(documents, facts, fc.boolean(), (document, given, reversed) => {
        const { shop: app } = document.apps;
        const own = reversed ? app?.routes?.toReversed() : app?.routes;
        const policy = compilePolicy({ ...document, apps: { ...document.apps, shop: { ...app, routes: own ?? [] } as never } });
        const compiled = policy.apps.get('shop') as CompiledApp;
        fc.pre(!compiled.entryPaths.includes(given.request.path));
        const { routes, requirement } = selectRule(compiled, given, NOW);
        const closing = (own ?? []).filter(
          ({ id, access, idle, stepUp, device, subjects }) =>
            routes.includes(id) && (access === 'authenticated' || idle || stepUp || device || subjects),
        );
        fc.pre(closing.length > 0);
        expect(requirement.access.value).toBe('authenticated');
      }),
    );
  });

  test('conditions in force only tighten, and those that report change nothing', () => {
    fc.assert(
      fc.property(documents, facts, (document, given) => {
        const rule = (list: typeof document.conditions) =>
          selectRule(compilePolicy({ ...document, conditions: list ?? [] }).apps.get('shop') as CompiledApp, given, NOW).requirement;
        const without = rule([]);
        expect(laxerIn(rule(document.conditions), without)).toEqual([]);
        expect(asked(rule(document.conditions?.map((one) => ({ ...one, mode: 'report' as const }))))).toEqual(asked(without));
        expect(asked(rule(document.conditions?.toReversed()))).toEqual(asked(rule(document.conditions)));
      }),
    );
  });
});
