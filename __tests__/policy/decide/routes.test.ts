import { describe, expect, test } from '@jest/globals';
import { compilePolicy } from '../../../lib/policy/compile.ts';
import { decide } from '../../../lib/policy/decide.ts';
import type { Decision } from '../../../lib/policy/decision.ts';
import type { AppDocument, RouteDocument } from '../../../lib/policy/document.ts';
import type { RequestFacts } from '../../../lib/policy/facts.ts';
import { MINUTE, NOW } from '../arbitraries.ts';

function on(routes: readonly RouteDocument[], request: Partial<RequestFacts>, app: Partial<AppDocument> = {}): Decision {
  const policy = compilePolicy({ version: 1, profiles: { web: { idle: '15m' } }, apps: { shop: { profile: 'web', routes, ...app } } });
  return decide(policy, { request: { method: 'GET', host: '', path: '/', ...request } }, NOW);
}
const matches = (route: Partial<RouteDocument>, request: Partial<RequestFacts>): boolean =>
  on([{ id: 'r', path: '/a', ...route }], request).routes.length > 0;
const opens = (routes: readonly RouteDocument[], request: Partial<RequestFacts>): boolean => on(routes, request).outcome === 'allow';

describe('the routes of a request', () => {
  test.each<readonly [string, Partial<RouteDocument>, Partial<RequestFacts>, boolean]>([
    ['the path', {}, { path: '/a' }, true],
    ['any case', {}, { path: '/A' }, true],
    ['a pattern in upper case', { path: '/Account/:id/EDIT' }, { path: '/account/1/edit' }, true],
    ['a slash at the end', {}, { path: '/a/' }, true],
    ['a slash at the end of the pattern', { path: '/a/' }, { path: '/a' }, true],
    ['not a longer path', {}, { path: '/a/b' }, false],
    ['not a longer segment', {}, { path: '/ab' }, false],
    ['the root', { path: '/' }, { path: '/' }, true],
    ['a parameter', { path: '/a/:id' }, { path: '/a/1' }, true],
    ['not two segments for a parameter', { path: '/a/:id' }, { path: '/a/1/2' }, false],
    ['a wildcard', { path: '/a/*rest' }, { path: '/a/1/2' }, true],
    ['an optional rest', { path: '/a{/*rest}' }, { path: '/a' }, true],
    ['a pattern that begins with a parameter', { path: '/:any/b' }, { path: '/x/b' }, true],
    ['a pattern that begins with an option', { path: '{/x}/b' }, { path: '/x/b' }, true],
    ['an encoded pattern', { path: '/my%20page' }, { path: '/my%20page' }, true],
    ['an encoded letter', {}, { path: '/%61' }, true],
    ['every method, where none is named', {}, { path: '/a', method: 'TRACE' }, true],
    ['a method', { methods: ['POST'] }, { path: '/a', method: 'POST' }, true],
    ['not another', { methods: ['POST'] }, { path: '/a', method: 'GET' }, false],
    ['a method in lower case on either side', { methods: ['post'] }, { path: '/a', method: 'post' }, true],
    ['HEAD with GET', { methods: ['GET'] }, { path: '/a', method: 'HEAD' }, true],
    ['not OPTIONS with GET', { methods: ['GET'] }, { path: '/a', method: 'OPTIONS' }, false],
    ['not QUERY with GET', { methods: ['GET'] }, { path: '/a', method: 'QUERY' }, false],
    ['QUERY by its name', { methods: ['QUERY'] }, { path: '/a', method: 'QUERY' }, true],
    ['the method that an override asks for', { methods: ['DELETE'] }, { path: '/a', method: 'POST', overrideMethod: 'DELETE' }, true],
    ['the method that is overridden', { methods: ['POST'] }, { path: '/a', method: 'POST', overrideMethod: 'GET' }, true],
    ['an override in lower case', { methods: ['DELETE'] }, { path: '/a', method: 'POST', overrideMethod: 'delete' }, true],
  ])('%s', (_what, route, request, expected) => {
    expect(matches(route, request)).toBe(expected);
  });

  test('all that match count, the strictest value of each with its source', () => {
    const { routes, route, requirement } = on(
      [
        { id: 'one', path: '/a{/*rest}', idle: '5m', stepUp: { maxAge: '1h' } },
        { id: 'two', path: '/a/:id', idle: '10m', stepUp: { maxAge: '2m' } },
        { id: 'other', path: '/b', idle: '1m' },
      ],
      { path: '/a/1' },
    );
    expect([routes, route]).toEqual([['one', 'two'], 'one']);
    expect(requirement).toMatchObject({
      routeIdle: { ms: 5 * MINUTE, source: 'route:shop/one' },
      stepUp: { maxAge: { ms: 2 * MINUTE, source: 'route:shop/two' } },
    });
  });
});

describe('a route that opens to the public', () => {
  const open: RouteDocument = { id: 'open', path: '/a{/*rest}', access: 'public' };

  test('opens', () => {
    expect([opens([open], { path: '/a/b' }), opens([open], { path: '/b' })]).toEqual([true, false]);
  });

  test.each<readonly [string, Omit<RouteDocument, 'id' | 'path'>]>([
    ['is closed', { access: 'authenticated' }],
    ['asks about the gap', { idle: '5m' }],
    ['asks for a step-up', { stepUp: {} }],
    ['asks for a device', { device: { trust: 'known' } }],
    ['asks for a kind of subject', { subjects: ['user'] }],
  ])('is closed again by one on the same path that %s, in either order', (_what, fields) => {
    const closing: RouteDocument = { id: 'closed', path: '/a/b', ...fields };
    for (const routes of [
      [open, closing],
      [closing, open],
    ])
      expect([opens(routes, { path: '/a/b' }), opens(routes, { path: '/a/c' })]).toEqual([false, true]);
    expect(opens([{ ...closing, access: fields.access ?? 'public' }], { path: '/a/b' })).toBe(false);
  });

  test('stays open beside one that only says passive', () => {
    const decision = on([open, { id: 'poll', path: '/a/b', activity: 'passive' }], { path: '/a/b' });
    expect([decision.outcome, decision.requirement?.activity]).toEqual(['allow', { value: 'passive', source: 'route:shop/poll' }]);
  });

  test('opens only for its own methods, whatever an override says', () => {
    const get: RouteDocument = { ...open, methods: ['GET'] };
    const post: RouteDocument = { ...open, methods: ['POST'] };
    expect([opens([get], { path: '/a' }), opens([get], { path: '/a', method: 'HEAD' })]).toEqual([true, true]);
    for (const method of ['POST', 'OPTIONS', 'QUERY', 'TRACE'])
      expect([method, opens([get], { path: '/a', method })]).toEqual([method, false]);
    expect(opens([post], { path: '/a', method: 'POST', overrideMethod: 'DELETE' })).toBe(false);
    expect(opens([{ ...open, methods: ['DELETE'] }], { path: '/a', method: 'POST', overrideMethod: 'DELETE' })).toBe(false);
  });

  test('whatever else it asks holds under any reading, even where it does not open', () => {
    const decision = on([{ ...open, activity: 'passive', methods: ['GET'] }], { path: '/a', method: 'POST', overrideMethod: 'GET' });
    expect([decision.outcome, decision.requirement?.activity.value, decision.routes]).toEqual(['challenge', 'passive', ['open']]);
  });
});

describe('the pages where people sign in and confirm who they are', () => {
  const app = { loginUrl: '/in?from=shop', reauthenticateUrl: '/confirm/' };
  const strict: RouteDocument = { id: 'all', path: '/*rest', stepUp: { maxAge: '1m' } };
  const outcome = (request: Partial<RequestFacts>, over: Partial<AppDocument> = app): string => on([strict], request, over).outcome;

  test('are public by themselves, for every method, with and without a slash at the end', () => {
    for (const path of ['/in', '/in/', '/confirm', '/confirm/'])
      for (const method of ['GET', 'POST']) expect([path, outcome({ path, method })]).toEqual([path, 'allow']);
  });

  test('are exactly these', () => {
    for (const path of ['/inside', '/in/x', '/x/in', '/confirmed', '/login', '/reauthenticate'])
      expect([path, outcome({ path })]).toEqual([path, 'challenge']);
  });

  test('are /login and /reauthenticate where the app does not say', () => {
    for (const path of ['/login', '/reauthenticate']) expect([path, outcome({ path }, {})]).toEqual([path, 'allow']);
  });

  test('open nothing here if they are elsewhere', () => {
    const elsewhere = { loginUrl: 'https://idp.example.com/login', reauthenticateUrl: 'https://idp.example.com/' };
    for (const path of ['/login', '/reauthenticate', '/'])
      expect([path, on([{ ...strict, path: '/{*rest}' }], { path }, elsewhere).outcome]).toEqual([path, 'challenge']);
  });
});
