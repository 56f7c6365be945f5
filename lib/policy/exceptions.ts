import { deviceClause } from './clause.ts';
import { isProven } from './device.ts';
import type { AllowDocument, ExceptionDocument } from './document.ts';
import { durationMs } from './duration.ts';
import type { Facts } from './facts.ts';
import type { Clause, Limit, Requirement, Source } from './requirement.ts';
import type { Loosening } from './rule.ts';

/** An exception, ready to be asked whether it applies. */
export interface CompiledException {
  readonly id: string;
  /** Routes it is for; the whole app, without them. */
  readonly routes: readonly string[] | undefined;
  readonly fromAt: number;
  /** The end: its expiry or the review that did not happen, whichever is first. */
  readonly untilAt: number;
  readonly compensating: Clause['device'] | undefined;
  readonly loosening: Loosening;
}

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;

/** Epoch milliseconds of a date (start of the day, UTC) or an instant with its offset; `undefined` if it is neither. */
export function parseInstant(text: unknown): number | undefined {
  if (typeof text !== 'string' || !(DATE.test(text) || INSTANT.test(text))) return undefined;
  const at = Date.parse(text);
  if (Number.isNaN(at)) return undefined;
  // Date.parse rolls 2026-02-30 over into March; a date that does not exist is no date.
  return DATE.test(text) && new Date(at).toISOString().slice(0, 10) !== text ? undefined : at;
}

export function compileException(exception: ExceptionDocument): CompiledException {
  const instant = (text: string | undefined): number => parseInstant(text) ?? Number.NEGATIVE_INFINITY;
  const reviewAt = exception.reviewBy === undefined ? Number.POSITIVE_INFINITY : instant(exception.reviewBy);
  return {
    id: exception.id,
    routes: exception.routes,
    fromAt: parseInstant(exception.approvedAt) ?? Number.POSITIVE_INFINITY,
    untilAt: Math.min(instant(exception.expires), reviewAt),
    compensating: deviceClause(exception.compensating?.device).device,
    loosening: { id: exception.id, apply: loosening(exception.allow, `exception:${exception.id}`) },
  };
}

/** Whether an exception applies at this moment to a session on the routes that were matched. */
export function exceptionApplies(
  exception: CompiledException,
  scope: 'app' | 'routes',
  matched: readonly string[],
  facts: Pick<Facts, 'session' | 'device'>,
  now: number,
): boolean {
  const inForce = now >= exception.fromAt && now < exception.untilAt;
  if (!inForce || !compensated(exception.compensating, facts, now)) return false;
  const { routes } = exception;
  if (scope === 'app') return routes === undefined;
  return routes !== undefined && matched.length > 0 && matched.every((id) => routes.includes(id));
}

function compensated(asked: Clause['device'] | undefined, { session, device }: Pick<Facts, 'session' | 'device'>, now: number): boolean {
  return asked === undefined || isProven(session?.device, device, asked.trust, asked.maxAgeMs, now);
}

function loosening(allow: AllowDocument, source: Source): (requirement: Requirement) => Requirement {
  const idle = allow.idle === undefined ? undefined : durationMs(allow.idle, source);
  const absolute = allow.absolute === undefined ? undefined : durationMs(allow.absolute, source);
  const maxAge = allow.stepUp === undefined ? undefined : durationMs(allow.stepUp.maxAge, source);
  const longer = (limit: Limit | undefined, ms: number | undefined): Limit | undefined =>
    limit === undefined || ms === undefined || limit.ms >= ms ? limit : { ms, source };
  return (requirement) => ({
    ...requirement,
    idle: longer(requirement.idle, idle),
    routeIdle: longer(requirement.routeIdle, idle),
    absolute: longer(requirement.absolute, absolute),
    stepUp: requirement.stepUp && { ...requirement.stepUp, maxAge: longer(requirement.stepUp.maxAge, maxAge) },
  });
}
