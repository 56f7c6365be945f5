import { type CompiledCondition, conditionHolds } from './conditions.ts';
import { exceptionApplies } from './exceptions.ts';
import type { Facts, RequestFacts } from './facts.ts';
import { type PathReadings, readPath } from './path-readings.ts';
import type { CompiledApp, Policy } from './policy.ts';
import type { Release } from './requirement.ts';
import { routeMatches, routeOpens } from './routes.ts';
import type { Rule } from './rule.ts';

/** The app that a request belongs to. */
export function selectApp(policy: Policy, request: RequestFacts): CompiledApp | 'unknown' | 'ambiguous' {
  return policy.matcher.find(request.host, request.path);
}

/**
 * The rule for a request: what the profile asks, loosened by exceptions for the whole app, tightened by the routes that
 * match, loosened by exceptions for just these routes, tightened by conditions.
 *
 * @param asIfEnforced A condition that only reports, taken as if it were in force.
 */
export function selectRule(app: CompiledApp, facts: Facts, now: number, asIfEnforced?: CompiledCondition): Rule {
  const readings = readPath(facts.request.path);
  const entry = isEntryPage(app, readings);
  let rule = withExceptions(entry ? app.entryRule : app.rule, 'app', facts, now);
  if (!entry) {
    rule = withRoutes(rule, facts.request, readings);
    rule = withExceptions(rule, 'routes', facts, now);
  }
  rule = withConditions(rule, facts, entry, asIfEnforced);
  const released = app.sessionPaths.size === 0 ? undefined : releaseOf(app, readings);
  return released === undefined ? rule : rule.release(released);
}

/** Whether a request is for a page where people sign in or confirm who they are, however its path is read. */
function isEntryPage(app: CompiledApp, readings: PathReadings): boolean {
  return typeof readings === 'string' ? isEntryPath(app, readings) : readings.every((reading) => isEntryPath(app, reading));
}

function isEntryPath({ entryPaths }: CompiledApp, path: string): boolean {
  for (const entry of entryPaths) if (path === entry) return true;
  return false;
}

/** What is not asked on a path, however it is read; of two readings the one that leaves more to be asked. */
function releaseOf({ sessionPaths }: CompiledApp, readings: PathReadings): Release | undefined {
  if (typeof readings === 'string') return sessionPaths.get(readings);
  const released = readings.map((reading) => sessionPaths.get(reading));
  if (released.includes(undefined)) return undefined;
  return released.includes('confirmation') ? 'confirmation' : 'proof';
}

function withConditions(rule: Rule, facts: Facts, entry: boolean, asIfEnforced: CompiledCondition | undefined): Rule {
  let selected = rule;
  for (const condition of rule.app.conditions) {
    const counts = condition.enforced || condition === asIfEnforced;
    if (counts && conditionHolds(condition, facts)) selected = selected.tighten(entry ? condition.entryClause : condition.clause);
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
    if (exceptionApplies(exception, scope, rule.routes, facts, now)) selected = selected.loosen(exception.loosening);
  }
  return selected;
}
