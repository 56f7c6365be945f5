import { describe, expect, test } from '@jest/globals';
import { compilePolicy } from '../../../lib/policy/compile.ts';
import { decide } from '../../../lib/policy/decide.ts';
import type { AppDocument, MatchDocument } from '../../../lib/policy/document.ts';
import { selectApp } from '../../../lib/policy/select-rule.ts';
import { freshSession, NOW } from '../arbitraries.ts';

function find(matches: Readonly<Record<string, MatchDocument | undefined>>, host: string, path: string): string {
  const apps = Object.fromEntries(
    Object.entries(matches).map(([name, match]): [string, AppDocument] => [
      name,
      { profile: 'p', ...(match === undefined ? {} : { match }) },
    ]),
  );
  const app = selectApp(compilePolicy({ version: 1, profiles: { p: {} }, apps }), { method: 'GET', host, path });
  return typeof app === 'string' ? app : app.name;
}

describe('the app of a request', () => {
  const byHost = { shop: { hosts: ['Shop.example.com'] }, any: { hosts: ['*.example.com'] }, v6: { hosts: ['[2001:db8::1]'] } };
  test.each([
    ['the exact host before a wildcard', 'shop.example.com', 'shop'],
    ['in any case', 'SHOP.EXAMPLE.COM', 'shop'],
    ['with a port', 'shop.example.com:8443', 'shop'],
    ['with a dot at the end', 'shop.example.com.', 'shop'],
    ['with both', 'shop.example.com.:443', 'shop'],
    ['a name below a wildcard', 'a.example.com', 'any'],
    ['any depth below', 'a.b.example.com', 'any'],
    ['not the wildcard itself', 'example.com', 'unknown'],
    ['not an empty name below it', '.example.com', 'unknown'],
    ['not a name that only ends like it', 'evilexample.com', 'unknown'],
    ['not a longer name', 'shop.example.com.evil.test', 'unknown'],
    ['not the pattern as a name', '*.example.org', 'unknown'],
    ['an IPv6 address with a port', '[2001:DB8::1]:443', 'v6'],
    ['no host', '', 'unknown'],
  ])('by host: %s', (_what, host, expected) => {
    expect(find(byHost, host, '/')).toBe(expected);
  });

  const byPath = { site: undefined, admin: { paths: ['/Admin/'] }, keys: { paths: ['/admin/keys', '/keys'] } };
  test.each([
    ['/', 'site'],
    ['/admin', 'admin'],
    ['/admin/', 'admin'],
    ['/ADMIN/users', 'admin'],
    ['/admin/keys', 'keys'],
    ['/admin/keys/1', 'keys'],
    ['/keys', 'keys'],
    ['/administration', 'site'],
    ['/admin-keys', 'site'],
    ['/x/admin', 'site'],
  ])('by path, on segment boundaries: %s', (path, expected) => {
    expect(find(byPath, 'example.com', path)).toBe(expected);
  });

  test('an exact host goes before a wildcard, and that before none', () => {
    const all = { none: undefined, wild: { hosts: ['*.b.c'] }, exact: { hosts: ['a.b.c'] }, wilder: { hosts: ['*.c'] } };
    expect(['a.b.c', 'x.b.c', 'x.c', 'y'].map((host) => find(all, host, '/'))).toEqual(['exact', 'wild', 'wilder', 'none']);
  });

  test('an explicit order goes before everything', () => {
    const ordered = { site: { hosts: ['a.b'], order: 1 }, admin: { paths: ['/admin'] } };
    expect([find(ordered, 'a.b', '/admin'), find(ordered, 'a.b', '/')]).toEqual(['admin', 'site']);
    expect(find({ ...ordered, site: { hosts: ['a.b'] } }, 'a.b', '/admin')).toBe('site');
  });

  test('the only app without a match is every request, and nothing else is', () => {
    for (const path of ['/', '/x', '/%2e%2e/x', '//', '*', '']) expect(find({ only: undefined }, 'whatever', path)).toBe('only');
    expect(find({ only: { hosts: ['a.b'] } }, 'c.d', '/')).toBe('unknown');
    expect(find({ only: { paths: ['/a'] } }, 'c.d', '/b')).toBe('unknown');
  });

  test('what no app covers is denied, with or without a session', () => {
    const policy = compilePolicy({
      version: 1,
      profiles: { p: { access: 'public' } },
      apps: { a: { profile: 'p', match: { paths: ['/a'] } } },
    });
    for (const session of [undefined, freshSession({ app: 'a', profile: 'p' })])
      expect(decide(policy, { request: { method: 'GET', host: '', path: '/b' }, session }, NOW)).toMatchObject({
        outcome: 'deny',
        reason: 'app_unknown',
      });
  });
});
