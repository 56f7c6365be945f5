import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { definePolicy, type Policy, PolicyError } from '../../lib/index.ts';
import { scopeRules } from '../../lib/express/device/browser/dbsc-scope.ts';
import type { AppDocument } from '../../lib/policy/document.ts';
import type { CompiledApp } from '../../lib/policy/policy.ts';

type Match = NonNullable<AppDocument['match']>;

function policyOf(matches: Readonly<Record<string, Match | undefined>>): Policy {
  const apps = Object.entries(matches).map(([name, match]) => [
    name,
    { profile: 'p', deviceUrl: `${match?.paths?.[0] ?? ''}/own-${name}`, ...(match === undefined ? {} : { match }) },
  ]);
  return definePolicy({
    version: 1,
    profiles: { p: { preset: 'public-web' } },
    apps: Object.fromEntries(apps) as Record<string, AppDocument & { profile: 'p' }>,
  });
}

/** Apps whose own paths another takes are refused, and no case of the property. */
function soundPolicyOf(matches: Parameters<typeof policyOf>[0]): Policy {
  try {
    return policyOf(matches);
  } catch (error) {
    fc.pre(!(error instanceof PolicyError));
    throw error;
  }
}

const appOf = (policy: Policy, name: string): CompiledApp => policy.apps.get(name) as CompiledApp;

/** What a browser makes of the rules: prefixes end at a slash, and the last one that covers a path decides. */
function holdsBack(policy: Policy, name: string, host: string, path: string): boolean {
  const rules = scopeRules(policy, appOf(policy, name), host);
  return rules.findLast((rule) => rule.path === '/' || path === rule.path || path.startsWith(`${rule.path}/`))?.type !== 'exclude';
}

describe('the scope of a bound session', () => {
  test('of the only app is everything but what the middleware answers without a proof', () => {
    const policy = policyOf({ only: undefined });
    expect(scopeRules(policy, appOf(policy, 'only'), 'a.example')).toEqual([
      { type: 'exclude', domain: '*', path: '/own-only/dbsc/register' },
      { type: 'exclude', domain: '*', path: '/own-only/dbsc/page.js' },
    ]);
    expect(holdsBack(policy, 'only', 'a.example', '/own-only/dbsc/check')).toBe(true);
  });

  test('leaves out the apps that come first on the same host, and only on that one', () => {
    const policy = policyOf({
      site: undefined,
      admin: { paths: ['/admin'], hosts: ['a.example'] },
      deep: { paths: ['/admin/deep'], order: -1 },
    });
    const at = (name: string, host: string) =>
      ['/', '/x', '/admin', '/admin/x', '/admin/deep/x', '/administer'].filter((path) => holdsBack(policy, name, host, path));
    expect(at('site', 'a.example')).toEqual(['/', '/x', '/administer']);
    expect(at('site', 'b.example')).toEqual(['/', '/x', '/admin', '/admin/x', '/administer']);
    expect(at('admin', 'a.example')).toEqual(['/admin', '/admin/x']);
  });

  test('is what the policy says, for any apps and any path', () => {
    const segment = fc.constantFrom('a', 'b', 'c');
    const path = fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => `/${parts.join('/')}`);
    const two = fc.uniqueArray(path, { minLength: 2, maxLength: 4 });
    fc.assert(
      fc.property(two, fc.array(segment, { maxLength: 4 }), (paths, parts) => {
        const policy = soundPolicyOf({ one: { paths: paths.slice(0, 1) }, two: { paths: paths.slice(1) } });
        const asked = `/${parts.join('/')}`;
        for (const name of ['one', 'two']) {
          expect(holdsBack(policy, name, 'a.example', asked)).toBe(policy.matcher.find('a.example', asked) === appOf(policy, name));
        }
      }),
    );
  });
});
