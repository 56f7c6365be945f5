import type { Express, Request, Response } from 'express';
import { idleTimeout, memoryStore, passive, type SessionPolicyMiddleware, sessionPolicy, stepUp } from '../../lib/index.ts';
import { definePolicy } from '../../lib/policy/define-policy.ts';
import type { AuditEvent } from '../../lib/audit/audit-event.ts';
import type { LogEntry } from '../../lib/express/operational-log.ts';
import type { SessionStore } from '../../lib/sessions/session-store.ts';
import { type ManualClock, manualClock } from '../../lib/testing/manual-clock.ts';

export const SECRET = 'a-secret-for-tests-of-43-characters-length!';

/** A shop, a console and a phone interface, side by side on one host. */
export const portfolioPolicy = definePolicy({
  version: 1,
  assurance: ['aal1', 'aal2', 'phishing-resistant'],
  profiles: {
    web: { preset: 'public-web', idle: '30m', absolute: '12h' },
    staff: { preset: 'staff-web', idle: '15m', absolute: '8h' },
    console: { preset: 'admin', idle: '5m', absolute: '1h', stepUp: { level: 'aal2', maxAge: '30m' } },
    phone: { preset: 'mobile', idle: '1h', absolute: '24h' },
    jobs: { preset: 'workload' },
  },
  apps: {
    shop: {
      profile: 'web',
      match: { paths: ['/shop'] },
      loginUrl: '/shop/login',
      reauthenticateUrl: '/shop/confirm',
      routes: [
        { id: 'account', path: '/shop/account{/*rest}', access: 'authenticated', idle: '5m' },
        { id: 'pay', path: '/shop/pay', methods: ['POST'], stepUp: { maxAge: '5m', once: true } },
        { id: 'poll', path: '/shop/poll', activity: 'passive' },
      ],
    },
    staff: { profile: 'staff', match: { paths: ['/staff'] }, loginUrl: '/staff/login', reauthenticateUrl: '/staff/confirm' },
    console: { profile: 'console', match: { paths: ['/admin'] }, loginUrl: '/admin/login', reauthenticateUrl: '/admin/confirm' },
    phone: { profile: 'phone', match: { paths: ['/phone'] }, loginUrl: '/phone/login', reauthenticateUrl: '/phone/confirm' },
    jobs: { profile: 'jobs', match: { paths: ['/jobs'] } },
  },
});

export interface Portfolio {
  readonly app: Express;
  readonly sessions: SessionPolicyMiddleware;
  readonly clock: ManualClock;
  readonly events: AuditEvent[];
  readonly logged: LogEntry[];
}

/** The apps of the policy on Express, with a clock in the test's hand unless a store is given. */
export function portfolio(express: () => Express, options: { store?: SessionStore; before?: (app: Express) => void } = {}): Portfolio {
  const clock = manualClock();
  const events: AuditEvent[] = [];
  const logged: LogEntry[] = [];
  const sessions = sessionPolicy({
    policy: portfolioPolicy,
    secret: SECRET,
    store: options.store ?? memoryStore({ clock: clock.now }),
    audit: (event) => events.push(event),
    log: (entry) => logged.push(entry),
  });
  const app = express();
  options.before?.(app);
  app.use(sessions);
  for (const name of ['shop', 'staff', 'admin', 'phone', 'jobs']) mountApp(app, `/${name}`);
  return { app, sessions, clock, events, logged };
}

function mountApp(app: Express, at: string): void {
  app.get(`${at}/login`, (req, res) => void res.json({ returnTo: req.sessionPolicy.returnTo('/fallback') }));
  app.post(`${at}/login`, signIn);
  app.post(`${at}/confirm`, confirm);
  app.post(`${at}/logout`, (req, res, next) => {
    req.sessionPolicy.signOut().then(() => res.send('signed out'), next);
  });
  app.get(`${at}/reports`, idleTimeout('2m'), (_req, res) => void res.send('reports'));
  app.post(`${at}/transfer`, stepUp({ maxAge: '5m', level: 'aal2' }), (_req, res) => void res.send('transferred'));
  app.post(`${at}/otp`, stepUp({ amr: ['otp'] }), (_req, res) => void res.send('by otp'));
  app.post(`${at}/once`, stepUp({ once: true }), (_req, res) => void res.send('once'));
  app.get(`${at}/heartbeat`, passive(), (_req, res) => void res.send('alive'));
  app.use(at, (req, res) => {
    res.json({ subject: req.sessionPolicy.subject ?? null, reason: req.sessionPolicy.decision.reason });
  });
}

async function signIn(req: Request, res: Response): Promise<void> {
  const { id = 'u1', kind = 'user', level = 'aal1', how = 'active', amr = 'pwd' } = req.query as Record<string, string>;
  try {
    const signedIn = await req.sessionPolicy.signIn({
      subject: { id, kind: kind as 'user' },
      level,
      amr: amr.split(','),
      how: how as 'active',
    });
    res.json(signedIn);
  } catch (error) {
    res.status((error as { status?: number }).status ?? 500).json({ code: (error as { code?: string }).code });
  }
}

async function confirm(req: Request, res: Response): Promise<void> {
  const { level = 'aal1', amr = 'pwd', id } = req.query as Record<string, string>;
  try {
    res.json(
      await req.sessionPolicy.reauthenticated({
        level,
        amr: amr.split(','),
        ...(id === undefined ? {} : { subject: { id, kind: 'user' } }),
      }),
    );
  } catch (error) {
    res.status((error as { status?: number }).status ?? 500).json({ code: (error as { code?: string }).code });
  }
}
