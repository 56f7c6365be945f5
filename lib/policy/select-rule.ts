import { type CompiledCondition, conditionHolds } from './conditions.ts';
import { exceptionApplies } from './exceptions.ts';
import type { Facts, RequestFacts } from './facts.ts';
import { type PathReadings, readPath } from './path-readings.ts';
import type { CompiledApp, Policy } from './policy.ts';
import type { Clause } from './requirement.ts';
import { routeMatches, routeOpens } from './routes.ts';
import type { Rule } from './rule.ts';

/** The app that a request belongs to. */
export function selectApp(policy: Policy, request: RequestFacts): CompiledApp | 'unknown' | 'ambiguous' {
  return policy.matcher.find(request.host, request.path);
}

/**
 * The rule for a request: what the profile asks, loosened by exceptions for the whole app, tightened by the routes that
 * match, loosened by exceptions for just these routes, tightened by conditions.
 */
export function selectRule(app: CompiledApp, facts: Facts, now: number): Rule {
  const readings = readPath(facts.request.path);
  const entry = isEntryPage(app, readings);
  let rule = withExceptions(entry ? app.entryRule : app.rule, 'app', facts, now);
  if (!entry) {
    rule = withRoutes(rule, facts.request, readings);
    rule = withExceptions(rule, 'routes', facts, now);
  }
  return withConditions(rule, facts, entry);
}

/** Whether a request is for a page where people sign in or confirm who they are, however its path is read. */
export function isEntryPage(app: CompiledApp, readings: PathReadings): boolean {
  return typeof readings === 'string' ? isEntryPath(app, readings) : readings.every((reading) => isEntryPath(app, reading));
}

function isEntryPath({ entryPaths }: CompiledApp, path: string): boolean {
  for (const entry of entryPaths) if (path === entry) return true;
  return false;
}

/** What a condition asks of a request that it selects. */
export function clauseOf(condition: CompiledCondition, entry: boolean): Clause {
  return entry ? condition.entryClause : condition.clause;
}

function withConditions(rule: Rule, facts: Facts, entry: boolean): Rule {
  let selected = rule;
  for (const condition of rule.app.conditions) {
    if (condition.enforced && conditionHolds(condition, facts)) selected = selected.tighten(clauseOf(condition, entry));
  }
  return selected;
}

function withRoutes(rule: Rule, request: RequestFacts, readings: PathReadings): Rule {
  let selected = rule;
  // Routes that open come first, so that any other route that matches closes again.
  for (const route of rule.app.routes) {
    if (routeOpens(route, request, readings)) selected = selected.open(route.clause, route.id);
  }
  for (const route of rule.app.routes) {
    const opened = route.opens && routeOpens(route, request, readings);
    if (!opened && routeMatches(route, request, readings)) selected = selected.tighten(route.clause, route.id);
  }
  return selected;
}

function withExceptions(rule: Rule, scope: 'app' | 'routes', facts: Facts, now: number): Rule {
  let selected = rule;
  for (const exception of rule.app.exceptions) {
    if (exceptionApplies(exception, scope, rule.routes, facts.session, now)) selected = selected.loosen(exception.loosening);
  }
  return selected;
}
