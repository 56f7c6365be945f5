import { deviceClause, stepUpClause } from './clause.ts';
import type { AppDocument, ConditionDocument, SubjectKind } from './document.ts';
import { durationMs } from './duration.ts';
import type { Facts, Subject } from './facts.ts';
import { type NetworkSet, networkSet } from './network.ts';
import { someMethodFits } from './request-method.ts';
import type { Clause } from './requirement.ts';

/** A condition that can concern an app: what it looks at in a request, and what it asks for. */
export interface CompiledCondition {
  readonly id: string;
  readonly enforced: boolean;
  readonly methods: readonly string[] | undefined;
  readonly subjects: readonly SubjectKind[] | undefined;
  readonly inside: NetworkSet | undefined;
  readonly outside: NetworkSet | undefined;
  readonly clause: Clause;
  /** What is left of it on the pages that people sign in and confirm who they are on: limits of the session, and `block`. */
  readonly entryClause: Clause;
}

/** Whether a condition's fixed part (app, profile, tags) selects an app. */
export function conditionSelects(condition: ConditionDocument, name: string, app: AppDocument): boolean {
  const { apps, profiles, tags } = condition.when;
  return (
    (apps === undefined || apps.includes(name)) &&
    (profiles === undefined || profiles.includes(app.profile)) &&
    (tags === undefined || tags.some((tag) => app.tags?.includes(tag) === true))
  );
}

export function compileCondition(condition: ConditionDocument): CompiledCondition {
  const { when, require } = condition;
  const limits: Clause = {
    source: `condition:${condition.id}`,
    ...(require.idle === undefined ? {} : { idleMs: durationMs(require.idle, condition.id), idleScope: 'session' as const }),
    ...(require.absolute === undefined ? {} : { absoluteMs: durationMs(require.absolute, condition.id) }),
    ...(require.subjects === undefined ? {} : { subjects: require.subjects }),
    ...(require.block === undefined ? {} : { block: true }),
  };
  return {
    id: condition.id,
    enforced: condition.mode !== 'report',
    methods: when.methods?.map((method) => method.toUpperCase()),
    subjects: when.subjects,
    inside: when.network?.in === undefined ? undefined : networkSet(when.network.in),
    outside: when.network?.notIn === undefined ? undefined : networkSet(when.network.notIn),
    entryClause: limits,
    clause: {
      ...limits,
      // A request that the condition does not select can come first and count as activity: the gap before it still counts here.
      ...(require.idle === undefined ? {} : { idleScope: 'both' as const }),
      ...stepUpClause(require.stepUp),
      ...deviceClause(require.device),
    },
  };
}

/**
 * Whether a condition selects a request. What is not known selects, since selecting can only tighten: an address that is missing
 * or is none is taken as inside `in` and outside `notIn`. Nobody being signed in is known: no kind of subject is meant by it.
 */
export function conditionHolds(condition: CompiledCondition, facts: Facts): boolean {
  return (
    someMethodFits(condition.methods, facts.request) &&
    (condition.subjects === undefined || kindMeant(condition.subjects, facts.session?.subject)) &&
    ((condition.inside === undefined && condition.outside === undefined) || networkMeant(condition, facts.request.ip))
  );
}

function kindMeant(kinds: readonly SubjectKind[], subject: Subject | undefined): boolean {
  return subject !== undefined && kinds.includes(subject.kind);
}

function networkMeant({ inside, outside }: CompiledCondition, ip: string | undefined): boolean {
  return ip === undefined || (inside?.(ip) !== false && outside?.(ip) !== true);
}
