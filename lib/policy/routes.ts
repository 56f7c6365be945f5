import { parse, pathToRegexp, type Token, TokenData } from 'path-to-regexp';
import { deviceClause, stepUpClause } from './clause.ts';
import type { RouteDocument } from './document.ts';
import { durationMs } from './duration.ts';
import type { RequestFacts } from './facts.ts';
import { startsWithLower } from './letter-case.ts';
import { decodeOnce, type PathReadings } from './path-readings.ts';
import { everyMethodFits, someMethodFits } from './request-method.ts';
import type { Clause } from './requirement.ts';

/** A document route, ready to be matched, and what it asks for. */
export interface CompiledRoute {
  readonly id: string;
  readonly path: string;
  readonly methods: readonly string[] | undefined;
  /** What every matching path starts with, in lower case: most paths are told apart by it before the pattern is tried. */
  readonly literal: string;
  readonly pattern: RegExp;
  readonly clause: Clause;
  /** It opens its paths to the public. */
  readonly opens: boolean;
}

/** @throws {TypeError} if the path is not a pattern that Express 5 would take. */
export function compileRoute(app: string, route: RouteDocument): CompiledRoute {
  // Somebody has to be there for these to mean anything, so they close a route, whatever its access says.
  const demands = [route.idle, route.stepUp, route.device, route.subjects].some((demand) => demand !== undefined);
  // Express takes a slash at the end of a pattern as if it were not there.
  const path = route.path.replace(/\/+$/, '') || '/';
  return {
    id: route.id,
    path: route.path,
    methods: route.methods?.map((method) => method.toUpperCase()),
    literal: literalStart(path),
    pattern: patternOf(path),
    opens: route.access === 'public' && !demands,
    clause: {
      source: `route:${app}/${route.id}`,
      ...(route.idle === undefined ? {} : { idleMs: durationMs(route.idle, `route ${route.id}`), idleScope: 'route' as const }),
      ...stepUpClause(route.stepUp),
      ...deviceClause(route.device),
      ...(route.subjects === undefined ? {} : { subjects: route.subjects }),
      ...(demands || route.access === 'authenticated' ? { access: 'authenticated' as const } : {}),
      ...(route.activity === 'passive' ? { passive: true } : {}),
    },
  };
}

/** Matches a path as Express does, and also its readings that have been decoded where the pattern is encoded. */
function patternOf(path: string): RegExp {
  const { tokens } = parse(path);
  const decoded = new TokenData(tokens.map(decodeToken), path);
  return pathToRegexp(path.includes('%') ? [path, decoded] : path, { sensitive: false, trailing: true }).regexp;
}

function decodeToken(token: Token): Token {
  if (token.type === 'text') return { ...token, value: decodeOnce(token.value) };
  return token.type === 'group' ? { ...token, tokens: token.tokens.map(decodeToken) } : token;
}

/** The text that every match of a pattern begins with: up to its first parameter, wildcard, optional or encoded part. */
function literalStart(path: string): string {
  const [first] = parse(path).tokens;
  return first?.type === 'text' ? (/^[!-$&-~]*/.exec(first.value)?.[0] ?? '').toLowerCase() : '';
}

/** Whether a route is meant by a request: if any plausible reading of its path, and any method that it may be taken for, fits. */
export function routeMatches(route: CompiledRoute, request: RequestFacts, readings: PathReadings): boolean {
  if (typeof readings === 'string') return readingFits(route, readings) && someMethodFits(route.methods, request);
  return readings.some((reading) => readingFits(route, reading)) && someMethodFits(route.methods, request);
}

/** Whether a route opens a request's path to the public: only if every reading and method fits. */
export function routeOpens(route: CompiledRoute, request: RequestFacts, readings: PathReadings): boolean {
  if (!route.opens) return false;
  if (typeof readings === 'string') return readingFits(route, readings) && everyMethodFits(route.methods, request);
  return readings.every((reading) => readingFits(route, reading)) && everyMethodFits(route.methods, request);
}

function readingFits(route: CompiledRoute, path: string): boolean {
  return startsWithLower(path, route.literal) && route.pattern.test(path);
}
