import expressDefault, { type Express, type Request } from 'express';
import request, { type Test } from 'supertest';
import type { AuditEvent } from '../../lib/audit/audit-event.ts';
import {
  approvalEndpoints,
  type ApprovalList,
  type ApprovalView,
  definePolicy,
  memoryStore,
  requireApproval,
  type RequireApprovalOptions,
  sessionPolicy,
  type SessionPolicyMiddleware,
} from '../../lib/index.ts';
import type { SessionStore } from '../../lib/sessions/session-store.ts';
import { type ManualClock, manualClock } from '../../lib/testing/manual-clock.ts';
import { SECRET } from '../express/portfolio.ts';

const policy = definePolicy({
  version: 1,
  assurance: ['aal1', 'aal2'],
  profiles: { staff: { preset: 'staff-web', idle: '2h', absolute: '8h', subjects: ['user', 'service'], because: 'tests wait' } },
  apps: {
    desk: { profile: 'staff', match: { paths: ['/desk'] }, loginUrl: '/desk/login', reauthenticateUrl: '/desk/reauthenticate' },
    lab: { profile: 'staff', match: { paths: ['/lab'] }, loginUrl: '/lab/login', reauthenticateUrl: '/lab/reauthenticate' },
  },
});

export const SCOPE = 'delete a customer';
export const DELETE = { scope: SCOPE, from: ['bob', 'cyd'], for: '15m', reason: true } as const satisfies RequireApprovalOptions;

export interface ApprovalWorld {
  readonly app: Express;
  readonly sessions: SessionPolicyMiddleware;
  readonly clock: ManualClock;
  readonly events: AuditEvent[];
  /** Signs somebody in, in a cookie jar of their own. */
  readonly person: (id: string, how?: Readonly<Record<string, string>>) => Promise<Person>;
}

export interface WorldOptions {
  readonly store?: SessionStore;
  readonly clock?: ManualClock;
  readonly rule?: Partial<RequireApprovalOptions>;
  readonly secret?: string | readonly string[];
}

/** Two apps of one policy with the same guard: one deletes customers after approval, as does the other. */
export function approvalWorld(express: typeof expressDefault = expressDefault, options: WorldOptions = {}): ApprovalWorld {
  const clock = options.clock ?? manualClock();
  const events: AuditEvent[] = [];
  const sessions = sessionPolicy({
    policy,
    secret: options.secret ?? SECRET,
    store: options.store ?? memoryStore({ clock: clock.now }),
    audit: (event) => events.push(event),
    log: () => undefined,
  });
  const app = express();
  app.use(sessions);
  for (const at of ['/desk', '/lab']) mountApp(express, app, at, { ...DELETE, ...options.rule });
  return { app, sessions, clock, events, person: (id, how) => person(app, id, how) };
}

function mountApp(express: typeof expressDefault, app: Express, at: string, rule: RequireApprovalOptions): void {
  const approved = requireApproval(rule);
  const unnamed = requireApproval({ from: ['bob'], for: '5m' });
  app.post(`${at}/login`, (req, res, next) => {
    const { id = '', kind = 'user', how = 'active', level = 'aal1' } = req.query as Record<string, string>;
    req.sessionPolicy.signIn({ subject: { id, kind: kind as 'user' }, how: how as 'active', level }).then(() => res.sendStatus(204), next);
  });
  app.post(`${at}/reauthenticate`, (req, res, next) => {
    const { level = 'aal1' } = req.query as Record<string, string>;
    req.sessionPolicy.reauthenticated({ amr: ['otp'], level }).then(() => res.redirect(303, req.sessionPolicy.returnTo('/home')), next);
  });
  app.post(`${at}/logout`, (req, res, next) => void req.sessionPolicy.signOut().then(() => res.sendStatus(204), next));
  app.delete(`${at}/customers/:id`, approved, done);
  app.get(`${at}/customers/:id/delete`, approved, done);
  app.post(`${at}/customers/delete`, approved, done);
  app.get(`${at}/exports/:id`, unnamed, done);
  app.use(`${at}/exports`, express.Router().post('/all', unnamed, done));
  app.use(`${at}/approvals`, approvalEndpoints([approved, unnamed], { name: ({ id }) => `${id} of ${at}` }));
  app.get(`${at}`, (_req, res) => void res.send('home'));

  function done(req: Request, res: import('express').Response): void {
    res.json({ done: req.method });
  }
}

type Agent = ReturnType<typeof request.agent>;

/** Somebody at a browser or with a program, in one session. */
export interface Person {
  readonly agent: Agent;
  /** A program's request. */
  readonly asks: (body?: object, at?: string) => Test;
  readonly decides: (verb: string, id: string, body?: object, at?: string) => Test;
  readonly deletes: (at?: string) => Test;
  readonly list: (at?: string) => Promise<ApprovalList>;
  readonly visit: (path: string) => Test;
  readonly send: (path: string, fields?: object) => Test;
  /** The same person with the same cookies at another process. */
  readonly on: (world: ApprovalWorld) => Person;
}

async function person(app: Express, id: string, { at = '/desk', ...how }: Readonly<Record<string, string>> = {}): Promise<Person> {
  const agent = request.agent(app);
  await agent
    .post(`${at}/login`)
    .query({ id, ...how })
    .expect(204);
  return inSession(agent, at);
}

function inSession(agent: Agent, at: string): Person {
  const asPage = (test: Test): Test =>
    test.set('Accept', 'text/html,application/xhtml+xml').set('Sec-Fetch-Mode', 'navigate').set('Sec-Fetch-Site', 'same-origin');
  return {
    agent,
    asks: (body = { reason: 'they asked for it' }, where = at) => agent.post(`${where}/approvals`).send({ scope: SCOPE, ...body }),
    decides: (verb, request_, body = {}, where = at) => agent.post(`${where}/approvals/${request_}/${verb}`).send(body),
    deletes: (where = at) => agent.delete(`${where}/customers/7`),
    list: async (where = at) => (await agent.get(`${where}/approvals`).expect(200)).body as ApprovalList,
    visit: (path) => asPage(agent.get(path)),
    send: (path, fields) => {
      const test = asPage(agent.post(path)).set('Host', 'desk.example').set('Referer', `http://desk.example${at}`);
      return fields === undefined ? test : test.type('form').send(fields);
    },
    on: ({ app }) => inSession(Object.assign(request.agent(app), { jar: agent.jar }), at),
  };
}

/** A request that somebody makes. */
export async function asked(by: Person, body?: object): Promise<ApprovalView> {
  return (await by.asks(body).expect(201)).body as ApprovalView;
}
