import type { Access, DeviceTrust, SubjectKind } from './document.ts';

/** Where a number or demand comes from, like `preset:admin`, `route:account` or `exception:EX-7`. */
export type Source = `${'default' | 'preset' | 'profile' | 'app' | 'route' | 'condition' | 'exception' | 'guard'}:${string}`;

/** A value and where it comes from. */
export interface Sourced<T> {
  readonly value: T;
  readonly source: Source;
}

/** A length of time in milliseconds and where it comes from. */
export interface Limit {
  readonly ms: number;
  readonly source: Source;
}

/** A demand for fresh authentication, as it is enforced. */
export interface StepUpRequirement {
  readonly maxAge: Limit | undefined;
  readonly level: Sourced<string> | undefined;
  readonly amr: readonly Sourced<string>[];
  readonly once: Source | undefined;
  /** Actions, as digests, that the authentication has to be for: this one and no other. */
  readonly boundTo: readonly Sourced<string>[];
}

/** A demand on the device, as it is enforced. */
export interface DeviceRequirement {
  readonly trust: Sourced<DeviceTrust>;
  readonly maxAge: Limit | undefined;
}

/** All that is asked of a request, after selecting and tightening. */
export interface Requirement {
  readonly access: Sourced<Access>;
  readonly subjects: Sourced<readonly SubjectKind[]>;
  /** The session's own idle timeout: it ends the session. */
  readonly idle: Limit | undefined;
  /** Bound on the longest gap between activities: it challenges. */
  readonly routeIdle: Limit | undefined;
  readonly absolute: Limit | undefined;
  readonly absoluteFrom: 'sign-in' | 'reauthentication';
  readonly stepUp: StepUpRequirement | undefined;
  /** Set where a step-up cannot be met at all. */
  readonly stepUpRefused: Source | undefined;
  readonly device: DeviceRequirement | undefined;
  /** Set where nobody gets anywhere but from a workstation that an administrator has enrolled. */
  readonly workstation: Source | undefined;
  readonly activity: Sourced<'active' | 'passive'>;
  /** Set where a condition turns the request away. */
  readonly blocked: Source | undefined;
  /** Scopes that another person has to have approved. */
  readonly approvals: readonly Sourced<string>[];
}

/** One tightening: from a route, a condition or a guard. Compared by identity, so it is made once and kept. */
export interface Clause {
  readonly source: Source;
  readonly idleMs?: number;
  /** `route` bounds the longest gap, `session` the session's own idle timeout, `both` the two of them. */
  readonly idleScope?: 'session' | 'route' | 'both';
  readonly absoluteMs?: number;
  readonly stepUp?: {
    readonly maxAgeMs?: number;
    readonly level?: string;
    readonly amr?: readonly string[];
    readonly once?: boolean;
    readonly boundTo?: string;
  };
  readonly device?: { readonly trust: DeviceTrust; readonly maxAgeMs?: number };
  readonly subjects?: readonly SubjectKind[];
  /** Somebody has to be signed in. The other way, a route of the document opens: see `open`. */
  readonly access?: 'authenticated';
  readonly passive?: boolean;
  readonly block?: boolean;
  /** A scope that another person has to have approved. */
  readonly approval?: string;
}

/** What a profile says about step-ups that leave something open. */
export interface StepUpDefaults {
  readonly maxAge: Limit | undefined;
  /** Position of an assurance level, from 0; negative for one that the policy does not know. */
  readonly rankOf: (level: string) => number;
}

const TRUST_RANK: Readonly<Record<DeviceTrust, number>> = { none: 0, known: 1, bound: 2, attested: 3, managed: 4 };

/** Position of a device trust: each implies the ones below it. What is no device trust has none, and compares with nothing. */
export function trustRank(trust: DeviceTrust): number {
  return Object.hasOwn(TRUST_RANK, trust) ? TRUST_RANK[trust] : Number.NaN;
}

/** The requirement with its paths opened to the public, by a route of the document. Only before any tightening. */
export function open(base: Requirement, source: Source): Requirement {
  return base.access.value === 'public' ? base : { ...base, access: { value: 'public', source } };
}

/**
 * What is not asked where people see what their session is about and leave it: `confirmation` whatever only an authentication meets, `proof`
 * also the demand on the device.
 */
export type Release = 'confirmation' | 'proof';

/** The requirement without these; who is signed in, from where and for how long is asked as ever. */
export function release(requirement: Requirement, what: Release): Requirement {
  const { device } = requirement;
  return { ...requirement, stepUp: undefined, routeIdle: undefined, approvals: [], device: what === 'proof' ? undefined : device };
}

/** The requirement with a clause applied. Only ever as strict or stricter, field by field. */
export function tighten(base: Requirement, clause: Clause, defaults: StepUpDefaults): Requirement {
  const { idleScope = 'route' } = clause;
  return {
    access:
      clause.access === 'authenticated' && base.access.value === 'public' ? { value: 'authenticated', source: clause.source } : base.access,
    subjects: clause.subjects === undefined ? base.subjects : intersect(base.subjects, clause.subjects, clause.source),
    idle: idleScope === 'route' ? base.idle : shorter(base.idle, clause.idleMs, clause.source),
    routeIdle: idleScope === 'session' ? base.routeIdle : shorter(base.routeIdle, clause.idleMs, clause.source),
    absolute: shorter(base.absolute, clause.absoluteMs, clause.source),
    absoluteFrom: base.absoluteFrom,
    stepUp: clause.stepUp === undefined ? base.stepUp : tightenStepUp(base.stepUp, clause.stepUp, clause.source, defaults),
    stepUpRefused: base.stepUpRefused,
    device: clause.device === undefined ? base.device : tightenDevice(base.device, clause.device, clause.source),
    workstation: base.workstation,
    activity: clause.passive === true && base.activity.value === 'active' ? { value: 'passive', source: clause.source } : base.activity,
    blocked: base.blocked ?? (clause.block === true ? clause.source : undefined),
    approvals: together(base.approvals, clause.approval, clause.source),
  };
}

function shorter(limit: Limit | undefined, ms: number | undefined, source: Source): Limit | undefined {
  return ms === undefined || (limit !== undefined && limit.ms <= ms) ? limit : { ms, source };
}

function shorterOf(a: Limit | undefined, b: Limit | undefined): Limit | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.ms <= b.ms ? a : b;
}

function intersect(base: Sourced<readonly SubjectKind[]>, kinds: readonly SubjectKind[], source: Source): Sourced<readonly SubjectKind[]> {
  const value = base.value.filter((kind) => kinds.includes(kind));
  return value.length === base.value.length ? base : { value, source };
}

function tightenStepUp(
  base: StepUpRequirement | undefined,
  asked: NonNullable<Clause['stepUp']>,
  source: Source,
  defaults: StepUpDefaults,
): StepUpRequirement {
  return {
    maxAge: shorter(shorterOf(base?.maxAge, defaults.maxAge), asked.maxAgeMs, source),
    level: higherLevel(base?.level, asked.level, source, defaults),
    amr: (asked.amr ?? []).reduce((all, method) => together(all, method, source), base?.amr ?? NONE),
    once: base?.once ?? (asked.once === true ? source : undefined),
    boundTo: together(base?.boundTo ?? NONE, asked.boundTo, source),
  };
}

const NONE: readonly Sourced<string>[] = Object.freeze([]);

/** All of these, and one more if it is not among them. */
function together(all: readonly Sourced<string>[], value: string | undefined, source: Source): readonly Sourced<string>[] {
  return value === undefined || all.some((one) => one.value === value) ? all : [...all, { value, source }];
}

function higherLevel(
  base: Sourced<string> | undefined,
  level: string | undefined,
  source: Source,
  defaults: StepUpDefaults,
): Sourced<string> | undefined {
  if (level === undefined) return base;
  return base !== undefined && demandRank(base.value, defaults) >= demandRank(level, defaults) ? base : { value: level, source };
}

/** A level that the policy does not know is never reached: as a demand it stands above all. */
function demandRank(level: string, defaults: StepUpDefaults): number {
  const rank = defaults.rankOf(level);
  return rank < 0 ? Number.POSITIVE_INFINITY : rank;
}

function tightenDevice(base: DeviceRequirement | undefined, asked: NonNullable<Clause['device']>, source: Source): DeviceRequirement {
  const stays = base !== undefined && trustRank(base.trust.value) >= trustRank(asked.trust);
  return {
    trust: stays ? base.trust : { value: asked.trust, source },
    maxAge: shorter(base?.maxAge, asked.maxAgeMs, source),
  };
}
