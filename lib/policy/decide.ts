import { CHECKS, type Check } from './checks.ts';
import type { Decision } from './decision.ts';
import type { Facts } from './facts.ts';
import type { Policy } from './policy.ts';
import type { Clause } from './requirement.ts';
import type { Rule } from './rule.ts';
import { selectApp, selectRule } from './select-rule.ts';

const NO_GUARDS: readonly Clause[] = [];
const NONE: readonly string[] = Object.freeze([]);

/**
 * Decides whether a request may go on. Pure: the same policy, facts and time give the same decision, and nothing is read or
 * changed. On the way to `allow` it allocates nothing once a rule has been seen before.
 *
 * @param now Epoch milliseconds of the store's clock.
 * @param guards Clauses of inline guards; each only tightens.
 * @example
 * const decision = decide(policy, { request: { method: 'GET', host: 'shop.example.com', path: '/account' }, session }, now);
 * if (decision.outcome !== 'allow') console.log(decision.reason);
 */
export function decide<AppName extends string, ProfileName extends string, RouteId extends string>(
  policy: Policy<AppName, ProfileName, RouteId>,
  facts: Facts,
  now: number,
  guards: readonly Clause[] = NO_GUARDS,
): Decision<AppName, ProfileName, RouteId> {
  return decideFor(policy, facts, now, guards) as Decision<AppName, ProfileName, RouteId>;
}

function decideFor(policy: Policy, facts: Facts, now: number, guards: readonly Clause[]): Decision {
  const app = selectApp(policy, facts.request);
  if (typeof app === 'string') return outside(policy, app);
  let rule = selectRule(app, facts, now);
  for (const guard of guards) rule = rule.tighten(guard);
  return judge(rule, facts, now);
}

/** Runs the checks in order; the first that does not pass decides. */
export function judge(rule: Rule, facts: Facts, now: number): Decision {
  for (let index = 0; index < CHECKS.length; index += 1) {
    const verdict = (CHECKS[index] as Check).run(rule, facts, now);
    if (verdict !== undefined) return verdict;
  }
  return rule.allow;
}

/** The decision for a request that no app covers, or that more than one could. */
export function outside(policy: Policy, why: 'unknown' | 'ambiguous'): Decision {
  return Object.freeze({
    outcome: 'deny',
    reason: why === 'unknown' ? 'app_unknown' : 'path_ambiguous',
    challenge: undefined,
    session: 'none',
    requirement: undefined,
    app: undefined,
    profile: undefined,
    routes: NONE,
    route: undefined,
    exceptions: NONE,
    policyDigest: policy.digest,
  });
}
