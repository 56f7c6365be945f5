import { describe, expect, test } from '@jest/globals';
import { definePolicy } from '../../../lib/policy/define-policy.ts';
import { decide } from '../../../lib/policy/decide.ts';
import type { Policy } from '../../../lib/policy/policy.ts';
import { profilePolicy } from '../../../lib/policy/profile-policy.ts';

// The compiler checks this file: an error that does not come makes `@ts-expect-error` one. What runs only shows that it runs.

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type NamesOf<P> = P extends Policy<infer App, infer Profile, infer Route> ? [App, Profile, Route] : never;

const policy = definePolicy({
  version: 1,
  profiles: { web: { preset: 'staff-web' }, admin: { preset: 'admin' } },
  apps: {
    shop: {
      profile: 'web',
      match: { paths: ['/shop'] },
      routes: [
        { id: 'pay', path: '/shop/pay', stepUp: { maxAge: '5m' } },
        { id: 'news', path: '/shop/news' },
      ],
    },
    console: { profile: 'admin', match: { paths: ['/console'] }, routes: [{ id: 'keys', path: '/console/keys' }] },
  },
  conditions: [{ id: 'c', when: { apps: ['shop'], profiles: ['web'] }, require: { block: true } }],
});

const DATES = { approvedAt: '2026-01-01', expires: '2026-01-10' };

/** Compiled, never called. */
function wrong(): void {
  const profiles = { web: { preset: 'staff-web' } } as const;
  const apps = { shop: { profile: 'web', routes: [{ id: 'pay', path: '/pay', idle: '5m' }] } } as const;
  // @ts-expect-error -- no such profile
  definePolicy({ version: 1, profiles: { web: { preset: 'staff-web' } }, apps: { shop: { profile: 'wbe' } } });
  // @ts-expect-error -- no such preset
  definePolicy({ version: 1, profiles: { web: { preset: 'staf-web' } }, apps: { shop: { profile: 'web' } } });
  // @ts-expect-error -- a misspelt key
  definePolicy({ version: 1, profiles: { web: { preset: 'staff-web', idel: '5m' } }, apps: { shop: { profile: 'web' } } });
  // @ts-expect-error -- a bare number
  definePolicy({ version: 1, profiles: { web: { preset: 'staff-web', idle: 900 } }, apps: { shop: { profile: 'web' } } });
  // @ts-expect-error -- no unit
  definePolicy({ version: 1, profiles: { web: { preset: 'staff-web', idle: '900' } }, apps: { shop: { profile: 'web' } } });
  // @ts-expect-error -- a misspelt key of a route
  definePolicy({ version: 1, profiles, apps: { shop: { profile: 'web', routes: [{ id: 'pay', path: '/pay', idel: '5m' }] } } });
  // @ts-expect-error -- a condition about an app that is not there
  definePolicy({ version: 1, profiles, apps, conditions: [{ id: 'c', when: { apps: ['shp'] }, require: { block: true } }] });
  // @ts-expect-error -- a condition about a profile that is not there
  definePolicy({ version: 1, profiles, apps, conditions: [{ id: 'c', when: { profiles: ['wbe'] }, require: { block: true } }] });
  const exception = { id: 'e', allow: { idle: '10m' }, reason: 'x', owner: 'a', approvedBy: 'b', ...DATES } as const;
  definePolicy({ version: 1, profiles, apps, exceptions: [{ ...exception, app: 'shop', routes: ['pay'] }] });
  // @ts-expect-error -- an exception for an app that is not there
  definePolicy({ version: 1, profiles, apps, exceptions: [{ ...exception, app: 'shp' }] });
  // @ts-expect-error -- an exception for a route that is not there
  definePolicy({ version: 1, profiles, apps, exceptions: [{ ...exception, app: 'shop', routes: ['pya'] }] });
  // @ts-expect-error -- a policy does not take the place of one with other names
  const other: Policy<'elsewhere'> = policy;
  // @ts-expect-error -- no such preset
  profilePolicy('staf-web');
  void other;
}

describe('the names of a document', () => {
  test('are known to the compiler', () => {
    const names: Same<NamesOf<typeof policy>, ['shop' | 'console', 'web' | 'admin', 'pay' | 'news' | 'keys']> = true;
    const one = profilePolicy('admin');
    const own: Same<NamesOf<typeof one>, ['app', 'app', string]> = true;
    const any: Policy = policy;
    expect([names, own, any.apps.size]).toEqual([true, true, 2]);
  });

  test('that stand for nothing do not compile', () => {
    expect(wrong).toBeInstanceOf(Function);
  });

  test('are the names that a decision can have', () => {
    const { app, profile, route } = decide(policy, { request: { method: 'GET', host: 'localhost', path: '/shop/news' } }, 0);
    const known: Same<
      [typeof app, typeof profile, typeof route],
      ['shop' | 'console' | undefined, 'web' | 'admin' | undefined, 'pay' | 'news' | 'keys' | undefined]
    > = true;
    // @ts-expect-error -- no app has this name
    expect([known, app === 'shp', app, profile, route]).toEqual([true, false, 'shop', 'web', 'news']);
  });

  test('a document without routes has none', () => {
    const bare = definePolicy({ version: 1, profiles: { web: { preset: 'admin' } }, apps: { shop: { profile: 'web' } } });
    const names: Same<NamesOf<typeof bare>, ['shop', 'web', never]> = true;
    expect(names).toBe(true);
  });
});
