import { describe, expect, test } from '@jest/globals';
import { Router as Router5 } from 'express';
import express4 from 'express4';
import fc from 'fast-check';
import { compilePolicy } from '../../../lib/policy/compile.ts';
import { decide } from '../../../lib/policy/decide.ts';
import type { RouteDocument } from '../../../lib/policy/document.ts';
import type { Policy } from '../../../lib/policy/policy.ts';
import { NOW } from '../arbitraries.ts';

/** As much of a router as this test uses; both versions have it. */
interface Router {
  (req: object, res: object, done: (error?: unknown) => void): void;
  use(path: string, router: Router): void;
  all(path: string, handler: () => void): void;
  get(path: string, handler: () => void): void;
  post(path: string, handler: () => void): void;
}
type Versions = readonly [name: string, Router: (options?: object) => Router, wildcard: string, inPolicy: string];

// A wildcard of Express 4 may be empty; in the syntax of Express 5 that is an optional one.
const versions: readonly Versions[] = [
  ['Express 5', Router5 as unknown as Versions[1], '*rest', '*rest'],
  ['Express 4', express4.Router as unknown as Versions[1], '*', '{*rest}'],
];

/** What a team would write for the routes below. Every guarded handler is under the route of its name, whatever else matches. */
function policyFor(wildcard: string): Policy {
  const routes: readonly RouteDocument[] = [
    { id: 'account', path: '/account', idle: '5m' },
    { id: 'admin', path: '/admin{/*rest}', idle: '5m' },
    { id: 'pay', path: '/pay/', methods: ['POST'], stepUp: { maxAge: '5m' } },
    { id: 'keys', path: '/users/:id/keys', idle: '5m' },
    { id: 'files', path: `/files/${wildcard}`, idle: '5m' },
    { id: 'get-only', path: '/report', methods: ['GET'], idle: '5m' },
    { id: 'encoded', path: '/my%20page', idle: '5m' },
    { id: 'optional', path: '/a{/b}/c', idle: '5m' },
    { id: 'dotted', path: '/feed.json', idle: '5m' },
  ];
  return compilePolicy({ version: 1, profiles: { web: { access: 'public' } }, apps: { shop: { profile: 'web', routes } } });
}

/** Mounts handlers that note which guarded route they belong to, in the ways in which applications mount them. */
function site([, create, wildcard]: Versions, options: object): (method: string, url: string) => string | undefined {
  let served: string | undefined;
  const serves = (id: string) => () => {
    served = id;
  };
  const router = create(options);
  router.all('/account', serves('account'));
  const keys = create(options);
  keys.get('/:key', serves('admin'));
  const admin = create(options);
  admin.all('/', serves('admin'));
  admin.use('/keys', keys);
  admin.all(`/${wildcard}`, serves('admin'));
  router.use('/admin', admin);
  const checkout = create(options);
  checkout.post('/', serves('pay'));
  router.use('/pay', checkout);
  const users = create(options);
  users.all('/:id/keys', serves('keys'));
  router.use('/users', users);
  router.all(`/files/${wildcard}`, serves('files'));
  router.get('/report/', serves('get-only'));
  router.all('/my%20page', serves('encoded'));
  router.all('/a/c', serves('optional'));
  router.all('/a/b/c', serves('optional'));
  router.all('/feed.json', serves('dotted'));
  return (method, url) => {
    served = undefined;
    const request = { method, url, originalUrl: url, headers: {}, baseUrl: '' };
    // A path that Express itself refuses (400) is served by nobody.
    router(request, {}, () => {});
    return served;
  };
}

const encode = (char: string): string => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
const pieces = fc.oneof(
  {
    arbitrary: fc.constantFrom('account', 'admin', 'keys', 'pay', 'users', 'files', 'report', 'my%20page', 'a', 'b', 'c', 'feed.json', '1'),
    weight: 8,
  },
  {
    arbitrary: fc.constantFrom(
      '',
      '.',
      '..',
      ';',
      'x;y',
      '%2e%2e',
      '%2f',
      '%',
      '%ff',
      'é',
      '@',
      ':',
      '\\',
      ' ',
      '\t',
      '\u00a0',
      '*',
      'my page',
    ),
    weight: 1,
  },
);
const spelled = (some: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(some, fc.constantFrom('as it is', 'as it is', 'upper', 'capital', 'encoded', 'twice')).map(([piece, how]) => {
    if (how === 'upper') return piece.toUpperCase();
    if (how === 'capital') return piece.charAt(0).toUpperCase() + piece.slice(1);
    if (how === 'as it is' || piece === '') return piece;
    const code = encode(piece.charAt(0));
    return (how === 'twice' ? code.replace('%', '%25') : code) + piece.slice(1);
  });
/** Paths that lead to a handler each. */
const SERVED = [
  '/account /admin /admin/keys/1 /admin/a/b /pay /users/1/keys /files/a /files/a/b /report /my%20page /a/c /a/b/c /feed.json',
].flatMap((list) => list.split(' '));

const urls = fc
  .tuple(
    fc.constantFrom('', '', '', '', 'http://shop.example.com', 'HTTPS://u:p@shop.example.com:1', '/'),
    fc.oneof(
      fc.array(spelled(pieces), { minLength: 1, maxLength: 4 }),
      fc.constantFrom(...SERVED).chain((path) =>
        fc.tuple(
          ...path
            .slice(1)
            .split('/')
            .map((piece) => spelled(fc.constant(piece))),
        ),
      ),
    ),
    fc.constantFrom('', '', '', '/', '//', '?x=/', '#x', ';', '/.', '%2f', '/#', ' ', '\u00a0', '/\t'),
  )
  .map(([form, list, end]) => `${form}/${list.join('/')}${end}`);
const methods = fc.constantFrom('GET', 'POST', 'HEAD', 'PUT', 'QUERY', 'TRACE', 'DELETE');

describe.each(versions)('whatever %s serves from a guarded handler, the policy guards', (...version) => {
  const policy = policyFor(version[3]);
  const routesOf = (method: string, path: string): readonly string[] =>
    decide(policy, { request: { method, host: 'shop.example.com', path } }, NOW).routes;

  test.each([
    ['by default', {}],
    ['with case and slash told apart', { caseSensitive: true, strict: true }],
  ])('%s', (_how, options) => {
    const serve = site(version, options);
    let hits = 0;
    fc.assert(
      fc.property(methods, urls, (method, url) => {
        const id = serve(method, url);
        if (id === undefined) return;
        hits += 1;
        expect([url, routesOf(method, url)]).toEqual([url, expect.arrayContaining([id])]);
      }),
      { numRuns: 3_000 },
    );
    expect(hits).toBeGreaterThan(150);
  });

  test('every handler of this test is reached by its plain path, in either case and with a slash at the end', () => {
    const serve = site(version, {});
    for (const path of SERVED)
      for (const url of [path, path.toUpperCase(), `${path}/`]) {
        const id = serve('GET', url) ?? serve('POST', url);
        expect([url, id]).toEqual([url, expect.any(String)]);
        expect([url, routesOf(id === 'pay' ? 'POST' : 'GET', url)]).toEqual([url, expect.arrayContaining([id])]);
      }
  });

  test('a slash may be the whole rest of a wildcard', () => {
    expect(site(version, {})('GET', '/files//')).toBe('files');
    expect(routesOf('GET', '/files//')).toEqual(['files']);
  });

  test('HEAD is served by the handlers of GET, and guarded like it', () => {
    expect(site(version, {})('HEAD', '/report')).toBe('get-only');
    expect(routesOf('HEAD', '/report')).toEqual(['get-only']);
  });
});
