import type { SessionFacts } from './facts.ts';
import { doneAt } from './instant.ts';
import type { Requirement } from './requirement.ts';

/** What the absolute timeout of a session is counted from. */
export function sessionStart(session: SessionFacts, from: Requirement['absoluteFrom'], now: number): number {
  if (from === 'sign-in') return session.createdAt;
  return Math.max(session.createdAt, doneAt(session.authenticatedAt, now));
}
