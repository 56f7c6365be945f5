import type { CompiledApp, Policy } from '../../../policy/policy.ts';
import { dbscPath } from './dbsc-paths.ts';

/** One rule of a scope: of those that cover a request, the last decides. */
export interface ScopeRule {
  readonly type: 'include' | 'exclude';
  readonly domain: '*';
  readonly path: string;
}

/**
 * Which requests a browser holds back for a fresh proof: those of the app on this host, and not those of its neighbours. Where a path goes
 * that no app has named is asked of the policy itself. What is left out of it by mistake would be refused, what is in it by mistake only waits.
 */
export function scopeRules(policy: Policy, app: CompiledApp, host: string): readonly ScopeRule[] {
  const rules: ScopeRule[] = [];
  for (const path of prefixes(policy)) {
    const owner = policy.matcher.find(host, path);
    const type = owner === app || owner === 'ambiguous' ? 'include' : 'exclude';
    if (type !== typeAt(rules, path)) rules.push({ type, domain: '*', path });
  }
  const own = [dbscPath(app, 'register'), dbscPath(app, 'script')];
  return [...rules, ...own.map((path) => ({ type: 'exclude', domain: '*', path }) as const)];
}

/** Every path at which the owner can change, shorter ones first. */
function prefixes({ document }: Policy): readonly string[] {
  const named = Object.values(document.apps).flatMap(({ match }) => match?.paths ?? ['/']);
  const paths = new Set(['/', ...named.map((path) => path.replace(/(?<=.)\/+$/, ''))]);
  return [...paths].sort((a, b) => a.length - b.length);
}

function typeAt(rules: readonly ScopeRule[], path: string): ScopeRule['type'] {
  const covering = rules.filter((rule) => rule.path === '/' || path === rule.path || path.startsWith(`${rule.path}/`));
  return covering.at(-1)?.type ?? 'include';
}
