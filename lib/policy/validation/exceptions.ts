import type { ExceptionDocument, RouteDocument } from '../document.ts';
import { durationMs, formatDuration } from '../duration.ts';
import { parseInstant } from '../exceptions.ts';
import { nearest } from '../suggestion.ts';
import { shown } from '../text-forms.ts';
import type { Path } from './findings.ts';
import { checkIds, checkName, listed, type Portfolio, type SoundApp } from './portfolio.ts';
import type { Ceiling, ProfileLimits } from './profile-limits.ts';
import type { Sound } from './structure.ts';

type Exception = Sound<ExceptionDocument>;

/** Reports exceptions that nobody answers for, that last too long, that go too far, or that change nothing. */
export function checkExceptions(portfolio: Portfolio): void {
  const exceptions = portfolio.document.exceptions ?? [];
  checkIds(exceptions, ['exceptions'], portfolio.findings);
  exceptions.forEach((exception, index) => {
    if (exception !== undefined) checkException(portfolio, exception, ['exceptions', index]);
  });
}

function checkException(portfolio: Portfolio, exception: Exception, at: Path): void {
  checkApprover(portfolio, exception, at);
  const known = exception.app === undefined || checkName(portfolio, 'apps', exception.app, [...at, 'app']);
  const app = exception.app === undefined || !known ? undefined : portfolio.apps.get(exception.app);
  checkDates(portfolio, exception, app?.profile?.ceiling, at);
  if (exception.compensating?.device?.trust === 'none') {
    portfolio.findings.fault(
      [...at, 'compensating', 'device', 'trust'],
      'asks for nothing in return; leave `compensating` out or ask for more',
    );
  }
  if (app === undefined) return;
  const routesKnown = checkRouteNames(portfolio, exception, app, at);
  if (app.profile !== undefined && routesKnown) checkAllow(portfolio, exception, app, app.profile, at);
}

function checkApprover({ findings }: Portfolio, { owner, approvedBy }: Exception, at: Path): void {
  const person = (name: string): string => name.normalize('NFKC').replace(/\s+/g, ' ').trim().toLowerCase();
  if (owner !== undefined && approvedBy !== undefined && person(owner) === person(approvedBy)) {
    findings.fault([...at, 'approvedBy'], 'is the owner; somebody else approves an exception');
  }
}

function checkDates({ findings, unsure }: Portfolio, exception: Exception, ceiling: Ceiling | undefined, at: Path): void {
  const date = (field: 'approvedAt' | 'reviewBy' | 'expires'): number => {
    const text = exception[field];
    const instant = text === undefined ? undefined : parseInstant(text);
    if (text !== undefined && instant === undefined) findings.fault([...at, field], `${shown(text)} is a date that does not exist`);
    return instant ?? Number.NaN;
  };
  const [approvedAt, reviewBy, expires] = [date('approvedAt'), date('reviewBy'), date('expires')];
  const lifetime = expires - approvedAt;
  const review = reviewBy - approvedAt;
  const { exceptionLifetime = Number.NaN, exceptionReview = Number.NaN } = ceiling ?? {};
  if (lifetime <= 0) findings.fault([...at, 'expires'], 'is not after `approvedAt`');
  if (review <= 0) findings.fault([...at, 'reviewBy'], 'is not after `approvedAt`');
  if (reviewBy > expires) findings.fault([...at, 'reviewBy'], 'is after `expires`');
  if (lifetime > exceptionLifetime)
    findings.fault([...at, 'expires'], `is ${days(lifetime)} after the approval; at most ${formatDuration(exceptionLifetime)}`);
  if (review > exceptionReview)
    findings.fault([...at, 'reviewBy'], `is ${days(review)} after the approval; at most ${formatDuration(exceptionReview)}`);
  if (exception.reviewBy === undefined && !unsure(...at, 'reviewBy') && lifetime > exceptionReview) {
    findings.fault([...at, 'reviewBy'], `is missing: an exception for more than ${formatDuration(exceptionReview)} is reviewed on the way`);
  }
}

function days(ms: number): string {
  return `${Math.ceil(ms / 86_400_000)} days`;
}

function checkRouteNames({ findings, unsure }: Portfolio, exception: Exception, app: SoundApp, at: Path): boolean {
  if (unsure(...at, 'routes') || unsure('apps', app.name, 'routes')) return false;
  const known = (app.document.routes ?? []).map((route) => route?.id).filter((id) => id !== undefined);
  const unknown = (exception.routes ?? []).map((id, index) => ({ id, index })).filter(({ id }) => !known.includes(id));
  for (const { id, index } of unknown) {
    findings.fault(
      [...at, 'routes', index],
      `${shown(id)} is no route of app ${shown(app.name)}; there are ${listed(known)}`,
      nearest(id, known),
    );
  }
  return unknown.length === 0;
}

function checkAllow(portfolio: Portfolio, { allow, routes }: Exception, app: SoundApp, profile: ProfileLimits, at: Path): void {
  const named = (app.document.routes ?? []).filter((route) => route?.id !== undefined && routes?.includes(route.id));
  const inForce = limitsInForce(named as readonly Sound<RouteDocument>[], profile);
  for (const field of Object.keys(allow ?? {}) as (keyof NonNullable<typeof allow>)[]) {
    const value = field === 'stepUp' ? allow?.stepUp?.maxAge : allow?.[field];
    if (value === undefined) continue;
    const place = field === 'stepUp' ? [...at, 'allow', 'stepUp', 'maxAge'] : [...at, 'allow', field];
    checkAllowed(portfolio, durationMs(value, field), inForce[field], profile.ceiling[field === 'stepUp' ? 'stepUpMaxAge' : field], place);
  }
}

function checkAllowed({ findings }: Portfolio, allowed: number, inForce: readonly number[], ceiling: number, at: Path): void {
  const finite = inForce.filter((limit) => limit !== Number.POSITIVE_INFINITY);
  if (finite.every((limit) => allowed <= limit))
    findings.fault(at, `loosens nothing: ${finite.length === 0 ? 'there is no such limit' : 'no limit there is shorter'}`);
  else if (allowed > ceiling) findings.fault(at, `is past the ceiling of ${formatDuration(ceiling)}`);
}

/** The limits that an exception can make longer: the profile's own, and those of the routes it names. */
function limitsInForce(
  routes: readonly Sound<RouteDocument>[],
  profile: ProfileLimits,
): Readonly<Record<'idle' | 'absolute' | 'stepUp', readonly number[]>> {
  const idles = routes.filter((route) => route.idle !== undefined).map((route) => durationMs(route.idle, 'idle'));
  const ages = routes
    .filter((route) => route.stepUp !== undefined)
    .map((route) =>
      Math.min(
        profile.stepUpCap,
        route.stepUp?.maxAge === undefined ? Number.POSITIVE_INFINITY : durationMs(route.stepUp.maxAge, 'maxAge'),
      ),
    );
  return { idle: [profile.idle, ...idles], absolute: [profile.absolute], stepUp: [profile.ownStepUp, ...ages] };
}
