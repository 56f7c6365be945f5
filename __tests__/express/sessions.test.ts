import { describe, expect, test } from '@jest/globals';
import session from 'express-session';
import request from 'supertest';
import { memoryStore, sessionPolicy, type SignedInSubject } from '../../lib/index.ts';
import { expressVersions } from '../support/express.ts';
import { portfolio, SECRET } from './portfolio.ts';

interface Data {
  views?: number;
  cart?: string[];
  [key: string]: unknown;
}

describe.each(expressVersions)('req.session on %s', (_name, express) => {
  function world(options: { subject?: (req: object) => SignedInSubject | undefined } = {}) {
    const app = express();
    const sessions = sessionPolicy({ profile: 'public-web', secret: SECRET, store: memoryStore(), log: () => undefined, ...options });
    app.use(sessions);
    app.get('/views', (req, res) => {
      const data = req.session as unknown as Data;
      data.views = (data.views ?? 0) + 1;
      res.json({ views: data.views });
    });
    app.get('/put/:key/:value', (req, res) => {
      (req.session as unknown as Data)[req.params['key'] as string] = req.params['value'];
      res.send('ok');
    });
    app.get('/get', (req, res) => void res.json(req.session));
    app.post('/login', async (req, res) => {
      await req.sessionPolicy.signIn({ subject: { id: 'u1', kind: 'user' }, keep: ['cart'] });
      res.send('in');
    });
    return { app, sessions, agent: request.agent(app) };
  }

  test("is an instance of express-session's class with its methods", async () => {
    const { app } = world();
    app.get('/kind', (req, res) => {
      res.json({
        instance: req.session instanceof session.Session,
        cookie: req.session.cookie instanceof session.Cookie,
        id: req.session.id === req.sessionID,
        store: req.sessionStore instanceof session.Store,
        methods: ['save', 'reload', 'destroy', 'regenerate', 'touch', 'resetMaxAge'].every(
          (name) => typeof req.session[name as 'save'] === 'function',
        ),
        keys: Object.keys(req.session),
      });
    });
    expect((await request(app).get('/kind')).body).toEqual({
      instance: true,
      cookie: true,
      id: true,
      store: true,
      methods: true,
      keys: ['cookie'],
    });
  });

  test('keeps what is put in it, and sets no cookie for a visitor who put nothing in it', async () => {
    const { agent, app } = world();
    expect((await request(app).get('/get')).headers['set-cookie']).toBeUndefined();
    const first = await agent.get('/views');
    expect(first.headers['set-cookie']).toHaveLength(1);
    expect(first.headers['set-cookie']?.[0]).toMatch(/^app\.session=s%3A[^;]+; Path=\/; HttpOnly; SameSite=Lax$/);
    const second = await agent.get('/views');
    expect(second.body).toEqual({ views: 2 });
    expect(second.headers['set-cookie']).toBeUndefined();
  });

  test('changes of different keys by parallel requests all survive', async () => {
    const { agent } = world();
    await agent.get('/put/first/1');
    await Promise.all(Array.from({ length: 20 }, (_, index) => agent.get(`/put/key${index}/${index}`)));
    const stored = (await agent.get('/get')).body as Data;
    for (let index = 0; index < 20; index += 1) expect(stored[`key${index}`]).toBe(String(index));
    expect(stored['first']).toBe('1');
  });

  test('a key that is deleted is gone, and values come back as JSON has them', async () => {
    const { app, agent } = world();
    app.get('/odd', (req, res) => {
      Object.assign(req.session, {
        empty: [],
        object: {},
        nothing: null,
        text: 'line\nbreak "quoted" \u2028',
        deep: { a: [1, { b: 2 }] },
        fn: () => 1,
        undef: undefined,
      });
      res.send('ok');
    });
    app.get('/drop', (req, res) => {
      delete (req.session as unknown as Data)['deep'];
      res.send('ok');
    });
    await agent.get('/odd');
    const { cookie: _cookie, ...kept } = (await agent.get('/get')).body;
    expect(kept).toEqual({ empty: [], object: {}, nothing: null, text: 'line\nbreak "quoted" \u2028', deep: { a: [1, { b: 2 }] } });
    await agent.get('/drop');
    expect((await agent.get('/get')).body).not.toHaveProperty('deep');
  });

  test('a sign-in leaves behind what was there before, but for what it is told to keep', async () => {
    const { agent } = world();
    await agent.get('/put/cart/book');
    const before = (await agent.get('/put/evil/1')).headers;
    expect(before['set-cookie']).toBeUndefined();
    await agent.post('/login');
    const { cookie: _cookie, ...kept } = (await agent.get('/get')).body;
    expect(kept).toEqual({ cart: 'book' });
  });

  test('regenerate, destroy, reload and save call back after the store has answered', async () => {
    const { app, agent } = world();
    app.get('/regenerate', (req, res) => {
      const before = req.sessionID;
      req.session.regenerate((error) =>
        res.json({ error: error ?? null, changed: before !== req.sessionID, keys: Object.keys(req.session) }),
      );
    });
    app.get('/destroy', (req, res) => {
      req.session.destroy((error) => res.json({ error: error ?? null, session: req.session ?? null }));
    });
    app.get('/save-reload', (req, res) => {
      (req.session as unknown as Data).views = 7;
      req.session.save(() => {
        (req.session as unknown as Data).views = 9;
        req.session.reload((error) => res.json({ error: error ?? null, views: (req.session as unknown as Data).views }));
      });
    });
    await agent.get('/views');
    expect((await agent.get('/regenerate')).body).toEqual({ error: null, changed: true, keys: ['cookie'] });
    expect((await agent.get('/views')).body).toEqual({ views: 1 });
    expect((await agent.get('/save-reload')).body).toEqual({ error: null, views: 7 });
    const destroyed = await agent.get('/destroy');
    expect(destroyed.body).toEqual({ error: null, session: null });
    expect(destroyed.headers['set-cookie']?.[0]).toMatch(/Expires=Thu, 01 Jan 1970/);
    expect((await agent.get('/views')).body).toEqual({ views: 1 });
  });

  test('sign-out ends the session for good, clears the site data, and a slow request cannot revive it', async () => {
    const { app, agent } = world();
    let release: () => void = () => undefined;
    app.get('/slow', async (req, res) => {
      (req.session as unknown as Data)['late'] = true;
      await new Promise<void>((resolve) => {
        release = resolve;
        app.emit('waiting');
      });
      res.send('saved');
    });
    app.post('/logout', async (req, res) => {
      await req.sessionPolicy.signOut();
      res.send('out');
    });
    const cookie = (await agent.post('/login')).headers['set-cookie']?.[0]?.split(';')[0] as string;
    const waiting = new Promise((resolve) => app.once('waiting', resolve));
    const slow = agent.get('/slow').then((answer) => answer);
    await waiting;
    const out = await agent.post('/logout').expect(200);
    expect(out.headers['clear-site-data']).toBe('"cache", "cookies", "storage"');
    release();
    expect((await slow).status).toBe(401);
    const { body } = await request(app).get('/get').set('Cookie', cookie);
    expect(body).not.toHaveProperty('late');
  });

  test('a session too large or not serialisable is a clear error and nothing is stored', async () => {
    const { app, agent } = world();
    app.get('/large', (req, res) => {
      (req.session as unknown as Data)['large'] = 'x'.repeat(70_000);
      res.send('stored');
    });
    app.get('/cyclic', (req, res) => {
      (req.session as unknown as Data)['self'] = req.session;
      res.send('stored');
    });
    await agent.get('/views');
    expect((await agent.get('/large').expect(500)).body.reason).toBe('session_too_large');
    expect((await agent.get('/cyclic').expect(500)).body.reason).toBe('session_unserializable');
    expect((await agent.get('/views')).body).toEqual({ views: 2 });
  });

  test('a sign-in of another library counts, with one rotation, and another user on the same id is not possible', async () => {
    const { app, sessions } = world({ subject: (req) => (req as { user?: SignedInSubject }).user });
    app.get('/as/:id', (req, res) => {
      Object.assign(req, { user: { id: req.params['id'], kind: 'user' } });
      req.session.regenerate(() => {
        (req.session as unknown as Data)['passport'] = { user: req.params['id'] };
        req.session.save(() => res.json({ id: req.sessionID, subject: req.sessionPolicy.subject }));
      });
    });
    app.get('/sneak/:id', (req, res) => {
      Object.assign(req, { user: { id: req.params['id'], kind: 'user' } });
      (req.session as unknown as Data)['passport'] = { user: req.params['id'] };
      res.send('ok');
    });
    const agent = request.agent(app);
    await agent.get('/views');
    const first = await agent.get('/as/u1').expect(200);
    expect(first.body.subject).toEqual({ id: 'u1', kind: 'user' });
    expect(first.headers['set-cookie']).toHaveLength(1);
    const listed = await sessions.list({ subject: 'u1' });
    expect(listed).toHaveLength(1);
    const sneaked = await agent.get('/sneak/u2').expect(200);
    expect(sneaked.headers['set-cookie']).toHaveLength(1);
    expect(await sessions.list({ subject: 'u1' })).toHaveLength(0);
    expect(await sessions.list({ subject: 'u2' })).toHaveLength(1);
  });

  test("one app's cookie is no session for another app, not even under its name", async () => {
    const { app } = portfolio(express);
    const login = await request(app).post('/staff/login').expect(200);
    const cookie = login.headers['set-cookie']?.[0]?.split(';')[0] as string;
    expect(cookie).toMatch(/^staff\.session=/);
    await request(app).get('/staff/home').set('Cookie', cookie).expect(200);
    await request(app).get('/admin/home').set('Cookie', cookie).expect(401);
    await request(app).get('/admin/home').set('Cookie', cookie.replace('staff.', 'console.')).expect(401);
    await request(app)
      .get('/phone/home')
      .set('Authorization', `Bearer ${decodeURIComponent(cookie.split('=')[1] as string).slice(2)}`)
      .expect(401);
  });

  test('a native client sends its token as a bearer', async () => {
    const { app } = portfolio(express);
    const login = await request(app).post('/phone/login').expect(200);
    expect(login.headers['set-cookie']).toBeUndefined();
    const bearer = `Bearer ${login.body.token}`;
    expect((await request(app).get('/phone/home').set('Authorization', bearer).expect(200)).body.subject.id).toBe('u1');
    const renewed = await request(app).post('/phone/confirm').set('Authorization', bearer).expect(200);
    expect(renewed.body.token).not.toBe(login.body.token);
    await request(app).get('/phone/home').set('Authorization', `Bearer ${renewed.body.token}`).expect(200);
  });

  test('a subject of the wrong kind gets no session, and workloads get "not yet" until they have tokens', async () => {
    const { app } = portfolio(express);
    expect((await request(app).post('/staff/login?kind=service').expect(403)).body.code).toBe('ERR_SUBJECT_KIND');
    expect((await request(app).get('/jobs/run').expect(401)).body.reason).toBe('workload_token_required');
  });
});
