import type { Challenge, Decision } from './decision.ts';
import type { CompiledApp } from './policy.ts';
import type { Reason } from './reason.ts';
import { type Clause, open, type Release, release, type Requirement, tighten } from './requirement.ts';

/** A loosening from an exception, ready to be applied. Compared by identity. */
export interface Loosening {
  readonly id: string;
  readonly apply: (requirement: Requirement) => Requirement;
}

/**
 * A requirement of one app, with the decisions that follow from it. Tightening the same rule by the same clause gives the
 * same object again, so a request that asks for nothing new allocates nothing.
 */
export class Rule {
  readonly app: CompiledApp;
  readonly requirement: Requirement;
  readonly routes: readonly string[];
  readonly exceptions: readonly string[];
  /** The answer for a request that passes with its session. */
  readonly allow: Decision;
  /** The answer for a request that passes without one. */
  readonly allowWithoutSession: Decision;
  // Weak: the rules of a guard that is made anew for every request go with it.
  readonly #next = new WeakMap<Clause | Loosening, Rule>();
  readonly #opened = new WeakMap<Clause, Rule>();
  readonly #released = new Map<Release, Rule>();
  readonly #verdicts = new Map<string, Decision>();

  constructor(app: CompiledApp, requirement: Requirement, routes: readonly string[] = [], exceptions: readonly string[] = []) {
    this.app = app;
    this.requirement = Object.freeze(requirement);
    this.routes = Object.freeze(routes);
    this.exceptions = Object.freeze(exceptions);
    this.allow = this.verdict('allow', 'allowed', 'keep', undefined);
    this.allowWithoutSession = this.verdict('allow', 'allowed', 'none', undefined);
  }

  /** This rule and the clause. `routeId` names the document's route that the clause stands for. */
  tighten(clause: Clause, routeId?: string): Rule {
    const known = this.#next.get(clause);
    if (known !== undefined) return known;
    return this.#remember(clause, this.#withRoute(tighten(this.requirement, clause, this.app.profile.stepUpDefaults), routeId));
  }

  /** This rule where a route of the document opens its paths to the public, tightened by whatever else the route asks. */
  open(clause: Clause, routeId: string): Rule {
    const known = this.#opened.get(clause);
    if (known !== undefined) return known;
    const opened = open(this.requirement, clause.source);
    const made = this.#withRoute(tighten(opened, clause, this.app.profile.stepUpDefaults), routeId);
    this.#opened.set(clause, made);
    return made;
  }

  /** This rule where people leave their session, or stay in it. */
  release(what: Release): Rule {
    const known = this.#released.get(what);
    if (known !== undefined) return known;
    const made = this.#withRoute(release(this.requirement, what), undefined);
    this.#released.set(what, made);
    return made;
  }

  /** This rule as an exception leaves it. */
  loosen(loosening: Loosening): Rule {
    const known = this.#next.get(loosening);
    if (known !== undefined) return known;
    const exceptions = [...this.exceptions, loosening.id];
    return this.#remember(loosening, new Rule(this.app, loosening.apply(this.requirement), this.routes, exceptions));
  }

  /** The decision for an outcome on this rule: the same object for the same question. */
  verdict(outcome: Decision['outcome'], reason: Reason, session: Decision['session'], kind: Challenge['kind'] | undefined): Decision {
    const key = `${outcome} ${reason} ${session} ${kind}`;
    const known = this.#verdicts.get(key);
    if (known !== undefined) return known;
    const made: Decision = Object.freeze({
      outcome,
      reason,
      challenge: kind === undefined ? undefined : Object.freeze(this.#challenge(kind)),
      session,
      requirement: this.requirement,
      app: this.app.name,
      profile: this.app.profile.name,
      routes: this.routes,
      route: this.routes[0],
      exceptions: this.exceptions,
      policyDigest: this.app.policyDigest,
    });
    this.#verdicts.set(key, made);
    return made;
  }

  #challenge(kind: Challenge['kind']): Challenge {
    const stepUp = kind === 'step-up' ? this.requirement.stepUp : undefined;
    return {
      kind,
      maxAgeMs: stepUp?.maxAge?.ms,
      level: stepUp?.level?.value,
      amr: stepUp?.amr.map((method) => method.value) ?? [],
    };
  }

  #withRoute(requirement: Requirement, routeId: string | undefined): Rule {
    return new Rule(this.app, requirement, routeId === undefined ? this.routes : [...this.routes, routeId], this.exceptions);
  }

  #remember(by: Clause | Loosening, made: Rule): Rule {
    this.#next.set(by, made);
    return made;
  }
}
