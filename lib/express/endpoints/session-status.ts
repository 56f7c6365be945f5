import { explain, type TimeLeft } from '../../policy/explain.ts';
import type { Facts, Subject } from '../../policy/facts.ts';
import type { Decision } from '../../policy/decision.ts';
import type { Reason } from '../../policy/reason.ts';
import type { Limit, Requirement, Source } from '../../policy/requirement.ts';
import type { RequestContext } from '../request-context.ts';

/** A time limit in force, and where in the policy it comes from. */
export interface LimitStatus {
  readonly seconds: number;
  readonly source: Source;
}

/** One value for each limit on the time of a session; `null` where there is no such limit. */
export interface PerLimit<T> {
  /** Without activity the session ends. */
  readonly idle: T | null;
  /** After a longer gap between two activities the route asks for a confirmation. */
  readonly routeIdle: T | null;
  /** The session ends, whatever happens. */
  readonly absolute: T | null;
  /** After that the route asks for a confirmation, or a stronger one. */
  readonly stepUp: T | null;
}

/** What `sessionEndpoints()` answers about a session: the rule in force for a route, and what is left of it. */
export interface SessionStatus {
  readonly app: string;
  readonly profile: string;
  readonly subject: Subject;
  /** Epoch milliseconds of the store's clock, like all instants. */
  readonly now: number;
  readonly createdAt: number;
  /** Last active authentication (OIDC `auth_time`), 0 if there was none. */
  readonly authenticatedAt: number;
  readonly lastActiveAt: number;
  /** What would become of a request for the route now. Guards in code are not known here. */
  readonly outcome: Decision['outcome'];
  readonly reason: Reason;
  readonly rule: PerLimit<LimitStatus>;
  /** Whole seconds, never more than there are. */
  readonly left: PerLimit<number>;
}

/** The status of the session of a request, as it bears on a route: that of `facts`. */
export function sessionStatus(context: RequestContext, facts: Facts): SessionStatus | undefined {
  const { loaded, now, runtime } = context;
  if (loaded?.record.subject === undefined) return undefined;
  const { decision, left } = explain(context.inForce.policy, facts, now);
  const { subject, createdAt, authenticatedAt, lastActiveAt } = loaded.record;
  return {
    app: runtime.app.name,
    profile: runtime.app.profile.name,
    subject,
    now,
    createdAt,
    authenticatedAt,
    lastActiveAt,
    outcome: decision.outcome,
    reason: decision.reason,
    rule: ruleOf(decision.requirement),
    left: secondsLeft(left),
  };
}

function ruleOf(requirement: Requirement | undefined): PerLimit<LimitStatus> {
  return {
    idle: limitStatus(requirement?.idle),
    routeIdle: limitStatus(requirement?.routeIdle),
    absolute: limitStatus(requirement?.absolute),
    stepUp: limitStatus(requirement?.stepUp?.maxAge),
  };
}

function limitStatus(limit: Limit | undefined): LimitStatus | null {
  return limit === undefined ? null : { seconds: wholeSeconds(limit.ms), source: limit.source };
}

function secondsLeft({ idleMs, routeIdleMs, absoluteMs, stepUpMs }: TimeLeft): PerLimit<number> {
  const seconds = (ms: number | undefined): number | null => (ms === undefined ? null : wholeSeconds(ms));
  return { idle: seconds(idleMs), routeIdle: seconds(routeIdleMs), absolute: seconds(absoluteMs), stepUp: seconds(stepUpMs) };
}

function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1_000);
}
