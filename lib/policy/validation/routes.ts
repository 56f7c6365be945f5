import { parse, pathToRegexp } from 'path-to-regexp';
import type { RouteDocument } from '../document.ts';
import { durationMs, formatDuration } from '../duration.ts';
import { sessionPaths } from '../own-paths.ts';
import { shown } from '../text-forms.ts';
import { checkDeviceAgainst, checkStepUp, checkStepUpAgainst } from './demands.ts';
import { noteProofAge } from './devices.ts';
import { type Entries, takerOf } from './app-meetings.ts';
import type { Path } from './findings.ts';
import { checkIds, listed, type Portfolio, type SoundApp } from './portfolio.ts';
import type { ProfileLimits } from './profile-limits.ts';
import type { Sound } from './structure.ts';

type Route = Sound<RouteDocument>;

const DEMANDS = ['idle', 'stepUp', 'device', 'subjects'] as const;

/** Reports what is wrong with the routes of an app: by themselves, among each other, and against its profile. */
export function checkRoutes(portfolio: Portfolio, app: SoundApp, entries: Entries): void {
  const routes = app.document.routes ?? [];
  const at: Path = ['apps', app.name, 'routes'];
  checkIds(routes, at, portfolio.findings);
  const seen = new Map<string, number>();
  routes.forEach((route, index) => {
    if (route === undefined) return;
    const place = [...at, index];
    checkTwice(portfolio, route, index, place, seen);
    checkPath(portfolio, app, route, place, entries);
    checkAccess(portfolio, route, place);
    checkStepUp(portfolio, route.stepUp, [...place, 'stepUp'], app.profile?.stepUpCap ?? Number.NaN);
    if (app.profile !== undefined) checkAgainstProfile(portfolio, route, app.profile, place);
  });
}

/** What is wrong with a path pattern; `undefined` if Express 5 would take it. */
function patternFault(path: string): string | undefined {
  try {
    pathToRegexp(path.replace(/\/+$/, '') || '/');
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/(?:: .*|; visit .*)$/s, '') : 'cannot be read';
  }
}

function checkTwice({ findings, unsure }: Portfolio, route: Route, index: number, at: Path, seen: Map<string, number>): void {
  if (route.path === undefined || unsure(...at, 'methods')) return;
  const methods = [...new Set(route.methods?.map((method) => method.toUpperCase()))].sort();
  const key = `${methods.join(' ')} ${route.path.toLowerCase().replace(/\/+$/, '')}`;
  const earlier = seen.get(key);
  if (earlier === undefined) seen.set(key, index);
  else findings.fault([...at, 'path'], `routes[${earlier}] is for the same path and methods; write one route for both`);
}

function checkPath(portfolio: Portfolio, app: SoundApp, { path, ...route }: Route, at: Path, entries: Entries): void {
  if (path === undefined) return;
  const { findings } = portfolio;
  const place = [...at, 'path'];
  const wrong = patternFault(path);
  if (wrong !== undefined) return findings.fault(place, `${shown(path)} is not a path pattern of Express 5: ${wrong}`);
  checkReached(portfolio, app, path, place, entries);
  const closes = route.access === 'authenticated' || DEMANDS.some((field) => route[field] !== undefined);
  const isEntry = path === app.document.loginUrl || path === app.document.reauthenticateUrl;
  if (isEntry && closes) {
    findings.fault(place, 'is a sign-in page of the app, which is public by itself: what the route asks for would never be asked');
  }
  const released = releasedOn(app, path).filter((field) => route[field] !== undefined);
  if (released.length > 0) {
    findings.fault(place, `is a path of sessionUrl, where people leave their session: ${released.join(', ')} would never be asked`);
  }
}

/** What a route would ask in vain where `sessionEndpoints` answers. */
function releasedOn({ document: { sessionUrl } }: SoundApp, path: string): readonly ('idle' | 'stepUp' | 'device')[] {
  const own = sessionUrl === undefined ? undefined : new Map(sessionPaths(sessionUrl)).get(path);
  if (own === undefined) return [];
  return own === 'proof' ? ['idle', 'stepUp', 'device'] : ['idle', 'stepUp'];
}

/** Reports a path that no request of the app can have. */
function checkReached({ findings }: Portfolio, app: SoundApp, path: string, at: Path, entries: Entries): void {
  const own = entries.of.get(app.name);
  if (own === undefined) return;
  const reached = own.filter(({ prefix }) => canLieUnder(path, prefix));
  if (reached.length === 0) {
    const prefixes = [...new Set(own.map(({ prefix }) => prefix))];
    return findings.fault(at, `can never match: the app has only paths under ${listed(prefixes)}`);
  }
  const { start, fixed } = literalStart(path);
  const taker = takerOf(reached, entries.all, fixed ? start : start.slice(0, start.lastIndexOf('/') + 1));
  if (taker !== undefined && takerOf(own, entries.all) === undefined) {
    findings.fault(at, `can never match: app ${shown(taker)} comes first and takes requests for this path`);
  }
}

/** Whether some path that fits the pattern can be at or below a lower-case prefix. */
function canLieUnder(path: string, prefix: string): boolean {
  const { start, fixed } = literalStart(path);
  const under = prefix === '' || start === prefix || start.startsWith(`${prefix}/`);
  return under || (!fixed && `${prefix}/`.startsWith(start));
}

/** The text that every path that matches begins with, in lower case, and whether that is all of it. */
function literalStart(path: string): { readonly start: string; readonly fixed: boolean } {
  const { tokens } = parse(path.replace(/\/+$/, ''));
  const [first] = tokens;
  return { start: first?.type === 'text' ? first.value.toLowerCase() : '', fixed: tokens.length <= 1 && first?.type !== 'group' };
}

function checkAccess({ findings }: Portfolio, route: Route, at: Path): void {
  const demands = DEMANDS.filter((field) => route[field] !== undefined);
  if (route.access === 'public' && demands.length > 0) {
    findings.fault([...at, 'access'], `is public, and the route also asks for ${demands.join(', ')}, which needs somebody signed in`);
  }
}

function checkAgainstProfile(portfolio: Portfolio, route: Route, profile: ProfileLimits, at: Path): void {
  const { findings } = portfolio;
  if (route.idle !== undefined && durationMs(route.idle, 'idle') > profile.idle) {
    findings.fault([...at, 'idle'], `is looser than profile ${shown(profile.name)}, whose idle timeout is ${formatDuration(profile.idle)}`);
  }
  checkStepUpAgainst(portfolio, route.stepUp, profile, [...at, 'stepUp']);
  checkDeviceAgainst(portfolio, route.device, profile, [...at, 'device']);
  noteProofAge(portfolio, route.device, profile, [...at, 'device']);
  const others = route.subjects?.filter((kind) => profile.subjects?.includes(kind) === false) ?? [];
  if (others.length > 0) {
    findings.fault([...at, 'subjects'], `is looser than profile ${shown(profile.name)}, which does not let in ${listed(others)}`);
  }
  if (route.stepUp !== undefined && profile.refusesStepUp) {
    findings.notice([...at, 'stepUp'], `is always refused: profile ${shown(profile.name)} refuses step-ups`);
  }
}
