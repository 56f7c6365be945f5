import type { SessionFacts } from './facts.ts';
import { doneAt } from './instant.ts';
import type { StepUpDefaults, StepUpRequirement } from './requirement.ts';

/** How a session meets a demand for fresh authentication. */
export type Freshness = 'fresh' | 'stale' | 'assurance_insufficient';

/**
 * When the demand was last met in full by active authentication: at the level, and with every method, that it asks for. The
 * oldest of these counts. 0 if that never happened.
 */
export function metAt(session: SessionFacts, asked: StepUpRequirement, rankOf: StepUpDefaults['rankOf'], now: number): number {
  let oldestAt =
    asked.level === undefined ? doneAt(session.authenticatedAt, now) : levelReachedAt(session, rankOf(asked.level.value), rankOf, now);
  for (const method of asked.amr) {
    const usedAt = Object.hasOwn(session.methods, method.value) ? doneAt(session.methods[method.value], now) : 0;
    if (usedAt < oldestAt) oldestAt = usedAt;
  }
  return oldestAt;
}

/** Whether a demand is met now, for the request that stands for `action`. */
export function freshness(
  session: SessionFacts,
  asked: StepUpRequirement,
  rankOf: StepUpDefaults['rankOf'],
  now: number,
  action?: string,
): Freshness {
  const at = metAt(session, asked, rankOf, now);
  if (at === 0) return asked.level === undefined && asked.amr.length === 0 ? 'stale' : 'assurance_insufficient';
  const recent = asked.maxAge === undefined || now - at <= asked.maxAge.ms;
  const unspent = asked.once === undefined || at > session.spentAt;
  return recent && unspent && isForAction(session, asked, action) ? 'fresh' : 'stale';
}

/** What was confirmed for one action and its values opens no other that is for once, nor the same with other values. */
function isForAction({ authenticatedFor }: SessionFacts, { boundTo, once }: StepUpRequirement, action: string | undefined): boolean {
  if (boundTo.length > 0) return boundTo.every(({ value }) => value === authenticatedFor);
  if (once === undefined || authenticatedFor === undefined) return true;
  return action !== undefined && authenticatedFor.startsWith(action);
}

/** When a level at least as high was last reached; 0 if never. A level without a rank is never reached. */
function levelReachedAt(session: SessionFacts, rank: number, rankOf: StepUpDefaults['rankOf'], now: number): number {
  if (rank < 0) return 0;
  let reachedAt = 0;
  for (const level in session.levels) {
    const at = doneAt(session.levels[level], now);
    if (at > reachedAt && rankOf(level) >= rank) reachedAt = at;
  }
  return reachedAt;
}
