import type { Clause } from '../policy/requirement.ts';
import { GUARD, type Guard } from './guards.ts';

/** A handler of an Express app, in the order in which requests meet them. */
export interface MountedHandler {
  readonly kind: 'route' | 'middleware';
  /** Path from the root of the app; `undefined` where Express does not keep it. */
  readonly path: string | undefined;
  readonly methods: readonly string[];
  readonly handle: unknown;
  /** Clauses of the guards that a request meets on the way to the handler, and of the handler itself. */
  readonly guards: readonly Clause[];
}

interface Layer {
  readonly handle: unknown;
  readonly name?: string;
  readonly rawPath?: unknown;
  readonly slash?: boolean;
  readonly regexp?: RegExp & { readonly fast_slash?: boolean; readonly fast_star?: boolean };
  readonly route?: { readonly path: unknown; readonly methods: Readonly<Record<string, boolean>>; readonly stack: readonly Layer[] };
}

/** Every handler of an Express 4 or 5 app, through nested routers. A mounted sub-app shows as one middleware: Express hides its routes. */
export function mountedHandlers(app: object): readonly MountedHandler[] {
  const { _router, path } = app as { _router?: { stack: Layer[] }; path?: () => string };
  // Express 4 has a `router` that throws when it is read; Express 5 has no `_router`.
  const stack = _router?.stack ?? (app as { router?: { stack?: Layer[] } }).router?.stack ?? (app as { stack?: Layer[] }).stack ?? [];
  return walk(stack, typeof path === 'function' ? path.call(app) : '', []);
}

function walk(stack: readonly Layer[], prefix: string | undefined, above: readonly Clause[]): readonly MountedHandler[] {
  const found: MountedHandler[] = [];
  let guards = above;
  for (const layer of stack) {
    if (layer.route !== undefined) {
      found.push(...routes(layer.route, prefix, guards));
      continue;
    }
    const path = join(prefix, mountPath(layer));
    const nested = (layer.handle as { stack?: readonly Layer[] }).stack;
    if (nested !== undefined) {
      found.push(...walk(nested, path, guards));
      continue;
    }
    const clause = guardClause(layer.handle);
    if (clause !== undefined) guards = [...guards, clause];
    found.push({ kind: 'middleware', path, methods: [], handle: layer.handle, guards });
  }
  return found;
}

function routes(route: NonNullable<Layer['route']>, prefix: string | undefined, above: readonly Clause[]): readonly MountedHandler[] {
  const guards = [...above, ...route.stack.map(({ handle }) => guardClause(handle)).filter((clause) => clause !== undefined)];
  const methods = Object.keys(route.methods)
    .filter((method) => method !== '_all')
    .map((method) => method.toUpperCase());
  const paths = Array.isArray(route.path) ? (route.path as unknown[]) : [route.path];
  return paths.map((path) => ({
    kind: 'route',
    path: typeof path === 'string' ? join(prefix, path) : undefined,
    methods: route.methods['_all'] === true || methods.length === 0 ? ['ALL'] : methods,
    handle: route.stack.at(-1)?.handle,
    guards,
  }));
}

function guardClause(handle: unknown): Clause | undefined {
  return typeof handle === 'function' && GUARD in handle ? (handle as Guard)[GUARD] : undefined;
}

/** Express 5 keeps the path of a layer in later versions; Express 4 only the expression that it made of it. */
function mountPath({ rawPath, slash, regexp }: Layer): string | undefined {
  if (slash === true || regexp?.fast_slash === true || regexp?.fast_star === true) return '/';
  if (rawPath !== undefined) return typeof rawPath === 'string' ? rawPath : undefined;
  const source = regexp?.source
    .replace(/\\\/\?\(\?=\\\/\|\$\)$/, '')
    .replace(/^\^/, '')
    .replaceAll('\\/', '/');
  return source !== undefined && /^[\w/.~-]*$/.test(source) ? source : undefined;
}

function join(prefix: string | undefined, path: string | undefined): string | undefined {
  if (prefix === undefined || path === undefined) return undefined;
  const joined = `${prefix}/${path}`.replace(/\/{2,}/g, '/');
  return joined.length > 1 ? joined.replace(/\/$/, '') : '/';
}
