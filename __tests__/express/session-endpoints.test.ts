import { describe, expect, test } from '@jest/globals';
import type { Express } from 'express';
import request from 'supertest';
import { type SessionEndpointsOptions, type SessionPolicyOptions, definePolicy, sessionEndpoints, sessionPolicy } from '../../lib/index.ts';
import { memoryStore } from '../../lib/sessions/memory-store.ts';
import type { SessionStore } from '../../lib/sessions/session-store.ts';
import { manualClock } from '../../lib/testing/manual-clock.ts';
import { FailingStore } from '../faults/failing-store.ts';
import { expressVersions } from '../support/express.ts';
import { SECRET } from './portfolio.ts';

const policy = definePolicy({
  version: 1,
  assurance: ['aal1', 'aal2'],
  profiles: {
    staff: { preset: 'staff-web', idle: '15m', absolute: '8h' },
    open: { preset: 'public-web', idle: '30m', absolute: '12h' },
    phone: { preset: 'mobile', idle: '1h', absolute: '24h' },
  },
  apps: {
    desk: {
      profile: 'staff',
      match: { paths: ['/desk'] },
      loginUrl: '/desk/login',
      reauthenticateUrl: '/desk/confirm',
      routes: [
        { id: 'ledger', path: '/desk/ledger', idle: '5m' },
        { id: 'pay', path: '/desk/pay', methods: ['POST'], stepUp: { maxAge: '4m', level: 'aal2' } },
        { id: 'asleep', path: '/desk/asleep{/*rest}', activity: 'passive' },
      ],
    },
    shop: { profile: 'open', match: { paths: ['/shop'] }, loginUrl: '/shop/login', reauthenticateUrl: '/shop/confirm' },
    phone: { profile: 'phone', match: { paths: ['/phone'] }, loginUrl: '/phone/login', reauthenticateUrl: '/phone/confirm' },
  },
});

const PAGE = { Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Site': 'same-origin' };
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

interface World {
  readonly endpoints?: SessionEndpointsOptions;
  readonly store?: SessionStore;
  readonly more?: Partial<SessionPolicyOptions>;
  readonly before?: (app: Express) => void;
}

describe.each(expressVersions)('session endpoints on %s', (_name, express) => {
  function world({ endpoints, store, more, before }: World = {}) {
    const clock = manualClock();
    const sessions = sessionPolicy({
      policy,
      secret: SECRET,
      store: store ?? memoryStore({ clock: clock.now }),
      log: () => undefined,
      ...more,
    });
    const app = express();
    app.use(sessions);
    before?.(app);
    for (const at of ['/desk', '/shop', '/phone']) mount(app, at, endpoints);
    return { app, clock, sessions };
  }

  function mount(app: Express, at: string, endpoints?: SessionEndpointsOptions): void {
    app.use(`${at}/session`, sessionEndpoints(endpoints));
    app.use(`${at}/asleep`, sessionEndpoints(endpoints));
    app.post(`${at}/login`, (req, res, next) => {
      const { id = 'u1', client } = req.query as Record<string, string>;
      const more = client === undefined ? {} : { client };
      req.sessionPolicy.signIn({ subject: { id, kind: 'user' }, amr: ['pwd'], level: 'aal1', ...more }).then((one) => res.json(one), next);
    });
    app.post(`${at}/confirm`, (req, res, next) => {
      const returnTo = req.sessionPolicy.returnTo();
      req.sessionPolicy.reauthenticated({ amr: ['otp'], level: 'aal2' }).then((one) => res.json({ ...one, returnTo }), next);
    });
    app.get(`${at}/home`, (_req, res) => void res.send('home'));
  }

  async function signedIn(options: World = {}, at = '/desk') {
    const made = world(options);
    const agent = request.agent(made.app);
    await agent.post(`${at}/login`).set('User-Agent', FIREFOX).expect(200);
    return { ...made, agent };
  }

  /** Several people, or one on several devices, each with cookies of their own. */
  async function someAgents(app: Express, ids: readonly string[]) {
    const agents = ids.map(() => request.agent(app));
    for (const [index, id] of ids.entries()) await agents[index]?.post(`/desk/login?id=${id}`).expect(200);
    return agents as [ReturnType<typeof request.agent>, ReturnType<typeof request.agent>, ...ReturnType<typeof request.agent>[]];
  }

  async function handleOf(agent: ReturnType<typeof request.agent>): Promise<string> {
    const { sessions } = (await agent.get('/desk/session/sessions').expect(200)).body as {
      sessions: { handle: string; current: boolean }[];
    };
    return sessions.find(({ current }) => current)?.handle as string;
  }

  describe('status', () => {
    test('tells the rule in force, where it comes from, and the seconds left', async () => {
      const { agent, clock } = await signedIn();
      const now = clock.now();
      clock.advance(90_500);
      const answered = await agent.get('/desk/session').expect(200);
      expect(answered.headers['cache-control']).toBe('no-store');
      expect(answered.body).toEqual({
        app: 'desk',
        profile: 'staff',
        subject: { id: 'u1', kind: 'user' },
        now: now + 90_500,
        createdAt: now,
        authenticatedAt: now,
        lastActiveAt: now,
        outcome: 'allow',
        reason: 'allowed',
        rule: {
          idle: { seconds: 900, source: 'profile:staff' },
          routeIdle: null,
          absolute: { seconds: 28_800, source: 'profile:staff' },
          stepUp: null,
        },
        left: { idle: 809, routeIdle: null, absolute: 28_709, stepUp: null },
      });
    });

    test('tells what a route of the document would ask, by its method', async () => {
      const { agent, clock } = await signedIn();
      clock.advance('2m');
      const ledger = (await agent.get('/desk/session?for=/desk/ledger%3Fpage=2').expect(200)).body;
      expect(ledger).toMatchObject({
        outcome: 'allow',
        rule: { routeIdle: { seconds: 300, source: 'route:desk/ledger' }, stepUp: null },
        left: { idle: 780, routeIdle: 180 },
      });
      const pay = (await agent.get('/desk/session?for=/desk/pay&method=post').expect(200)).body;
      expect(pay).toMatchObject({
        outcome: 'challenge',
        reason: 'assurance_insufficient',
        rule: { stepUp: { seconds: 240, source: 'route:desk/pay' } },
        left: { stepUp: 0 },
      });
      expect((await agent.get('/desk/session?for=/desk/pay').expect(200)).body.rule.stepUp).toBeNull();
      await agent.post('/desk/confirm').expect(200);
      clock.advance(1_500);
      expect((await agent.get('/desk/session?for=/desk/pay&method=POST').expect(200)).body).toMatchObject({
        outcome: 'allow',
        left: { stepUp: 238 },
      });
    });

    test.each([
      ['another host', '//desk.example/desk'],
      ['another host with a backslash', '/\\desk.example'],
      ['another host, encoded twice', '%2f%2fdesk'],
      ['an absolute URL', 'https://example.com/desk'],
      ['no path', 'desk'],
      ['nothing', ''],
      ['another app', '/shop/home'],
      ['another app behind dots', '/desk/../shop/home'],
      ['another app behind encoded dots', '/desk/%2e%2e/shop/home'],
      ['what no app covers', '/elsewhere'],
      ['a line break', '/desk/a\nb'],
    ])('tells nothing for %s', async (_what, path) => {
      const { agent } = await signedIn();
      const refused = await agent.get(`/desk/session?for=${encodeURIComponent(path)}`).expect(400);
      expect(refused.body).toEqual({
        type: 'about:blank',
        title: 'No such route',
        status: 400,
        detail: expect.any(String),
        reason: 'route_unknown',
      });
    });

    test('tells nothing where it is asked about two routes, or with a method that is none', async () => {
      const { agent } = await signedIn();
      await agent.get('/desk/session?for=/desk/home&for=/desk/ledger').expect(400);
      await agent.get('/desk/session?for=/desk/home&method=G%0AT').expect(400);
    });

    test('does not count as activity: the session ends in spite of polling', async () => {
      const { agent, clock } = await signedIn();
      for (let minute = 14; minute > 0; minute -= 1) {
        clock.advance('1m');
        expect((await agent.get('/desk/session').expect(200)).body.left.idle).toBe(minute * 60);
      }
      clock.advance('1m');
      expect((await agent.get('/desk/session').expect(401)).body).toMatchObject({ reason: 'idle_timeout' });
      await agent.get('/desk/home').expect(401);
    });

    test('tells nobody about nobody, also where the rest is public', async () => {
      const { agent, app, clock } = await signedIn({}, '/shop');
      await request(app).get('/shop/home').expect(200);
      expect((await request(app).get('/shop/session').expect(401)).body.reason).toBe('session_missing');
      clock.advance('30m');
      expect((await agent.get('/shop/session').expect(401)).body.reason).toBe('idle_timeout');
      await agent.get('/shop/session/sessions').expect(401);
      await agent.post('/shop/session/keep-alive').expect(401);
    });

    test('works for a client with a token', async () => {
      const { app } = world();
      const { token } = (await request(app).post('/phone/login').expect(200)).body as { token: string };
      const answered = await request(app).get('/phone/session').set('Authorization', `Bearer ${token}`).expect(200);
      expect(answered.body).toMatchObject({ app: 'phone', left: { idle: 3_600, absolute: 86_400 } });
    });
  });

  describe('keep-alive', () => {
    test('counts as activity, is stored when it is answered, and answers the status as it is then', async () => {
      const { agent, clock } = await signedIn();
      for (let turn = 0; turn < 3; turn += 1) {
        clock.advance('14m');
        expect((await agent.post('/desk/session/keep-alive').expect(200)).body.left.idle).toBe(900);
        expect((await agent.get('/desk/session').expect(200)).body.left.idle).toBe(900);
      }
    });

    test('does so a second after other activity', async () => {
      const { agent, clock } = await signedIn();
      clock.advance(1_000);
      await agent.post('/desk/session/keep-alive').expect(200);
      clock.advance('14m');
      expect((await agent.get('/desk/session').expect(200)).body.left.idle).toBe(60);
    });

    test('does not make up for the gap that a stricter route looks at', async () => {
      const { agent, clock } = await signedIn();
      clock.advance('6m');
      const kept = (await agent.post('/desk/session/keep-alive?for=/desk/ledger').expect(200)).body;
      expect(kept).toMatchObject({ outcome: 'challenge', reason: 'route_idle_timeout', left: { idle: 900, routeIdle: 0 } });
    });

    test('is no activity where the policy says that nothing there is', async () => {
      const { agent, clock } = await signedIn();
      clock.advance('10m');
      expect((await agent.post('/desk/asleep/keep-alive').expect(200)).body.left.idle).toBe(300);
      expect((await agent.get('/desk/session').expect(200)).body.left.idle).toBe(300);
    });

    test('says that it is over where it was ended in between', async () => {
      const store = new FailingStore();
      const { agent, sessions } = await signedIn({ store });
      const recordActivity = store.recordActivity.bind(store);
      store.recordActivity = async (...args) => {
        await sessions.revoke({ subject: 'u1' });
        return recordActivity(...args);
      };
      expect((await agent.post('/desk/session/keep-alive').expect(401)).body.reason).toBe('session_ended');
    });

    test('cannot revive a session, nor come from another site', async () => {
      const { agent, clock } = await signedIn();
      await agent.post('/desk/session/keep-alive').set('Sec-Fetch-Site', 'cross-site').expect(403);
      clock.advance('15m');
      expect((await agent.post('/desk/session/keep-alive').expect(401)).body.reason).toBe('idle_timeout');
    });

    test('says that it failed where it could not be stored', async () => {
      const store = new FailingStore();
      const { agent } = await signedIn({ store });
      store.fail('recordActivity');
      expect((await agent.post('/desk/session/keep-alive').expect(503)).body.reason).toBe('store_unavailable');
    });
  });

  describe('sign-out', () => {
    test('ends the session', async () => {
      const { agent } = await signedIn();
      const { headers } = await agent.post('/desk/session/sign-out').expect(204);
      expect(headers['clear-site-data']).toContain('"storage"');
      await agent.get('/desk/session').expect(401);
    });

    test('from a form of a page leads to the sign-in page', async () => {
      const { agent } = await signedIn();
      await agent.post('/desk/session/sign-out').set(PAGE).type('form').send({}).expect(303).expect('Location', '/desk/login');
      await agent.get('/desk/home').expect(401);
    });
  });

  describe("one's own sessions", () => {
    test('are listed with what they were begun with, and none of anybody else', async () => {
      const { agent, app, clock } = await signedIn();
      clock.advance('1m');
      await request(app).post('/desk/login?client=Front%20desk').expect(200);
      await request(app).post('/desk/login?id=u2').set('User-Agent', FIREFOX).expect(200);
      const { body, headers } = await agent.get('/desk/session/sessions').expect(200);
      expect(headers['cache-control']).toBe('no-store');
      const now = clock.now();
      expect(body).toEqual({
        sessions: [
          {
            handle: expect.stringMatching(/^desk\/staff\//),
            app: 'desk',
            profile: 'staff',
            client: 'Front desk',
            createdAt: now,
            authenticatedAt: now,
            lastActiveAt: now,
            current: false,
          },
          expect.objectContaining({ client: 'Firefox on Linux', createdAt: now - 60_000, current: true }),
        ],
      });
    });

    test('can be ended one by one, by either form of the request', async () => {
      const { app } = world();
      const [mine, second, third] = (await someAgents(app, ['u1', 'u1', 'u1'])) as never as [Agent, Agent, Agent];
      const ended = await mine.delete(`/desk/session/sessions/${encodeURIComponent(await handleOf(second))}`).expect(200);
      expect(ended.body).toEqual({ ended: 1, durable: true });
      expect((await second.get('/desk/home').expect(401)).body.reason).toBe('session_revoked');
      await mine
        .post('/desk/session/sessions/end')
        .send({ session: await handleOf(third) })
        .expect(200);
      await third.get('/desk/home').expect(401);
      await mine.get('/desk/home').expect(200);
    });

    test("somebody else's, a made-up one and one that has ended are the same: not found, and nothing is done", async () => {
      const { app } = world();
      const [mine, other] = await someAgents(app, ['u1', 'u2']);
      const [theirs, own] = [await handleOf(other), await handleOf(mine)];
      const answers: unknown[] = [];
      for (const handle of [theirs, own.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')), 'nonsense', '', '__proto__']) {
        answers.push((await mine.post('/desk/session/sessions/end').send({ session: handle }).expect(404)).body);
      }
      answers.push((await mine.delete(`/desk/session/sessions/${encodeURIComponent(theirs)}`).expect(404)).body);
      expect(new Set(answers.map((one) => JSON.stringify(one))).size).toBe(1);
      expect(answers[0]).toMatchObject({ reason: 'session_unknown', status: 404 });
      await other.get('/desk/home').expect(200);
    });

    test('ending the one that asks is a sign-out', async () => {
      const { agent } = await signedIn();
      const { headers } = await agent.delete(`/desk/session/sessions/${encodeURIComponent(await handleOf(agent))}`).expect(204);
      expect(headers['clear-site-data']).toBeDefined();
      expect((await agent.get('/desk/home').expect(401)).body.reason).toBe('session_missing');
    });

    test.each([
      ['DELETE /sessions', 'delete', '/desk/session/sessions'],
      ['POST /sessions/end-others', 'post', '/desk/session/sessions/end-others'],
    ] as const)('all others are ended by %s', async (_what, method, path) => {
      const { app } = world();
      const [mine, second, other] = (await someAgents(app, ['u1', 'u1', 'u2'])) as never as [Agent, Agent, Agent];
      expect((await mine[method](path).expect(200)).body).toEqual({ ended: 1, durable: true });
      await second.get('/desk/home').expect(401);
      await mine.get('/desk/home').expect(200);
      await other.get('/desk/home').expect(200);
    });

    test('from a form, lead back to the page: the one that is named, or the one that the form stands on; never elsewhere', async () => {
      const { app } = world();
      const [mine] = await someAgents(app, ['u1', 'u1']);
      const end = (form: object, referer = 'http://127.0.0.1/desk/devices?tab=2') =>
        mine
          .post('/desk/session/sessions/end-others')
          .set(PAGE)
          .set('Host', '127.0.0.1')
          .set('Referer', referer)
          .type('form')
          .send(form)
          .expect(303);
      expect((await end({})).headers['location']).toBe('/desk/devices?tab=2');
      expect((await end({ returnTo: '/desk/home' })).headers['location']).toBe('/desk/home');
      for (const returnTo of ['//evil.example', '/\\evil.example', 'https://evil.example/', '%2f%2fevil.example']) {
        expect((await end({ returnTo })).headers['location']).toBe('/desk/devices?tab=2');
      }
      expect((await end({}, 'https://evil.example/x')).headers['location']).toBe('/');
    });

    test('are not ended by another site', async () => {
      const { app } = world();
      const [mine, second] = await someAgents(app, ['u1', 'u1']);
      await mine.post('/desk/session/sessions/end-others').set('Sec-Fetch-Site', 'cross-site').expect(403);
      await second.get('/desk/home').expect(200);
    });

    test('ask for a step-up where the application says so, to end them and not to see them', async () => {
      const { app } = world({ endpoints: { stepUp: { maxAge: '5m', level: 'aal2' } } });
      const [mine, second] = await someAgents(app, ['u1', 'u1']);
      const handle = encodeURIComponent(await handleOf(second));
      const challenged = await mine.delete(`/desk/session/sessions/${handle}`).expect(401);
      expect(challenged.headers['www-authenticate']).toContain('insufficient_user_authentication');
      await mine.delete('/desk/session/sessions').expect(401);
      await mine.post('/desk/session/sessions/end-others').expect(401);
      await mine
        .post('/desk/session/sessions/end')
        .send({ session: await handleOf(second) })
        .expect(401);
      await second.get('/desk/home').expect(200);
      await mine.post('/desk/confirm').expect(200);
      expect((await mine.delete(`/desk/session/sessions/${handle}`).expect(200)).body.ended).toBe(1);
      await mine.post('/desk/session/sign-out').expect(204);
    });

    test('that were asked to be ended by a form are ended after the step-up, when the person sends it', async () => {
      const { app } = world({ endpoints: { stepUp: { level: 'aal2' } } });
      const [mine, second] = await someAgents(app, ['u1', 'u1']);
      const asked = mine
        .post('/desk/session/sessions/end')
        .set(PAGE)
        .set('Host', '127.0.0.1')
        .set('Referer', 'http://127.0.0.1/desk/devices');
      const { headers } = await asked
        .type('form')
        .send({ session: await handleOf(second) })
        .expect(303);
      const { returnTo } = (await mine.post(headers['location'] as string).expect(200)).body as { returnTo: string };
      expect(returnTo).toMatch(/^\/desk\/session\/sessions\/end\?/);
      await second.get('/desk/home').expect(200);
      await mine.post(returnTo).set(PAGE).expect(303);
      await second.get('/desk/home').expect(401);
    });

    test('takes a body that the application has parsed, and refuses a long or broken one', async () => {
      const { app } = world({ before: (made) => void made.use(express.json()) });
      const [mine, second] = await someAgents(app, ['u1', 'u1']);
      await mine
        .post('/desk/session/sessions/end')
        .send({ session: await handleOf(second) })
        .expect(200);
      const [plain] = await someAgents(world().app, ['u1']);
      const long = await plain
        .post('/desk/session/sessions/end')
        .send({ session: 'x'.repeat(5_000) })
        .expect(413);
      expect(long.body.reason).toBe('body_unreadable');
      const broken = await plain.post('/desk/session/sessions/end').type('json').send('{"session":').expect(400);
      expect(broken.text).not.toMatch(/SyntaxError|node_modules/);
    });
  });

  test('a store that does not answer is answered as everywhere', async () => {
    const store = new FailingStore();
    const { agent } = await signedIn({ store });
    store.fail('list');
    await agent.get('/desk/session/sessions').expect(503).expect('Retry-After', '2');
    store.fail('read');
    await agent.get('/desk/session').expect(503);
    await agent.post('/desk/session/sign-out').expect(503);
  });

  test('options that are not known are refused at once, with a suggestion', () => {
    expect(() => sessionEndpoints({ stepup: { maxAge: '5m' } } as never)).toThrow(/no option "stepup" \(did you mean "stepUp"\?\)/);
    expect(() => sessionEndpoints(null as never)).toThrow(expect.objectContaining({ code: 'ERR_OPTIONS_INVALID' }));
    expect(() => sessionEndpoints({ stepUp: {} })).toThrow(expect.objectContaining({ code: 'ERR_RULE_INVALID' }));
  });

  test('what a session was begun with is refused if it does not fit in a list', async () => {
    const { app } = world({ before: (made) => void made });
    await request(app)
      .post(`/desk/login?client=${'x'.repeat(65)}`)
      .expect(500);
    await request(app).post('/desk/login?client=two%0Alines').expect(500);
    await request(app).post('/desk/login?client=').expect(500);
    await request(app)
      .post(`/desk/login?client=${'x'.repeat(64)}`)
      .expect(200);
  });
});

type Agent = ReturnType<typeof request.agent>;
