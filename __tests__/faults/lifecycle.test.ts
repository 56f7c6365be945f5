import { describe, expect, test } from '@jest/globals';
import request from 'supertest';
import type { SignedInSubject } from '../../lib/express/options.ts';
import { expressVersions } from '../support/express.ts';
import { FailingStore } from './failing-store.ts';
import { cookieOf, dataOf, smallApp } from './small-app.ts';

describe.each(expressVersions)('signing in, confirming and signing out on %s', (_name, express) => {
  const world = (options: Parameters<typeof smallApp>[2] = {}, routes?: Parameters<typeof smallApp>[3]) =>
    smallApp(express, new FailingStore(), options, routes);

  test('an id from before the sign-in is worth nothing after it', async () => {
    const { app, sessions } = world();
    const before = cookieOf(await request(app).get('/put/cart/book').expect(200));
    const after = cookieOf(await request(app).post('/login').set('Cookie', before).expect(200));
    expect(after).not.toBe(before);
    expect((await request(app).get('/data').set('Cookie', before)).body).not.toHaveProperty('cart');
    expect((await request(app).get('/page').set('Cookie', before)).body.subject).toBeNull();
    expect(await sessions.list({ app: 'app' })).toHaveLength(1);
  });

  test('a confirmation keeps what the same request put in the session before', async () => {
    const { app } = world({}, (made) =>
      made.post('/step', (req, res, next) => {
        dataOf(req)['step'] = 'confirmed';
        req.sessionPolicy.reauthenticated().then(() => res.send('ok'), next);
      }),
    );
    const agent = request.agent(app);
    await agent.post('/login').expect(200);
    await agent.post('/step').expect(200);
    expect((await agent.get('/data')).body).toMatchObject({ step: 'confirmed' });
  });

  test('signing in again replaces the session of this browser, and neither is refused nor costs another device its own', async () => {
    for (const onLimit of ['deny', 'end-oldest'] as const) {
      const { app, sessions } = world({ profile: { preset: 'public-web', concurrent: { max: 2, onLimit } } });
      const elsewhere = request.agent(app);
      const here = request.agent(app);
      await elsewhere.post('/login').expect(200);
      await here.post('/login').expect(200);
      await here.post('/login').expect(200);
      expect((await elsewhere.get('/page')).body.subject).not.toBeNull();
      expect(await sessions.list({ subject: 'u1' })).toHaveLength(2);
    }
  });

  test('a third session is refused where the limit says so', async () => {
    const { app } = world({ profile: { preset: 'public-web', concurrent: { max: 2, onLimit: 'deny' } } });
    await request(app).post('/login').expect(200);
    await request(app).post('/login').expect(200);
    await request(app).post('/login').expect(403);
  });

  test('people see and end the sessions of their own kind only', async () => {
    const { app, sessions } = world({ profile: { preset: 'public-web', subjects: ['user', 'service'] } }, (made) => {
      made.get('/sessions', (req, res, next) => void req.sessionPolicy.sessions().then((all) => res.json(all), next));
      made.post('/others', (req, res, next) => void req.sessionPolicy.revokeOthers().then((result) => res.json(result), next));
    });
    const user = request.agent(app);
    await user.post('/login?id=7').expect(200);
    await request(app).post('/login?id=7').expect(200);
    await request(app).post('/login?id=7&kind=service').expect(200);
    const seen = (await user.get('/sessions').expect(200)).body as { subject: { kind: string } }[];
    expect(seen.map(({ subject }) => subject.kind)).toEqual(['user', 'user']);
    expect((await user.post('/others').expect(200)).body).toEqual({ ended: 1, durable: true });
    expect((await sessions.list({ subject: '7' })).map(({ subject }) => subject?.kind)).toEqual(
      expect.arrayContaining(['service', 'user']),
    );
  });

  test('a native client that is not signed in leaves no session behind that nobody can find again', async () => {
    const { app, sessions } = world({ profile: { preset: 'mobile', idle: '1h', absolute: '24h' }, loginUrl: '/put/a/1' });
    await request(app).get('/put/a/1').expect(200);
    expect(await sessions.list({ app: 'app' })).toHaveLength(0);
  });

  describe('by another library', () => {
    const byLibrary = (routes?: Parameters<typeof smallApp>[3]) =>
      world(
        {
          profile: { preset: 'public-web', subjects: ['user', 'service'] },
          subject: (req) => (req as unknown as { user?: SignedInSubject }).user,
        },
        (made, sessions) => {
          made.post('/as/:kind/:id', (req, res) => {
            Object.assign(req, { user: { id: req.params['id'], kind: req.params['kind'] } });
            dataOf(req)['passport'] = { user: req.params['id'], kind: req.params['kind'] };
            res.send('in');
          });
          routes?.(made, sessions);
        },
      );

    test('another kind under the same id is another subject', async () => {
      const { app, sessions } = byLibrary();
      const agent = request.agent(app);
      await agent.post('/as/user/7').expect(200);
      await agent.post('/as/service/7').expect(200);
      expect((await agent.get('/page')).body.subject).toEqual({ id: '7', kind: 'service' });
      expect(await sessions.list({ subject: '7' })).toHaveLength(1);
    });

    test('what a subject had stays behind when another one signs in', async () => {
      const { app } = byLibrary();
      const agent = request.agent(app);
      await agent.get('/put/cart/book');
      await agent.post('/as/user/1').expect(200);
      expect((await agent.get('/data')).body).toMatchObject({ cart: 'book', passport: { user: '1' } });
      await agent.get('/put/private/letter');
      await agent.post('/as/user/2').expect(200);
      const { cookie: _cookie, ...kept } = (await agent.get('/data')).body;
      expect(kept).toEqual({ passport: { user: '2', kind: 'user' } });
    });

    test.each(['destroy', 'regenerate'] as const)('a sign-out by %s is in the evidence', async (how) => {
      const { app, events } = byLibrary((made) => made.post('/out', (req, res) => void req.session[how](() => res.send('out'))));
      const agent = request.agent(app);
      await agent.post('/as/user/1').expect(200);
      await agent.post('/out').expect(200);
      expect(events.filter(({ type }) => type !== 'decision').map(({ type, subject }) => [type, subject?.id])).toEqual([
        ['sign_in', '1'],
        ['sign_out', '1'],
      ]);
    });
  });

  test.each<[string, () => void | Promise<void>]>([
    [
      'throws',
      () => {
        throw new Error('disk full');
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('disk full');
      },
    ],
  ])('a sink that %s ends neither the request nor the process, and is told of once', async (_what, fails) => {
    const { app, logged } = world({ audit: fails as () => void });
    const agent = request.agent(app);
    await agent.post('/login').expect(200);
    await agent.get('/page').expect(200);
    expect(logged.map(({ code }) => code)).toEqual(['audit_failed']);
    const silent = world({ log: fails as () => void });
    await request(silent.app).get('/page').set('Cookie', 'app.session=s%3Ajunk').expect(200);
  });

  test('req.session of other middleware on other paths of the same Express app is left alone', async () => {
    const { app } = world();
    const outer = express();
    outer.use('/legacy', (req, _res, next) => {
      Object.assign(req, { session: { own: true }, sessionID: 'legacy', sessionStore: {} });
      next();
    });
    outer.use('/new', app);
    outer.get('/legacy', (req, res) => void res.json({ session: req.session, id: req.sessionID }));
    const cookie = cookieOf(await request(outer).get('/new/put/a/1').expect(200));
    expect((await request(outer).get('/legacy').expect(200)).body).toEqual({ session: { own: true }, id: 'legacy' });
    expect((await request(outer).get('/new/data').set('Cookie', cookie)).body).toMatchObject({ a: '1' });
  });
});
