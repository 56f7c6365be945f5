import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import expressDefault, { type Express, type Request } from 'express';
import request, { type Test } from 'supertest';
import type { AuditEvent } from '../../lib/audit/audit-event.ts';
import { memoryStore, type SessionPolicyMiddleware, sessionPolicy, type SessionPolicyOptions, stepUp } from '../../lib/index.ts';
import { definePolicy } from '../../lib/policy/define-policy.ts';
import type { SessionStore } from '../../lib/sessions/session-store.ts';
import { type ManualClock, manualClock } from '../../lib/testing/manual-clock.ts';
import { SECRET } from './portfolio.ts';

export const bankPolicy = definePolicy({
  version: 1,
  assurance: ['aal1', 'aal2'],
  profiles: { web: { preset: 'staff-web', idle: '15m', absolute: '8h' }, phone: { preset: 'mobile', idle: '1h', absolute: '24h' } },
  apps: {
    bank: {
      profile: 'web',
      match: { paths: ['/'] },
      routes: [{ id: 'pay', path: '/pay', methods: ['POST'], stepUp: { maxAge: '1m' } }],
    },
    phone: { profile: 'phone', match: { paths: ['/phone'] }, loginUrl: '/phone/login', reauthenticateUrl: '/phone/reauthenticate' },
  },
});

/** A bank that asks before it pays: by its policy on /pay, by a guard for the values on /transfer. */
export interface Bank {
  readonly app: Express;
  readonly sessions: SessionPolicyMiddleware;
  readonly clock: ManualClock;
  readonly events: AuditEvent[];
  /** What the handlers were called with. */
  readonly done: { readonly path: string; readonly body: unknown; readonly query: unknown }[];
}

export interface BankOptions {
  readonly store?: SessionStore;
  readonly clock?: ManualClock;
  readonly extended?: boolean;
  /** The body is read before the session middleware. */
  readonly parserFirst?: boolean;
  readonly more?: Partial<SessionPolicyOptions>;
}

export function bank(express: typeof expressDefault = expressDefault, options: BankOptions = {}): Bank {
  const clock = options.clock ?? manualClock();
  const events: AuditEvent[] = [];
  const done: { path: string; body: unknown; query: unknown }[] = [];
  const sessions = sessionPolicy({
    policy: bankPolicy,
    secret: SECRET,
    store: options.store ?? memoryStore({ clock: clock.now }),
    audit: (event) => events.push(event),
    log: () => undefined,
    ...options.more,
  });
  const app = express();
  const parsers = [express.urlencoded({ extended: options.extended ?? false }), express.json()];
  app.use(...(options.parserFirst === true ? [...parsers, sessions] : [sessions, ...parsers]));
  for (const at of ['', '/phone']) {
    app.post(`${at}/login`, (req, res, next) => {
      const { id = 'u1', how = 'active', level = 'aal1' } = req.query as Record<string, string>;
      req.sessionPolicy.signIn({ subject: { id, kind: 'user' }, level, how: how as 'active' }).then((signedIn) => res.json(signedIn), next);
    });
    app.get(`${at}/reauthenticate`, (req, res, next) => {
      req.sessionPolicy.asked().then((asked) => res.json({ asked: asked ?? null, next: req.sessionPolicy.returnTo('/home') }), next);
    });
    app.post(`${at}/reauthenticate`, (req, res, next) => {
      const { level = 'aal1', id, resume } = req.query as Record<string, string>;
      const who = id === undefined ? {} : { subject: { id, kind: 'user' as const } };
      req.sessionPolicy
        .reauthenticated({ level, amr: ['otp'], ...who, ...(resume === undefined ? {} : { resume }) })
        .then(({ token }) => (token === undefined ? res.redirect(303, req.sessionPolicy.returnTo('/home')) : res.json({ token })), next);
    });
    app.post(`${at}/transfer`, transferGuard(), note);
    app.post(`${at}/once`, stepUp({ once: true }), note);
    app.post(`${at}/signature`, stepUp({ once: true, bind: (req) => ({ document: req.body.document }) }), note);
  }
  app.post('/pay', note);
  app.get('/secret', stepUp({ maxAge: '1m' }), (_req, res) => void res.send('secret'));
  app.post('/logout', (req, res, next) => void req.sessionPolicy.signOut().then(() => res.send('out'), next));
  app.use((req, res) => void res.json({ path: req.path, subject: req.sessionPolicy.subject ?? null }));
  return { app, sessions, clock, events, done };

  function note(req: Request, res: import('express').Response): void {
    done.push({ path: req.path, body: req.body, query: { ...req.query } });
    res.status(201).json({ body: req.body });
  }
}

function transferGuard() {
  return stepUp({
    once: true,
    bind: (req) => ({ to: req.body.to, amount: req.body.amount }),
    describe: (req) => `Send ${req.body.amount} € to ${req.body.to}`,
  });
}

/** A person at a browser, who keeps cookies and sends what a browser sends. */
export function browser(app: Express) {
  const agent = request.agent(app);
  const asPage = (test: Test): Test =>
    test.set('Accept', 'text/html,application/xhtml+xml').set('Sec-Fetch-Mode', 'navigate').set('Sec-Fetch-Site', 'same-origin');
  return {
    agent,
    visit: (path: string): Test => asPage(agent.get(path)),
    send: (path: string, fields: string | object | undefined): Test => {
      const test = asPage(agent.post(path)).type('form').set('Referer', 'http://127.0.0.1/');
      return fields === undefined ? test : test.send(fields as object);
    },
  };
}

/** The app on a port, for clients that are not supertest. */
export async function listening(app: Express): Promise<{ origin: string; close: () => Promise<void> }> {
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
