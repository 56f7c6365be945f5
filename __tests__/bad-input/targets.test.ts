import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Express } from 'express';
import fc from 'fast-check';
import { memoryStore } from '../../lib/sessions/memory-store.ts';
import { sessionPolicy } from '../../lib/express/session-policy.ts';
import { definePolicy } from '../../lib/policy/define-policy.ts';
import { SECRET } from '../faults/small-app.ts';
import { serve, type Served } from '../faults/serve.ts';
import { type RawAnswer, requestText, sendRaw } from '../fuzz/raw-socket.ts';
import { expressVersions } from '../support/express.ts';

const PROFILES = {
  open: { preset: 'public-web', idle: '30m', absolute: '12h' },
  closed: { preset: 'public-web', idle: '10m', absolute: '8h' },
} as const;

const BY_PATH = definePolicy({
  version: 1,
  profiles: PROFILES,
  apps: {
    shop: { profile: 'open', match: { paths: ['/shop'] } },
    admin: { profile: 'closed', match: { paths: ['/admin'] } },
    'admin-tools': { profile: 'closed', match: { paths: ['/admin/tools'] } },
  },
});

const BY_HOST = definePolicy({
  version: 1,
  profiles: PROFILES,
  apps: {
    shop: { profile: 'open', match: { hosts: ['shop.example.com'] } },
    admin: { profile: 'closed', match: { hosts: ['admin.example.com'] } },
  },
});

/** Answers with the app that the router came to, and the one that the policy decided on. */
function routed(app: Express, path: string, name: string): void {
  app.use(path, (req, res) => void res.json({ router: name, policy: req.sessionPolicy.app }));
}

/** Whatever was let through was decided on as what it is; everything else was refused. */
function expectDecidedAsServed(answer: RawAnswer | 'closed' | undefined, what: string): void {
  if (answer === undefined) throw new Error(`no answer to ${what}`);
  if (answer === 'closed') return;
  if (answer.status !== 200)
    return expect([what, [301, 303, 400, 401, 403, 404, 405, 413, 414, 431, 501].includes(answer.status)]).toEqual([what, true]);
  const { router, policy } = JSON.parse(answer.body) as { router: string; policy: string };
  expect([what, policy]).toEqual([what, router]);
}

describe.each(expressVersions)('paths that can be read in several ways, on %s', (_name, express) => {
  let served: Served;
  beforeAll(async () => {
    const app = express();
    app.set('env', 'test');
    app.use(sessionPolicy({ policy: BY_PATH, secret: SECRET, store: memoryStore(), log: () => undefined }));
    routed(app, '/shop', 'shop');
    routed(app, '/admin/tools', 'admin-tools');
    routed(app, '/admin', 'admin');
    served = await serve(app);
  });
  afterAll(() => served.close());

  const get = (target: string) => sendRaw(served.port, requestText('GET', target));

  test.each([
    ['/shop', 200],
    ['/SHOP/x', 200],
    ['/admin/x', 200],
    ['/shop/../admin/x', 400],
    ['/shop/..%2fadmin/x', 400],
    ['/shop/%2e%2e/admin/x', 400],
    ['/shop/%2e%2e%2fadmin', 400],
    ['/shop/%252e%252e%252fadmin', 400],
    ['/shop/%25252e%25252e%25252fadmin', 400],
    ['/shop/..%5cadmin', 400],
    ['/shop/..\\admin', 400],
    ['/shop;/../admin', 400],
    ['/admin/tools/../y', 400],
    ['/admin/tools/%2e%2e', 400],
    ['/admin%2ftools/x', 400],
    ['/admin%5ctools/x', 400],
    ['/admin/x%2f..%2ftools/y', 400],
    ['http://localhost/shop', 200],
    ['http://other.example/shop', 400],
    ['//other.example/shop', 403],
    ['/%00', 403],
    ['/unknown', 403],
    ['*', 403],
  ])('%s is answered with %i', async (target, status) => {
    expect(await get(target)).toMatchObject({ status });
  });

  test('whatever a path is made of, it is served as what it was decided on, or not at all', async () => {
    const part = fc.constantFrom(
      'shop',
      'admin',
      'tools',
      'SHOP',
      'Admin',
      '..',
      '.',
      '%2e',
      '%2E%2e',
      '%2f',
      '%5c',
      '\\',
      ';',
      ';a=b',
      '%3b',
      '%252f',
      '%252e%252e',
      '%00',
      '%0a',
      '%',
      '%zz',
      '%c0%ae',
      'é',
      '?',
      '#',
      '@',
      ':',
      '//',
      '*',
      '%20',
      '+',
    );
    const glue = fc.constantFrom('/', '/', '/', '', '//');
    const start = fc.constantFrom(
      '/',
      '/',
      '/',
      '//',
      '/./',
      '/shop/',
      '/admin/',
      '/shop/../',
      'http://localhost/',
      'http://localhost',
      'HTTP://localhost/',
      'http://evil.example/',
      'http://localhost@evil.example/',
      '',
    );
    const target = fc.tuple(start, fc.array(fc.tuple(part, glue), { maxLength: 6 })).map(([first, rest]) => first + rest.flat().join(''));
    const method = fc.constantFrom('GET', 'GET', 'HEAD', 'POST', 'OPTIONS', 'PUT', 'DELETE', 'TRACE', 'QUERY', 'PROPFIND', 'get');
    await fc.assert(
      fc.asyncProperty(method, target, async (verb, path) => {
        const answer = await sendRaw(served.port, Buffer.from(requestText(verb, path, { 'Content-Length': '0' }), 'latin1'));
        if (verb !== 'HEAD') expectDecidedAsServed(answer, `${verb} ${path}`);
        else expect(answer).toBeDefined();
      }),
      { numRuns: 400 },
    );
  });
});

describe.each(expressVersions)('hosts that can be read in several ways, on %s', (_name, express) => {
  async function site(trustProxy: boolean): Promise<Served> {
    const app = express();
    app.set('env', 'test');
    if (trustProxy) app.set('trust proxy', 'loopback');
    app.use(sessionPolicy({ policy: BY_HOST, secret: SECRET, store: memoryStore(), log: () => undefined }));
    app.use((req, res) => {
      // What middleware for virtual hosts makes of it: names are equal whatever their case, and with a dot at the end.
      const name = (req.hostname ?? '').toLowerCase().replace(/\.$/, '');
      res.json({ router: /^(shop|admin)\.example\.com$/.exec(name)?.[1] ?? 'none', policy: req.sessionPolicy.app });
    });
    return serve(app);
  }

  let direct: Served;
  let behindProxy: Served;
  beforeAll(async () => {
    [direct, behindProxy] = await Promise.all([site(false), site(true)]);
  });
  afterAll(() => Promise.all([direct.close(), behindProxy.close()]));

  test.each([
    ['shop.example.com', 200],
    ['SHOP.Example.Com', 200],
    ['shop.example.com:8080', 200],
    ['shop.example.com.', 200],
    ['shop.example.com@admin.example.com', 403],
    ['admin.example.com, shop.example.com', 403],
    ['admin.example.com shop.example.com', 403],
    ['shop.example.com/admin.example.com', 403],
    ['[::1]:80', 403],
    ['[', 403],
    [':', 403],
    ['', 403],
    ['xshop.example.com', 403],
    ['shop.example.com.evil.example', 403],
    ['a'.repeat(4_000), 403],
  ])('Host: %s is answered with %i', async (host, status) => {
    const answer = await sendRaw(direct.port, requestText('GET', '/', { Host: host }));
    expect(answer).toMatchObject({ status });
    expectDecidedAsServed(answer, host);
  });

  test('no Host, two of them, or another one in the target', async () => {
    expect(await sendRaw(direct.port, 'GET / HTTP/1.0\r\n\r\n')).toMatchObject({ status: 403 });
    expect(await sendRaw(direct.port, 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n')).toMatchObject({ status: 400 });
    expectDecidedAsServed(
      await sendRaw(direct.port, 'GET / HTTP/1.1\r\nHost: shop.example.com\r\nHost: admin.example.com\r\nConnection: close\r\n\r\n'),
      'two hosts',
    );
    expect(await sendRaw(direct.port, requestText('GET', 'http://admin.example.com/', { Host: 'shop.example.com' }))).toMatchObject({
      status: 400,
    });
    expect(await sendRaw(direct.port, requestText('GET', 'http://shop.example.com:99/', { Host: 'shop.example.com' }))).toMatchObject({
      status: 200,
    });
  });

  test('a forwarded host counts only from a proxy that is trusted', async () => {
    const forged = requestText('GET', '/', { Host: 'admin.example.com', 'X-Forwarded-Host': 'shop.example.com' });
    expect(await sendRaw(direct.port, forged)).toMatchObject({ body: '{"router":"admin","policy":"admin"}' });
    expect(await sendRaw(behindProxy.port, forged)).toMatchObject({ body: '{"router":"shop","policy":"shop"}' });
  });

  test('whatever the hosts are, a request is served as what it was decided on', async () => {
    const host = fc.constantFrom(
      'shop.example.com',
      'admin.example.com',
      'ADMIN.example.com',
      'admin.example.com.',
      'shop.example.com:80',
      'evil.example',
      '',
      ',',
      'shop.example.com,admin.example.com',
      'admin.example.com , shop.example.com',
      ' admin.example.com',
      '[::1]',
      'x@admin.example.com',
    );
    const forwarded = fc.option(host, { nil: undefined });
    await fc.assert(
      fc.asyncProperty(host, forwarded, fc.boolean(), async (own, other, proxied) => {
        const headers = { Host: own, ...(other === undefined ? {} : { 'X-Forwarded-Host': other }) };
        expectDecidedAsServed(
          await sendRaw((proxied ? behindProxy : direct).port, requestText('GET', '/', headers)),
          JSON.stringify(headers),
        );
      }),
      { numRuns: 150 },
    );
  });
});
