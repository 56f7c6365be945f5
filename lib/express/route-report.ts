import { appEntries } from '../policy/apps.ts';
import type { AppDocument } from '../policy/document.ts';
import { formatDuration } from '../policy/duration.ts';
import type { Limit, Requirement } from '../policy/requirement.ts';
import { selectApp, selectRule } from '../policy/select-rule.ts';
import type { Engine } from './engine.ts';
import { type MountedHandler, mountedHandlers } from './express-stack.ts';
import { GUARD } from './guards.ts';
import { expressTrust } from './trusted-proxies.ts';

/** One route of the Express app, under one app of the policy. */
export interface ReportedRoute {
  readonly methods: readonly string[];
  /** `undefined`: Express does not keep the path that its router is mounted at. */
  readonly path: string | undefined;
  /** App of the policy; `undefined` if none covers it, so that it is refused. */
  readonly app: string | undefined;
  readonly profile: string | undefined;
  /** Routes of the document that match. */
  readonly routes: readonly string[];
  readonly requirement: Requirement | undefined;
  /** Whether a request meets the session middleware before the route. */
  readonly guarded: boolean;
}

/** Every route with its rule, and what is mounted wrongly. As text it is a table. */
export interface RouteReport {
  readonly routes: readonly ReportedRoute[];
  readonly faults: readonly string[];
  toString(): string;
}

/** Every route of an Express app with the rule that it gets. */
export function reportRoutes(engine: Engine, app: object, middleware: unknown): RouteReport {
  const handlers = mountedHandlers(app);
  const first = handlers.findIndex((one) => one.handle === middleware);
  const routes = handlers.flatMap((one, index) => (one.kind === 'route' ? reportRoute(engine, one, first !== -1 && index > first) : []));
  const faults = [...mountFaults(handlers, middleware), ...trustFaults(engine, app)];
  return { routes, faults, toString: () => table(routes, faults) };
}

function reportRoute(engine: Engine, handler: MountedHandler, guarded: boolean): readonly ReportedRoute[] {
  const { policy } = engine.inForce;
  const { path, methods } = handler;
  const base = { methods, path, guarded };
  const none = { ...base, app: undefined, profile: undefined, routes: [], requirement: undefined };
  if (path === undefined) return [none];
  const sample = path.replace(/[:*]\w+/g, 'x').replace(/[{}?()]/g, '');
  const apps = new Set(hostsOf(policy.document.apps).map((host) => selectApp(policy, { method: 'GET', host, path: sample })));
  const rows = [...apps]
    .filter((app) => typeof app !== 'string')
    .map((app) => {
      const facts = { request: { method: methods[0] === 'ALL' ? 'GET' : (methods[0] ?? 'GET'), host: '', path: sample } };
      const rule = handler.guards.reduce((one, guard) => one.tighten(guard), selectRule(app, facts, 0));
      return { ...base, app: app.name, profile: app.profile.name, routes: rule.routes, requirement: rule.requirement };
    });
  return rows.length === 0 ? [none] : rows;
}

/** A host for every way in which the document tells hosts apart. */
function hostsOf(apps: Readonly<Record<string, AppDocument>>): readonly string[] {
  const hosts = Object.entries(apps).flatMap(([name, app]) => appEntries(name, app).map((entry) => entry.host));
  return [...new Set(hosts.map((host) => host?.replace('*', 'any') ?? 'localhost'))];
}

function mountFaults(handlers: readonly MountedHandler[], middleware: unknown): readonly string[] {
  const mounted = handlers.filter((one) => one.handle === middleware);
  const first = handlers.findIndex((one) => one.handle === middleware);
  const early = handlers.slice(0, first === -1 ? undefined : first).filter((one) => one.guards.length > 0 || isGuard(one.handle));
  return [
    ...(mounted.length === 0 ? ['the session middleware is not mounted: add app.use(sessions) before the routes'] : []),
    ...(mounted.length > 1 ? [`the session middleware is mounted ${mounted.length} times: mount it once, for the whole app`] : []),
    ...early.map((one) => `a guard stands before the session middleware at ${one.path ?? 'an unknown path'}: put app.use(sessions) first`),
  ];
}

function isGuard(handle: unknown): boolean {
  return typeof handle === 'function' && GUARD in handle;
}

function trustFaults(engine: Engine, app: object): readonly string[] {
  const { get } = app as { get?: (name: string) => unknown };
  if (engine.settings.trust !== undefined || typeof get !== 'function') return [];
  try {
    expressTrust(app as { get(name: string): unknown });
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

function table(routes: readonly ReportedRoute[], faults: readonly string[]): string {
  const rows = routes.map((one) => [
    one.methods.join(','),
    one.path ?? '(path not known to Express)',
    one.app === undefined ? 'NOT COVERED' : `${one.app} (${one.profile})`,
    one.guarded ? ruleText(one.requirement) : 'NOT GUARDED: stands before the session middleware',
  ]);
  const all = [['method', 'path', 'app (profile)', 'rule'], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((row) => (row[column] as string).length)));
  const lines = all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [...lines, ...faults.map((fault) => `! ${fault}`)].join('\n');
}

function ruleText(requirement: Requirement | undefined): string {
  if (requirement === undefined) return 'refused';
  const { access, idle, routeIdle, absolute, stepUp, device, workstation, approvals, activity } = requirement;
  const limit = (name: string, value: Limit | undefined): string =>
    value === undefined ? '' : `${name} ${formatDuration(value.ms)} [${value.source}]`;
  return [
    `${access.value} [${access.source}]`,
    limit('idle', idle),
    limit('longest gap', routeIdle),
    limit('absolute', absolute),
    stepUp === undefined ? '' : limit('step-up within', stepUp.maxAge) || 'step-up',
    stepUp?.level === undefined ? '' : `level ${stepUp.level.value} [${stepUp.level.source}]`,
    device === undefined ? '' : `device ${device.trust.value} [${device.trust.source}]`,
    limit('proved within', device?.maxAge),
    workstation === undefined ? '' : `enrolled workstation [${workstation}]`,
    ...approvals.map(({ value, source }) => `approval ${value} [${source}]`),
    activity.value === 'passive' ? `passive [${activity.source}]` : '',
  ]
    .filter((part) => part !== '')
    .join('; ');
}
