import { EventEmitter, once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { manualClock } from '../../lib/testing/manual-clock.ts';
import { expressVersions } from '../support/express.ts';
import { FailingStore } from './failing-store.ts';
import { cookieOf, dataOf, smallApp, swallow } from './small-app.ts';

describe.each(expressVersions)('an id that was replaced reads only, on %s', (_name, express) => {
  async function replaced(routes: Parameters<typeof smallApp>[3]) {
    const clock = manualClock();
    const made = smallApp(express, new FailingStore({ clock: clock.now }), {}, routes);
    const old = cookieOf(await request(made.app).post('/login').expect(200));
    const current = cookieOf(await request(made.app).post('/confirm').set('Cookie', old).expect(200));
    return { ...made, clock, old, current };
  }

  test.each<[string, 'get' | 'post', Parameters<typeof smallApp>[3]]>([
    ['signOut, by GET', 'get', (app) => app.get('/out', (req, res) => swallow(req.sessionPolicy.signOut(), res, 'signed out'))],
    ['signOut, by POST', 'post', (app) => app.post('/out', (req, res) => swallow(req.sessionPolicy.signOut(), res, 'signed out'))],
    ['destroy, by GET', 'get', (app) => app.get('/out', (req, res) => void req.session.destroy(() => res.send('signed out')))],
    ['destroy, by POST', 'post', (app) => app.post('/out', (req, res) => void req.session.destroy(() => res.send('signed out')))],
    ['regenerate, by GET', 'get', (app) => app.get('/out', (req, res) => void req.session.regenerate(() => res.send('signed out')))],
    [
      'regenerate, by POST',
      'post',
      (app) =>
        app.post(
          '/out',
          (req, res) => void req.session.regenerate((error: unknown) => (error ? res.status(401).end() : res.send('signed out'))),
        ),
    ],
    [
      'revokeOthers, by GET',
      'get',
      (app) => app.get('/out', (req, res, next) => void req.sessionPolicy.revokeOthers().then(() => res.send('signed out'), next)),
    ],
  ])('%s does not claim to have ended the session, which goes on under its new id', async (_what, method, routes) => {
    const { app, old, current } = await replaced(routes);
    const answer = await request(app)[method]('/out').set('Cookie', old);
    expect(answer.status).toBe(401);
    expect(answer.text).not.toContain('signed out');
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect((await request(app).get('/page').set('Cookie', current)).body.subject).toEqual({ id: 'u1', kind: 'user' });
  });

  test('a save says that nothing was stored', async () => {
    const { app, old, current } = await replaced((made) =>
      made.get('/save', (req, res) => {
        dataOf(req)['late'] = 1;
        req.session.save((error?: unknown) => res.status(error ? 409 : 200).send('answered'));
      }),
    );
    expect((await request(app).get('/save').set('Cookie', old)).status).not.toBe(200);
    expect((await request(app).get('/data').set('Cookie', current)).body).not.toHaveProperty('late');
  });

  test('it reads for five seconds and not longer', async () => {
    const { app, old, clock } = await replaced(() => undefined);
    clock.advance(4_999);
    expect((await request(app).get('/page').set('Cookie', old)).body.subject).not.toBeNull();
    clock.advance(2);
    expect((await request(app).get('/page').set('Cookie', old)).body.subject).toBeNull();
  });

  test('a visitor who sends the sign-in form twice is signed in', async () => {
    const { app } = await replaced(() => undefined);
    const visitor = cookieOf(await request(app).get('/put/cart/book'));
    await request(app).post('/login').set('Cookie', visitor).expect(200);
    const second = await request(app).post('/login').set('Cookie', visitor).expect(200);
    expect((await request(app).get('/page').set('Cookie', cookieOf(second))).body.subject).toEqual({ id: 'u1', kind: 'user' });
  });

  describe('a visitor who has just signed in', () => {
    async function signedInVisitor() {
      const made = smallApp(express, new FailingStore());
      const visitor = cookieOf(await request(made.app).get('/put/cart/book'));
      const current = cookieOf(await request(made.app).post('/login').set('Cookie', visitor).expect(200));
      return { ...made, visitor, current };
    }

    test('is not made a visitor again by a slow request from before', async () => {
      const { app, visitor } = await signedInVisitor();
      const slow = await request(app).get('/put/late/1').set('Cookie', visitor).expect(200);
      expect(slow.headers['set-cookie']).toBeUndefined();
    });

    test('is not told to be signed out by a sign-out from before', async () => {
      const { app, visitor, current } = await signedInVisitor();
      await request(app).post('/logout').set('Cookie', visitor).expect(401);
      expect((await request(app).get('/page').set('Cookie', current)).body.subject).not.toBeNull();
    });
  });

  test('a confirmation that comes first makes a sign-out fail that was under way', async () => {
    const signals = new EventEmitter();
    const { app } = smallApp(express, new FailingStore(), {}, (made) => {
      made.post('/slow-out', (req, res) => {
        signals.once('release', () => swallow(req.sessionPolicy.signOut(), res, 'signed out'));
        signals.emit('waiting');
      });
    });
    const cookie = cookieOf(await request(app).post('/login').expect(200));
    const waiting = once(signals, 'waiting');
    const slow = request(app)
      .post('/slow-out')
      .set('Cookie', cookie)
      .then((answer) => answer);
    await waiting;
    const current = cookieOf(await request(app).post('/confirm').set('Cookie', cookie).expect(200));
    signals.emit('release');
    expect((await slow).status).toBe(401);
    expect((await request(app).get('/page').set('Cookie', current)).body.subject).not.toBeNull();
  });
});
