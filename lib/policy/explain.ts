import { CHECKS } from './checks.ts';
import { conditionHolds } from './conditions.ts';
import { judge, outside } from './decide.ts';
import type { Decision } from './decision.ts';
import { type PresentedDevice, provenUntil } from './device.ts';
import type { Facts, SessionFacts } from './facts.ts';
import { freshness, metAt } from './freshness.ts';
import type { CompiledApp, Policy } from './policy.ts';
import type { Reason } from './reason.ts';
import type { Clause, Limit } from './requirement.ts';
import type { Rule } from './rule.ts';
import { selectApp, selectRule } from './select-rule.ts';
import { sessionStart } from './session-start.ts';

/** What one check says of the facts. A check that would need a session that is not there is `skipped`. */
export interface CheckTrace {
  readonly check: string;
  readonly result: 'pass' | 'fail' | 'skipped';
  readonly reason?: Reason;
}

/** Milliseconds left of each limit, `undefined` where there is no such limit or no session; never below 0. */
export interface TimeLeft {
  readonly idleMs: number | undefined;
  readonly routeIdleMs: number | undefined;
  readonly absoluteMs: number | undefined;
  readonly stepUpMs: number | undefined;
  /** Until the device has to prove anew what is asked of it. */
  readonly deviceMs: number | undefined;
}

/** What a condition in `report` mode would have decided. */
export interface ReportedCondition {
  readonly condition: string;
  readonly wouldBe: Decision;
}

/** A decision with the complete trace that leads to it. */
export interface Explanation<AppName extends string = string, ProfileName extends string = string, RouteId extends string = string> {
  readonly decision: Decision<AppName, ProfileName, RouteId>;
  readonly checks: readonly CheckTrace[];
  readonly left: TimeLeft;
  readonly reported: readonly ReportedCondition[];
}

const NOTHING_LEFT: TimeLeft = {
  idleMs: undefined,
  routeIdleMs: undefined,
  absoluteMs: undefined,
  stepUpMs: undefined,
  deviceMs: undefined,
};

/**
 * The decision of `decide` on the same facts, with the result of every check, the time left of every limit and what
 * conditions in `report` mode would have done. Pure, like `decide`; it allocates, so it is for tests, support and reports.
 *
 * @param now Epoch milliseconds of the store's clock.
 * @param guards Clauses of inline guards; each only tightens.
 * @example
 * explain(policy, facts, now).checks.filter((check) => check.result === 'fail');
 */
export function explain<AppName extends string, ProfileName extends string, RouteId extends string>(
  policy: Policy<AppName, ProfileName, RouteId>,
  facts: Facts,
  now: number,
  guards: readonly Clause[] = [],
): Explanation<AppName, ProfileName, RouteId> {
  return explainFor(policy, facts, now, guards) as Explanation<AppName, ProfileName, RouteId>;
}

function explainFor(policy: Policy, facts: Facts, now: number, guards: readonly Clause[]): Explanation {
  const app = selectApp(policy, facts.request);
  if (typeof app === 'string') return { decision: outside(policy, app), checks: [], left: NOTHING_LEFT, reported: [] };
  const rule = guards.reduce((one, guard) => one.tighten(guard), selectRule(app, facts, now));
  return {
    decision: judge(rule, facts, now),
    checks: trace(rule, facts, now),
    left: timeLeft(rule, facts, now),
    reported: reported(app, facts, now, guards),
  };
}

const NEEDS_NO_SESSION: ReadonlySet<string> = new Set(['condition', 'workload', 'workstation', 'proof', 'ended', 'presence']);

function trace(rule: Rule, facts: Facts, now: number): readonly CheckTrace[] {
  return CHECKS.map(({ name, run }) => {
    if (facts.session === undefined && !NEEDS_NO_SESSION.has(name)) return { check: name, result: 'skipped' };
    const verdict = run(rule, facts, now);
    return verdict === undefined || verdict === rule.allowWithoutSession
      ? { check: name, result: 'pass' }
      : { check: name, result: 'fail', reason: verdict.reason };
  });
}

function timeLeft(rule: Rule, facts: Facts, now: number): TimeLeft {
  const { session } = facts;
  if (session === undefined) return NOTHING_LEFT;
  const { requirement } = rule;
  const { idle, routeIdle, absolute, absoluteFrom } = requirement;
  const gapIsPast = routeIdle !== undefined && !(session.longestGapMs < routeIdle.ms);
  return {
    idleMs: left(idle, session.lastActiveAt, now),
    routeIdleMs: gapIsPast ? 0 : left(routeIdle, session.lastActiveAt, now),
    absoluteMs: left(absolute, sessionStart(session, absoluteFrom, now), now),
    stepUpMs: stepUpLeft(rule, session, now, facts.request.action),
    deviceMs: deviceLeft(rule, session, facts.device, now),
  };
}

function stepUpLeft(rule: Rule, session: SessionFacts, now: number, action: string | undefined): number | undefined {
  const asked = rule.requirement.stepUp;
  if (asked?.maxAge === undefined) return undefined;
  const { rankOf } = rule.app.profile.stepUpDefaults;
  return freshness(session, asked, rankOf, now, action) === 'fresh' ? left(asked.maxAge, metAt(session, asked, rankOf, now), now) : 0;
}

function deviceLeft(rule: Rule, session: SessionFacts, presented: PresentedDevice | undefined, now: number): number | undefined {
  const asked = rule.requirement.device;
  if (asked === undefined || asked.trust.value === 'none') return undefined;
  const demand = { trust: asked.trust.value, maxAgeMs: asked.maxAge?.ms };
  const until = provenUntil(session.device, presented, demand, rule.app.dbsc?.proofMs ?? 0, now);
  return until === Number.POSITIVE_INFINITY ? undefined : Math.max(0, until - now);
}

function left(limit: Limit | undefined, since: number, now: number): number | undefined {
  if (limit === undefined) return undefined;
  const ms = since + limit.ms - now;
  return ms > 0 ? ms : 0;
}

function reported(app: CompiledApp, facts: Facts, now: number, guards: readonly Clause[]): readonly ReportedCondition[] {
  return app.conditions
    .filter((condition) => !condition.enforced && conditionHolds(condition, facts))
    .map((condition) => {
      const rule = guards.reduce((one, guard) => one.tighten(guard), selectRule(app, facts, now, condition));
      return { condition: condition.id, wouldBe: judge(rule, facts, now) };
    });
}
