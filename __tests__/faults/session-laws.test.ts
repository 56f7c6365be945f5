import { describe, expect, test } from '@jest/globals';
import type { ErrorRequestHandler, Express, Request, Response } from 'express';
import fc from 'fast-check';
import request from 'supertest';
import type { SignedInSubject } from '../../lib/express/options.ts';
import { portfolio } from '../express/portfolio.ts';
import { expressVersions } from '../support/express.ts';
import { type Fate, FailingStore } from './failing-store.ts';
import { type AppName, SessionModel, type Step } from './session-model.ts';
import { cookieOf, dataOf, smallApp, swallow } from './small-app.ts';

const LONG_MS = 60_000;

const app = fc.constantFrom<AppName>('shop', 'staff');
const cookie = fc.nat({ max: 30 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('login' as const),
      app,
      user: fc.constantFrom('u1', 'u2', 'u3'),
      with: fc.option(cookie, { nil: undefined }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ does: fc.constant('page' as const), app, with: cookie }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constantFrom('confirm' as const, 'logout' as const), app, with: cookie }) },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 1_000, 4_999, 5_001, 60_000, 10 * 60_000, 16 * 60_000, 3 * 3_600_000),
    }),
  },
);

describe.each(expressVersions)('whatever people do, on %s', (_name, express) => {
  test(
    'nobody is shown as somebody else, nor after their time, nor after they signed out; and nobody is sent away early',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
          const model = new SessionModel(portfolio(express));
          for (const one of steps) expect(await model.take(one)).toBeUndefined();
        }),
        { numRuns: 120 },
      );
    },
    LONG_MS,
  );

  test(
    'however often a session is used, it ends at its absolute limit',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 14 * 60_000 }), { minLength: 1, maxLength: 40 }), async (gaps) => {
          const { app: site, clock } = portfolio(express);
          const agent = request.agent(site);
          await agent.post('/staff/login').expect(200);
          const startedAt = clock.now();
          for (const gap of gaps) {
            clock.advance(gap);
            await agent.get('/staff/home').expect(clock.now() - startedAt >= 8 * 3_600_000 ? 401 : 200);
          }
          clock.advance(Math.max(0, startedAt + 8 * 3_600_000 - clock.now()));
          await agent.get('/staff/home').expect(401);
        }),
        { numRuns: 30 },
      );
    },
    LONG_MS,
  );
});

/** How handlers call what can fail: as they should, and as they are written. */
const MANNERS = ['waits', 'passes-on', 'swallows', 'does-not-wait', 'throws-late', 'like-passport'] as const;
type Manner = (typeof MANNERS)[number];

function careless(made: Express): void {
  for (const manner of MANNERS) {
    made.post(`/${manner}/in`, (req, res, next) =>
      act(
        manner,
        req,
        res,
        next,
        () => req.sessionPolicy.signIn({ subject: { id: 'u1', kind: 'user' } }),
        () => logIn(req),
      ),
    );
    made.post(`/${manner}/out`, (req, res, next) =>
      act(
        manner,
        req,
        res,
        next,
        () => req.sessionPolicy.signOut(),
        () => logOut(req),
      ),
    );
    made.post(`/${manner}/confirm`, (req, res, next) =>
      act(
        manner,
        req,
        res,
        next,
        () => req.sessionPolicy.reauthenticated(),
        () => req.sessionPolicy.reauthenticated(),
      ),
    );
  }
  made.use(((_error, _req, res, _next) => void res.status(500).send('failed')) as ErrorRequestHandler);
}

function act(
  manner: Manner,
  _req: Request,
  res: Response,
  next: (error?: unknown) => void,
  work: () => Promise<unknown>,
  passport: () => Promise<unknown>,
): void {
  if (manner === 'like-passport') return void passport().then(() => res.send('done'), next);
  if (manner === 'passes-on') return void work().then(() => res.send('done'), next);
  if (manner === 'waits')
    return void work().then(
      () => res.send('done'),
      () => res.status(500).send('failed'),
    );
  if (manner === 'swallows') return swallow(work(), res, 'done');
  void work();
  res.send('done');
  if (manner === 'throws-late') throw new Error('too late');
}

/** What passport 0.7 does, with promises. */
async function logIn(req: Request): Promise<void> {
  Object.assign(req, { user: { id: 'u1', kind: 'user' } });
  await promised((done) => void req.session.regenerate(done));
  dataOf(req)['passport'] = { user: 'u1' };
  await promised((done) => void req.session.save(done));
}

async function logOut(req: Request): Promise<void> {
  Object.assign(req, { user: null });
  delete dataOf(req)['passport'];
  await promised((done) => void req.session.save(done));
  await promised((done) => void req.session.regenerate(done));
}

function promised(call: (done: (error?: unknown) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => call((error) => (error ? reject(error as Error) : resolve())));
}

describe.each(expressVersions)('whatever the store does, on %s', (_name, express) => {
  const world = (store: FailingStore) =>
    smallApp(express, store, { subject: (req) => (req as unknown as { user?: SignedInSubject | null }).user ?? undefined }, careless);

  const userOf = async (site: Express, value: string): Promise<string | null> =>
    ((await request(site).get('/page').set('Cookie', value).expect(200)).body as { subject: { id: string } | null }).subject?.id ?? null;

  test(
    'no answer says signed in, confirmed or signed out unless it is stored',
    async () => {
      const fates = fc.array(fc.constantFrom<Fate>('works', 'works', 'works', 'fails', 'answer-lost'), { minLength: 1, maxLength: 12 });
      const doing = fc.record({
        what: fc.constantFrom('in', 'out', 'confirm'),
        manner: fc.constantFrom(...MANNERS),
        fates,
        before: fc.boolean(),
      });
      await fc.assert(
        fc.asyncProperty(doing, async ({ what, manner, fates: planned, before }) => {
          const store = new FailingStore();
          const { app: site } = world(store);
          const old = before || what !== 'in' ? cookieOf(await request(site).post('/login').expect(200)) : '';
          let call = 0;
          store.fate = () => planned[call++ % planned.length] as Fate;
          const sent = request(site).post(`/${manner}/${what}`).set('Cookie', old);
          const answer = await sent.then(
            (ok) => ok,
            () => undefined,
          );
          store.restore();
          const given = answer === undefined ? '' : cookieOf(answer);
          if (answer?.status === 200 && what === 'out') expect(await userOf(site, old)).toBeNull();
          else if (answer?.status === 200) expect(await userOf(site, given)).toBe('u1');
          // Half of it may have been done, and the cookie says which half.
          else if (given !== '') expect(await userOf(site, given)).toBe(given.endsWith('=') || what === 'out' ? null : 'u1');
        }),
        { numRuns: 400 },
      );
    },
    LONG_MS,
  );

  test(
    'a session that has ended stays ended, whatever was under way',
    async () => {
      const requests = fc.array(
        fc.constantFrom('get /page', 'get /put/a/1', 'get /put/b/2', 'get /data', 'post /confirm', 'post /passes-on/in'),
        { minLength: 1, maxLength: 6 },
      );
      const how = fc.constantFrom('passes-on', 'like-passport', 'does-not-wait');
      const delays = fc.array(fc.nat({ max: 6 }), { minLength: 1, maxLength: 30 });
      await fc.assert(
        fc.asyncProperty(requests, how, delays, async (lines, manner, turns) => {
          const store = new FailingStore();
          const { app: site } = world(store);
          const old = cookieOf(await request(site).post('/login').expect(200));
          let call = 0;
          store.turns = () => turns[call++ % turns.length] as number;
          const send = (line: string) => {
            const [method, path] = line.split(' ') as ['get' | 'post', string];
            return request(site)[method](path).set('Cookie', old);
          };
          const [out, ...rest] = await Promise.all([send(`post /${manner}/out`), ...lines.map(send)]);
          if (out?.status !== 200) return expect(rest.some(({ headers }) => headers['set-cookie'] !== undefined)).toBe(true);
          expect(await userOf(site, old)).toBeNull();
        }),
        { numRuns: 200 },
      );
    },
    LONG_MS,
  );
});
