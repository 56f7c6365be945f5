import type { AppDocument } from './document.ts';
import { startsWithLower } from './letter-case.ts';
import { hostOfTarget, readPath } from './path-readings.ts';
import type { CompiledApp } from './policy.ts';

const BARE_HOST = /^[a-z0-9.-]*[a-z0-9-]$/;

/** One way in which a request can belong to an app. */
export interface AppEntry {
  readonly app: string;
  /** Exact name, `*.example.com`, or undefined for every host. */
  readonly host: string | undefined;
  /** Lower-case prefix without trailing slash; empty for every path. */
  readonly prefix: string;
  readonly order: number;
}

/** Finds the app of a request. `ambiguous`: the path can be read in ways that belong to different apps. */
export interface AppMatcher {
  find(host: string, path: string): CompiledApp | 'unknown' | 'ambiguous';
}

/** All entries of an app: every host with every path. */
export function appEntries(name: string, app: AppDocument): readonly AppEntry[] {
  const hosts = app.match?.hosts?.map((host) => hostName(host)) ?? [undefined];
  const prefixes = app.match?.paths?.map((path) => path.toLowerCase().replace(/\/+$/, '')) ?? [''];
  return hosts.flatMap((host) => prefixes.map((prefix) => ({ app: name, host, prefix, order: app.match?.order ?? 0 })));
}

/** Whether a request can belong to both entries with nothing to say which comes first. */
export function unordered(a: AppEntry, b: AppEntry): boolean {
  if (a.order !== b.order || !hostsMeet(a.host, b.host) || !prefixesMeet(a.prefix, b.prefix)) return false;
  const within = (x: AppEntry, y: AppEntry): boolean => hostWithin(x.host, y.host) && isUnder(x.prefix, y.prefix);
  return within(a, b) === within(b, a);
}

/** Whether two entries can be reached on one host. */
export function onOneHost(a: AppEntry, b: AppEntry): boolean {
  return hostsMeet(a.host, b.host);
}

/** Whether requests of an entry whose path begins with `start` all go to another one, which comes first. */
export function isTakenBy(other: AppEntry, entry: AppEntry, start: string = entry.prefix): boolean {
  return hostWithin(entry.host, other.host) && isUnder(start, other.prefix) && byPrecedence(other, entry) < 0;
}

/** Whether another entry takes requests for a path from an entry, though not all that it has on their common hosts. */
export function takesFrom(other: AppEntry, entry: AppEntry, path: string): boolean {
  const comes = hostsMeet(other.host, entry.host) && byPrecedence(other, entry) < 0;
  return comes && isUnder(path, other.prefix) && !isUnder(entry.prefix, other.prefix);
}

function byPrecedence(a: AppEntry, b: AppEntry): number {
  return a.order - b.order || hostSize(b.host) - hostSize(a.host) || b.prefix.length - a.prefix.length;
}

/** A matcher over all apps, most specific first: explicit order, then host, then the longer path. */
export function appMatcher(apps: ReadonlyMap<string, CompiledApp>, documents: Readonly<Record<string, AppDocument>>): AppMatcher {
  const entries = Object.entries(documents)
    .flatMap(([name, app]) => appEntries(name, app))
    .sort(byPrecedence)
    .map((entry) => ({ ...entry, compiled: apps.get(entry.app) as CompiledApp }));
  const only = entries.length === 1 && entries[0]?.host === undefined && entries[0]?.prefix === '' ? entries[0].compiled : undefined;

  const first = (host: string, path: string): CompiledApp | undefined => {
    for (const entry of entries) {
      if (hostMatches(host, entry.host) && isUnder(path, entry.prefix)) return entry.compiled;
    }
    return undefined;
  };

  return {
    find(host, path) {
      if (only !== undefined) return only;
      const name = hostName(host);
      const readings = readPath(path);
      if (namesOtherHost(path, name)) return 'ambiguous';
      if (typeof readings === 'string') return first(name, readings) ?? 'unknown';
      const [one, ...others] = readings.map((reading) => first(name, reading));
      return others.every((other) => other === one) ? (one ?? 'unknown') : 'ambiguous';
    },
  };
}

/** Host name in lower case, without port and trailing dot. */
export function hostName(host: string): string {
  if (BARE_HOST.test(host)) return host;
  const lower = host.toLowerCase();
  const end = lower.startsWith('[') ? lower.indexOf(']') + 1 : lower.indexOf(':');
  const name = end > 0 ? lower.slice(0, end) : lower;
  return name.endsWith('.') ? name.slice(0, -1) : name;
}

/** A target in absolute form for another host than the Host header's: servers differ on which one they go by. */
function namesOtherHost(target: string, host: string): boolean {
  if (target.startsWith('/')) return false;
  const other = hostOfTarget(target);
  return other !== undefined && hostName(other) !== host;
}

function hostMatches(host: string, pattern: string | undefined): boolean {
  return (
    pattern === undefined ||
    host === pattern ||
    (pattern.startsWith('*.') && host.length > pattern.length - 1 && host.endsWith(pattern.slice(1)))
  );
}

function hostWithin(host: string | undefined, pattern: string | undefined): boolean {
  return (
    pattern === undefined ||
    (host !== undefined &&
      (host === pattern ||
        (!host.startsWith('*.') ? hostMatches(host, pattern) : host.endsWith(pattern.slice(1)) && pattern.startsWith('*.'))))
  );
}

function hostsMeet(a: string | undefined, b: string | undefined): boolean {
  return hostWithin(a, b) || hostWithin(b, a);
}

function hostSize(host: string | undefined): number {
  return host === undefined ? 0 : host.startsWith('*.') ? host.length : 1_000 + host.length;
}

/** Whether a path is a prefix or lies below it. */
export function isUnder(path: string, prefix: string): boolean {
  return prefix === '' || (startsWithLower(path, prefix) && (path.length === prefix.length || path.charCodeAt(prefix.length) === 47));
}

function prefixesMeet(a: string, b: string): boolean {
  return isUnder(a, b) || isUnder(b, a);
}
