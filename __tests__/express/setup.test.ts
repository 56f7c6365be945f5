import { afterEach, describe, expect, test } from '@jest/globals';
import type { ErrorRequestHandler, Response } from 'express';
import request from 'supertest';
import { idleTimeout, memoryStore, passive, requireDevice, sessionPolicy, stepUp } from '../../lib/index.ts';
import type { SessionPolicyOptions } from '../../lib/express/options.ts';
import { expressVersions } from '../support/express.ts';
import { portfolio, portfolioPolicy, SECRET } from './portfolio.ts';

const environment = process.env['NODE_ENV'];

afterEach(() => {
  if (environment === undefined) delete process.env['NODE_ENV'];
  else process.env['NODE_ENV'] = environment;
});

function onError(answer: (error: Error, res: Response) => void): ErrorRequestHandler {
  return (error, _req, res, _next) => answer(error as Error, res);
}

function setUp(options: object): () => unknown {
  return () => sessionPolicy(options as SessionPolicyOptions);
}

describe('options are checked at start', () => {
  const good = { profile: 'staff-web', secret: SECRET };

  test.each<[string, object | undefined, string, RegExp]>([
    ['no options', undefined, 'ERR_OPTIONS_INVALID', /needs options/],
    ['an unknown option', { ...good, polcy: 1 }, 'ERR_OPTIONS_INVALID', /no option "polcy" \(did you mean "policy"\?\)/],
    ['an option of express-session', { ...good, resave: false }, 'ERR_OPTIONS_INVALID', /no option "resave"/],
    ['no rule', { secret: SECRET }, 'ERR_OPTIONS_INVALID', /needs a rule/],
    ['two rules', { ...good, policy: portfolioPolicy }, 'ERR_OPTIONS_INVALID', /not both/],
    ['a bare document', { policy: { version: 1 }, secret: SECRET }, 'ERR_OPTIONS_INVALID', /definePolicy/],
    ['a promise', { policy: Promise.resolve(portfolioPolicy), secret: SECRET }, 'ERR_OPTIONS_INVALID', /await loadPolicy/],
    ['no secret', { profile: 'staff-web' }, 'ERR_SECRET_WEAK', /secret is missing/],
    ['a short secret', { ...good, secret: 'x7!k2-9fQ' }, 'ERR_SECRET_WEAK', /at least 32/],
    ['a secret from an example', { ...good, secret: 'keyboard cat' }, 'ERR_SECRET_WEAK', /everybody knows/],
    ['an empty list of secrets', { ...good, secret: [] }, 'ERR_SECRET_WEAK', /empty/],
    ['a weak second secret', { ...good, secret: [SECRET, 'short'] }, 'ERR_SECRET_WEAK', /at least 32/],
    ["a store of express-session's making", { ...good, store: {} }, 'ERR_OPTIONS_INVALID', /redisStore/],
    ['trust in everybody', { ...good, trustProxy: true }, 'ERR_TRUST_PROXY', /trustProxy: 1/],
    ['trust in every address', { ...good, trustProxy: '0.0.0.0/0' }, 'ERR_TRUST_PROXY', /choose its own address/],
    ['trust in every mapped address', { ...good, trustProxy: ['::ffff:0:0/96'] }, 'ERR_TRUST_PROXY', /choose its own address/],
    ['trust in every IPv6 address', { ...good, trustProxy: '::/0' }, 'ERR_TRUST_PROXY', /choose its own address/],
    ['a login URL of another scheme', { ...good, loginUrl: 'javascript:alert(1)' }, 'ERR_OPTIONS_INVALID', /loginUrl/],
    ['a login URL without scheme', { ...good, loginUrl: '//evil.example' }, 'ERR_OPTIONS_INVALID', /loginUrl/],
    ['a sink that is none', { ...good, audit: 'console' }, 'ERR_OPTIONS_INVALID', /audit must be a function/],
  ])('%s', (_what, options, code, message) => {
    expect(setUp(options as object)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) as unknown }));
  });

  test('no message repeats a secret', () => {
    const secret = 'sh0rt-but-private';
    expect(setUp({ ...good, secret })).toThrow(expect.objectContaining({ message: expect.not.stringContaining(secret) as unknown }));
  });

  test('in production a memory store must be asked for by hand, and the cookie must be Secure', () => {
    process.env['NODE_ENV'] = 'production';
    expect(setUp(good)).toThrow(expect.objectContaining({ code: 'ERR_STORE_MISSING' }));
    expect(setUp({ ...good, store: memoryStore() })).not.toThrow();
    expect(setUp({ ...good, store: memoryStore(), secret: 'ab'.repeat(20) })).toThrow(expect.objectContaining({ code: 'ERR_SECRET_WEAK' }));
    const insecure = { preset: 'staff-web', cookie: { secure: false } };
    expect(setUp({ ...good, profile: insecure, store: memoryStore() })).toThrow(expect.objectContaining({ code: 'ERR_COOKIE_INSECURE' }));
  });

  test.each<[string, () => unknown]>([
    ['a bare number', () => idleTimeout(5 as never)],
    ['a unit that is none', () => idleTimeout('5 minutes' as never)],
    ['zero', () => stepUp({ maxAge: '0s' })],
    ['nothing asked', () => stepUp({})],
    ['an unknown option', () => stepUp({ maxage: '5m' } as never)],
    ['an unknown trust', () => requireDevice('trusted' as never)],
  ])('a guard refuses %s at once', (_what, make) => {
    expect(make).toThrow(expect.objectContaining({ name: 'PolicyError' }));
  });
});

describe.each(expressVersions)('misuse is told on %s', (_name, express) => {
  test.each([
    ['idleTimeout', idleTimeout('5m')],
    ['stepUp', stepUp({ maxAge: '5m' })],
    ['requireDevice', requireDevice('bound')],
    ['passive', passive()],
  ])('%s without the middleware says what to add', async (name, guard) => {
    const app = express();
    app.get('/', guard, (_req, res) => void res.send('reached'));
    const errors: Error[] = [];
    app.use(
      onError((error, res) => {
        errors.push(error);
        res.status(500).send('stopped');
      }),
    );
    await request(app).get('/').expect(500, 'stopped');
    expect(errors[0]).toMatchObject({
      code: 'ERR_MIDDLEWARE_MISSING',
      message: expect.stringMatching(new RegExp(`^${name}\\(\\).*app.use`)),
    });
  });

  test('mounted twice is an error on the first request, and in the report', async () => {
    const { app, sessions } = portfolio(express);
    app.use(sessions);
    app.get('/shop/late', (_req, res) => void res.send('reached'));
    expect(sessions.report(app).faults).toEqual([expect.stringMatching(/mounted 2 times/)]);
  });

  test('a second one in a row stops the request', async () => {
    const app = express();
    const make = () => sessionPolicy({ profile: 'public-web', secret: SECRET });
    app.use(make());
    app.use(make());
    app.get('/', (_req, res) => void res.send('reached'));
    app.use(onError((error, res) => void res.status(500).json({ code: (error as { code?: string }).code })));
    expect((await request(app).get('/').expect(500)).body.code).toBe('ERR_MOUNTED_TWICE');
  });

  test('an Express app that trusts every proxy is stopped, unless trustProxy says whom to trust', async () => {
    const { app, sessions } = portfolio(express);
    app.set('trust proxy', true);
    await request(app).get('/shop/home').expect(500);
    expect(sessions.report(app).faults).toEqual([expect.stringMatching(/trust proxy/)]);
    const other = express();
    other.set('trust proxy', true);
    other.use(sessionPolicy({ profile: 'public-web', secret: SECRET, trustProxy: 1 }));
    other.get('/', (_req, res) => void res.send('reached'));
    await request(other).get('/').expect(200);
  });

  test('a level that the policy does not know is the mistake of the code, not of the person', async () => {
    const app = express();
    app.use(sessionPolicy({ profile: 'public-web', secret: SECRET }));
    app.get('/', stepUp({ level: 'gold' }), (_req, res) => void res.send('reached'));
    await request(app).get('/').expect(500);
  });

  test('a request that no app covers is refused, and an ambiguous path too', async () => {
    const { app } = portfolio(express);
    app.get('/open', (_req, res) => void res.send('reached'));
    expect((await request(app).get('/open').expect(403)).body.reason).toBe('app_unknown');
    expect((await request(app).get('/shop/%2e%2e/admin/home').expect(400)).body.reason).toBe('path_ambiguous');
  });

  test('a stricter policy takes effect at once, and a bad one leaves the old in force', async () => {
    const { app, sessions, clock } = portfolio(express);
    const agent = request.agent(app);
    await agent.post('/staff/login').expect(200);
    clock.advance('10m');
    const { definePolicy } = await import('../../lib/index.ts');
    const document = structuredClone(portfolioPolicy.document) as Parameters<typeof definePolicy>[0];
    expect(() => sessions.reload({} as never)).toThrow(expect.objectContaining({ code: 'ERR_OPTIONS_INVALID' }));
    await agent.get('/staff/home').expect(200);
    clock.advance('10m');
    sessions.reload(
      definePolicy({
        ...document,
        profiles: { ...document.profiles, staff: { preset: 'staff-web', idle: '8m', absolute: '8h' } },
      } as never),
    );
    expect((await agent.get('/staff/home').expect(401)).body.reason).toBe('idle_timeout');
  });

  test('the report names every route with its rule, and what stands before the middleware', () => {
    const { app, sessions } = portfolio(express, {
      before: (early) => void early.get('/shop/early', (_req, res) => void res.send('early')),
    });
    const report = sessions.report(app);
    const row = (path: string) => report.routes.find((one) => one.path === path);
    expect(row('/shop/early')).toMatchObject({ guarded: false, app: 'shop' });
    expect(row('/staff/reports')).toMatchObject({ guarded: true, app: 'staff', profile: 'staff' });
    expect(row('/staff/reports')?.requirement?.routeIdle).toEqual({ ms: 120_000, source: 'guard:idleTimeout' });
    expect(report.faults).toEqual([]);
    expect(String(report)).toMatch(/\/staff\/reports .*longest gap 2m \[guard:idleTimeout\]/);
    expect(String(report)).toMatch(/NOT GUARDED/);
  });
});

describe('response headers', () => {
  test('helmet per profile, no-store for who is signed in, and Secure cookies with __Host- on https', async () => {
    const { app } = portfolio(expressVersions[0]?.[1] as never, { before: (early) => void early.set('trust proxy', 1) });
    const agent = request.agent(app);
    const page = await agent.get('/shop/home').expect(200);
    expect(page.headers['x-content-type-options']).toBe('nosniff');
    expect(page.headers['content-security-policy']).toMatch(/default-src 'self'/);
    expect(page.headers['content-security-policy']).not.toMatch(/upgrade-insecure-requests/);
    expect(page.headers['cache-control']).toBeUndefined();
    await agent.post('/shop/login').expect(200);
    expect((await agent.get('/shop/home')).headers['cache-control']).toBe('no-store');
    const secure = await request(app).post('/staff/login').set('X-Forwarded-Proto', 'https').set('X-Forwarded-For', '203.0.113.7');
    expect(secure.headers['set-cookie']?.[0]).toMatch(/^__Host-staff\.session=.*; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    expect(secure.headers['strict-transport-security']).toBeDefined();
  });
});
