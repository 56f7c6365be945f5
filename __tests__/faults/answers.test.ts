import { describe, expect, test } from '@jest/globals';
import type { ErrorRequestHandler } from 'express';
import request from 'supertest';
import { idleTimeout } from '../../lib/express/guards.ts';
import { expressVersions } from '../support/express.ts';
import { FailingStore } from './failing-store.ts';
import { cookieOf, dataOf, smallApp, swallow } from './small-app.ts';

const UNAVAILABLE = { status: 503, reason: 'store_unavailable' };

describe.each(expressVersions)('what an answer claims has been stored, on %s', (_name, express) => {
  function world(routes?: Parameters<typeof smallApp>[3], options: Parameters<typeof smallApp>[2] = {}) {
    const store = new FailingStore();
    return { store, ...smallApp(express, store, options, routes) };
  }

  async function signedIn(routes?: Parameters<typeof smallApp>[3], options?: Parameters<typeof smallApp>[2]) {
    const made = world(routes, options);
    const agent = request.agent(made.app);
    const cookie = cookieOf(await agent.post('/login').expect(200));
    return { ...made, agent, cookie };
  }

  test.each<[string, Parameters<typeof smallApp>[3]]>([
    ['a handler that swallows the error', (app) => app.post('/out', (req, res) => swallow(req.sessionPolicy.signOut(), res, 'signed out'))],
    [
      'a handler that does not wait',
      (app) =>
        app.post('/out', (req, res) => {
          void req.sessionPolicy.signOut();
          res.send('signed out');
        }),
    ],
    [
      'a handler that answers and then throws',
      (app) => {
        app.post('/out', (req, res) => {
          void req.sessionPolicy.signOut();
          res.send('signed out');
          throw new Error('too late');
        });
        app.use(((_error, _req, res, _next) => void res.status(500).send('failed')) as ErrorRequestHandler);
      },
    ],
    [
      'a status that writeHead replaces',
      (app) =>
        app.post('/out', (req, res) => {
          void req.sessionPolicy.signOut();
          res.statusCode = 500;
          res.writeHead(200).end('signed out');
        }),
    ],
    [
      'destroy without a callback',
      (app) =>
        app.post('/out', (req, res) => {
          (req.session as unknown as { destroy(): void }).destroy();
          res.send('signed out');
        }),
    ],
    [
      'regenerate whose error is ignored',
      (app) =>
        app.post('/out', (req, res) => {
          req.session.regenerate(() => res.send('signed out'));
        }),
    ],
  ])('a sign-out that failed is no sign-out: %s', async (_what, routes) => {
    const { agent, app, store, cookie } = await signedIn(routes);
    store.fail('end');
    const answer = await agent.post('/out');
    expect(answer.body).toMatchObject(UNAVAILABLE);
    expect(answer.headers).toMatchObject({ 'retry-after': '2', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(answer.text).not.toContain('signed out');
    store.restore();
    expect((await request(app).get('/page').set('Cookie', cookie)).body.subject).toEqual({ id: 'u1', kind: 'user' });
  });

  test.each<[string, Parameters<typeof smallApp>[3]]>([
    [
      'swallowed',
      (app) => app.post('/in', (req, res) => swallow(req.sessionPolicy.signIn({ subject: { id: 'u2', kind: 'user' } }), res, 'signed in')),
    ],
    [
      'not waited for',
      (app) =>
        app.post('/in', (req, res) => {
          void req.sessionPolicy.signIn({ subject: { id: 'u2', kind: 'user' } });
          res.send('signed in');
        }),
    ],
  ])('a sign-in that failed sends no cookie: %s', async (_what, routes) => {
    const { app, store } = world(routes);
    store.fail('create');
    const answer = await request(app).post('/in');
    expect(answer.body).toMatchObject(UNAVAILABLE);
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  test('an error after the answer does not end the process where Express handles it, and claims nothing', async () => {
    const { agent, store } = await signedIn((app) =>
      app.post('/out', (req, res) => {
        void req.sessionPolicy.signOut();
        res.send('signed out');
        throw new Error('too late');
      }),
    );
    store.fail('end');
    await expect(agent.post('/out')).rejects.toThrow('socket hang up');
    await agent.get('/page').expect(200);
  });

  test('a sign-in by another library that failed is not made up for after its answer', async () => {
    const { app, store } = world(
      (made) =>
        made.post('/in', (req, res) => {
          Object.assign(req, { user: { id: 'u2', kind: 'user' } });
          dataOf(req)['passport'] = { user: 'u2' };
          req.session.save((error: unknown) => res.status(error ? 500 : 200).send('answered'));
        }),
      { subject: (req) => (req as unknown as { user?: { id: string; kind: 'user' } }).user },
    );
    let creations = 0;
    store.fate = (method) => (method === 'create' && (creations += 1) === 1 ? 'fails' : 'works');
    const answer = await request(app).post('/in').expect(500);
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(creations).toBe(1);
  });

  test('the status text of a dropped answer does not stay', async () => {
    const { agent, store } = await signedIn((app) =>
      app.get('/fine', (req, res) => {
        dataOf(req)['seen'] = true;
        res.statusMessage = 'Everything Fine';
        res.send('kept');
      }),
    );
    store.fail('save');
    const answer = await agent.get('/fine').expect(503);
    expect((answer as unknown as { res: { statusMessage: string } }).res.statusMessage).toBe('Service Unavailable');
  });

  test('the page of an application for the outage is left as it is', async () => {
    const { agent, store } = await signedIn((app) =>
      app.post('/out', (req, res) => {
        req.sessionPolicy.signOut().then(
          () => res.send('signed out'),
          () => res.status(500).send('please try again'),
        );
      }),
    );
    store.fail('end');
    await agent.post('/out').expect(500, 'please try again');
  });

  test('a sign-out that is not waited for still clears the site data and is not cached', async () => {
    const { agent } = await signedIn((app) =>
      app.post('/out', (req, res) => {
        void req.sessionPolicy.signOut();
        res.setHeader('Cache-Control', 'public, max-age=60');
        res.send('signed out');
      }),
    );
    const answer = await agent.post('/out').expect(200);
    expect(answer.headers['clear-site-data']).toBe('"cache", "cookies", "storage"');
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  test('a page is not served without its session because the store is out', async () => {
    const { agent, store } = await signedIn();
    store.fail('read');
    expect((await agent.get('/page').expect(503)).body).toMatchObject(UNAVAILABLE);
  });

  test('an answer that brings a session cookie is kept by no cache', async () => {
    const { app } = world((made) =>
      made.get('/first', (req, res) => {
        dataOf(req)['visited'] = true;
        res.setHeader('Cache-Control', 'public, max-age=3600');
        res.send('page');
      }),
    );
    const answer = await request(app).get('/first').expect(200);
    expect(answer.headers['set-cookie']).toHaveLength(1);
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  describe('on a profile that goes on without a session in an outage', () => {
    const anonymous = { profile: { preset: 'public-web', onStoreError: 'anonymous' } } as const;

    test('pages go on, and what they put in the session is not kept', async () => {
      const { agent, store } = await signedIn(undefined, anonymous);
      store.failEverything();
      expect((await agent.get('/page').expect(200)).body.subject).toBeNull();
      expect((await agent.get('/put/a/1').expect(200)).headers['set-cookie']).toBeUndefined();
    });

    test.each<[string, Parameters<typeof smallApp>[3]]>([
      ['signOut', (app) => app.post('/out', (req, res) => swallow(req.sessionPolicy.signOut(), res, 'signed out'))],
      ['destroy', (app) => app.post('/out', (req, res) => void req.session.destroy(() => res.send('signed out')))],
      ['regenerate', (app) => app.post('/out', (req, res) => void req.session.regenerate(() => res.send('signed out')))],
    ])('a session that could not be read is not reported as signed out: %s', async (_what, routes) => {
      const { agent, app, store, cookie } = await signedIn(routes, anonymous);
      store.fail('read');
      expect((await agent.post('/out').expect(503)).body).toMatchObject(UNAVAILABLE);
      store.restore();
      expect((await request(app).get('/page').set('Cookie', cookie)).body.subject).not.toBeNull();
    });

    test('a sign-in of another library fails', async () => {
      const { app, store } = world(
        (made) =>
          made.post('/in', (req, res) => {
            Object.assign(req, { user: { id: 'u2', kind: 'user' } });
            dataOf(req)['passport'] = { user: 'u2' };
            res.send('signed in');
          }),
        { ...anonymous, subject: (req) => (req as unknown as { user?: { id: string; kind: 'user' } }).user },
      );
      store.failEverything();
      expect((await request(app).post('/in').expect(503)).body).toMatchObject(UNAVAILABLE);
    });

    test('an explicit save says that it did not work', async () => {
      const { app, store } = world(
        (made) =>
          made.get('/save', (req, res) => {
            dataOf(req)['order'] = 1;
            req.session.save((error?: unknown) => res.status(error ? 507 : 200).send('answered'));
          }),
        anonymous,
      );
      store.failEverything();
      await request(app).get('/save').expect(507);
    });

    test('a guard answers that the store is out, not that nobody is signed in', async () => {
      const { agent, store } = await signedIn(
        (app) => app.get('/reports', idleTimeout('2m'), (_req, res) => void res.send('reports')),
        anonymous,
      );
      await agent.get('/reports').expect(200);
      store.fail('read');
      const answer = await agent.get('/reports').expect(503);
      expect(answer.body).toMatchObject(UNAVAILABLE);
      expect(answer.headers['retry-after']).toBe('2');
    });
  });

  test('after close every request is answered with 503 and when to come back', async () => {
    const { app, sessions } = world();
    await sessions.close();
    const answer = await request(app).get('/page').expect(503);
    expect(answer.body).toMatchObject(UNAVAILABLE);
    expect(answer.headers['retry-after']).toBe('2');
  });
});
