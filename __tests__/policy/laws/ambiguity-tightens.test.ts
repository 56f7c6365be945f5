import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compilePolicy } from '../../../lib/policy/compile.ts';
import type { PolicyDocument } from '../../../lib/policy/document.ts';
import type { Facts } from '../../../lib/policy/facts.ts';
import type { CompiledApp, Policy } from '../../../lib/policy/policy.ts';
import { selectApp, selectRule } from '../../../lib/policy/select-rule.ts';
import { documents, NOW } from '../arbitraries.ts';
import { laxerIn } from './strictness.ts';

const GUARDED = ['/account', '/account/keys', '/account/keys/edit', '/pay', '/poll', '/other'];

/** Ways in which a path can be written so that some router, proxy or application still reads the same. */
const disguises = fc.constantFrom<(path: string) => string>(
  (path) => path,
  (path) => path.toUpperCase(),
  (path) => `${path}/`,
  (path) => path.replaceAll('/', '//'),
  (path) => path.replaceAll('/', '/./'),
  (path) => path.replace('/', '/x/../'),
  (path) => path.replace('/', '/a//../'),
  (path) => path.replace('/', '/x;y/..;z/'),
  (path) => path.replace(/(.)\//g, '$1\\'),
  (path) => `${path};jsessionid=1`,
  (path) => `${path}\u0000`,
  (path) => `${path}\r\n`,
  (path) => `${path}?x=/`,
  (path) => `${path}#/`,
);

const encoded = fc.array(fc.boolean(), { minLength: 1, maxLength: 9 }).map((mask) => (path: string): string => {
  const [first = '/', ...rest] = path;
  const code = (char: string): string => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  return first + rest.map((char, index) => (mask[index % mask.length] === true && char !== '/' ? code(char) : char)).join('');
});

/** Some disguises put on, and encoding up to three times at any moment between them. */
const disguise = fc
  .tuple(fc.array(disguises, { maxLength: 2 }), fc.array(encoded, { maxLength: 3 }), fc.array(disguises, { maxLength: 1 }))
  .map(
    ([before, between, after]) =>
      (path: string) =>
        [...before, ...between, ...after].reduce((text, change) => change(text), path),
  );

const on = (path: string): Facts => ({ request: { method: 'GET', host: 'shop.example.com', path } });
const shopOf = (policy: Policy): CompiledApp => policy.apps.get('shop') as CompiledApp;

describe('ambiguity tightens', () => {
  test('a disguised path is under the rule of the plain one at least', () => {
    fc.assert(
      fc.property(documents, fc.constantFrom(...GUARDED), disguise, (document, path, change) => {
        const app = shopOf(compilePolicy(document));
        const plain = selectRule(app, on(path), NOW).requirement;
        expect(laxerIn(selectRule(app, on(change(path)), NOW).requirement, plain)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  const shop: PolicyDocument = {
    version: 1,
    profiles: { web: { idle: '15m' } },
    apps: { shop: { profile: 'web', routes: [{ id: 'open', path: '/open{/*rest}', access: 'public' }] } },
  };

  test('a path is not public because one reading of it is', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...GUARDED),
        disguise,
        fc.constantFrom('/open/..', '/open/x/../..', '/open/%2e%2e', '/open%2f..', '/open/..;x', '/open\\..', '/open/x//../..'),
        (path, change, out) => {
          const app = shopOf(compilePolicy(shop));
          expect(selectRule(app, on(out + change(path)), NOW).requirement.access.value).toBe('authenticated');
        },
      ),
    );
  });

  test('a public path stays public in a spelling that every reader takes alike', () => {
    const app = shopOf(compilePolicy(shop));
    for (const path of ['/open', '/open/', '/OPEN/x', '/open/p%61ge', '/open/a%20b', '/open/@me', '/open/a:b'])
      expect([path, selectRule(app, on(path), NOW).requirement.access.value]).toEqual([path, 'public']);
  });

  test('a sign-in page is public in such a spelling only', () => {
    const app = shopOf(compilePolicy(shop));
    const access = (path: string): string => selectRule(app, on(path), NOW).requirement.access.value;
    expect(['/login', '/login/', '/reauthenticate'].map(access)).toEqual(['public', 'public', 'public']);
    for (const path of [
      '/login/../account',
      '/account/..%2flogin',
      '/login/x',
      '/LOGIN',
      '/account;/../login',
      '/log%252e%252ein/../login',
    ])
      expect([path, access(path)]).toEqual([path, 'authenticated']);
  });

  test('a path that readers take to different apps is refused', () => {
    const policy = compilePolicy({
      version: 1,
      profiles: { web: { access: 'public' }, staff: {} },
      apps: { shop: { profile: 'web', match: { paths: ['/'] } }, console: { profile: 'staff', match: { paths: ['/admin'] } } },
    });
    const found = (path: string): string => {
      const app = selectApp(policy, on(path).request);
      return typeof app === 'string' ? app : app.name;
    };
    for (const path of ['/admin', '/ADMIN/keys', '/admin/', '/admin/k%65ys', '/admin//keys'])
      expect([path, found(path)]).toEqual([path, 'console']);
    for (const path of ['/', '/administration', '/x/admin', '/x%2fadmin']) expect([path, found(path)]).toEqual([path, 'shop']);
    for (const path of [
      '/admin%2fkeys',
      '/%61dmin',
      '/%2561dmin',
      '/x/../admin',
      '//admin',
      '/admin/../x',
      '/admin;x/keys',
      '/x/..;/admin',
      '\\admin',
    ])
      expect([path, found(path)]).toEqual([path, 'ambiguous']);
  });

  test('no disguise takes a guarded path to a laxer app', () => {
    const policy = compilePolicy({
      version: 1,
      profiles: { web: { access: 'public' }, staff: {} },
      apps: { shop: { profile: 'web', match: { paths: ['/'] } }, console: { profile: 'staff', match: { paths: ['/admin'] } } },
    });
    fc.assert(
      fc.property(fc.constantFrom('/admin', '/admin/keys', '/admin/a/b'), disguise, (path, change) => {
        const app = selectApp(policy, on(change(path)).request);
        expect(app).not.toBe(policy.apps.get('shop'));
      }),
      { numRuns: 500 },
    );
  });
});
