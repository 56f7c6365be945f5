import expressDefault, { type Express, type RequestHandler } from 'express';
import type { Configuration } from 'openid-client';
import { contextOf } from '../../lib/express/request-properties.ts';
import type { LogEntry } from '../../lib/express/operational-log.ts';
import { definePolicy, memoryStore, passive, type SessionPolicyMiddleware, sessionPolicy, stepUp } from '../../lib/index.ts';
import { oidc, type OidcOptions, type StepUpMethod } from '../../lib/step-up/oidc/oidc.ts';
import { browser } from '../express/bank.ts';
import { SECRET } from '../express/portfolio.ts';

export const LEVELS = { aal2: ['urn:example:mfa', 'urn:example:otp'], 'phishing-resistant': ['urn:example:passkey'] };
export const REDIRECT_URI = 'http://localhost:3000/reauthenticate/oidc/callback';

function policyWith(sameSite: 'lax' | 'strict') {
  return definePolicy({
    version: 1,
    assurance: ['aal1', 'aal2', 'phishing-resistant'],
    profiles: { web: { preset: 'staff-web', idle: '15m', absolute: '8h', cookie: { sameSite } } },
    apps: { bank: { profile: 'web', match: { paths: ['/'] } } },
  });
}

export interface OidcWorldOptions {
  readonly express?: typeof expressDefault;
  readonly sameSite?: 'lax' | 'strict';
  readonly now?: () => number;
  readonly configuration: Configuration | (() => Promise<Configuration>);
  readonly more?: Partial<OidcOptions>;
  /** What is mounted at the reauthentication page. Default: the method by itself. */
  readonly mount?: (method: StepUpMethod) => RequestHandler;
}

export interface OidcWorld {
  readonly app: Express;
  readonly sessions: SessionPolicyMiddleware;
  readonly logged: LogEntry[];
  readonly done: unknown[];
}

/** A bank that asks an OpenID provider who somebody is, before it shows or sends something. */
export function oidcWorld({ express = expressDefault, sameSite = 'lax', now = Date.now, ...options }: OidcWorldOptions): OidcWorld {
  const logged: LogEntry[] = [];
  const done: unknown[] = [];
  const sessions = sessionPolicy({
    policy: policyWith(sameSite),
    secret: SECRET,
    store: memoryStore({ clock: now }),
    log: (entry) => logged.push(entry),
  });
  const app = express();
  app.use(sessions, express.urlencoded({ extended: false }));
  app.post('/login', (req, res, next) => {
    const { id = 'u1' } = req.query as Record<string, string>;
    req.sessionPolicy.signIn({ subject: { id, kind: 'user' }, amr: ['pwd'], level: 'aal1' }).then(() => res.sendStatus(204), next);
  });
  const method = oidc({
    configuration: options.configuration,
    redirectUri: REDIRECT_URI,
    levels: LEVELS,
    subject: ({ sub }) => (sub.startsWith('u') ? { id: sub, kind: 'user' } : undefined),
    ...options.more,
  });
  app.use('/reauthenticate', options.mount?.(method) ?? method);
  app.get('/report', stepUp({ maxAge: '5m', level: 'aal2' }), (_req, res) => void res.send('the report'));
  app.get('/mail', stepUp({ maxAge: '5m' }), (_req, res) => void res.send('mail'));
  app.get('/otp', stepUp({ maxAge: '5m', amr: ['otp'] }), (_req, res) => void res.send('by otp'));
  app.get('/vault', stepUp({ maxAge: '5m', once: true }), (_req, res) => void res.send('the vault'));
  app.get('/transfer', (_req, res) => {
    res.send('<form method="post"><input name="to" value="Ada"><input name="amount" value="400"><button>Send</button></form>');
  });
  app.post('/transfer', confirmTransfer(), (req, res) => {
    done.push({ ...req.body });
    res.send('<h1>Sent</h1>');
  });
  // As it is stored, without being active.
  app.get('/record', passive(), (req, res) => void res.json({ ...contextOf(req)?.loaded }));
  app.get('/', (req, res) => void res.json({ subject: req.sessionPolicy.subject ?? null }));
  return { app, sessions, logged, done };
}

function confirmTransfer() {
  return stepUp({
    once: true,
    bind: (req) => ({ to: req.body.to, amount: req.body.amount }),
    describe: (req) => `Send ${req.body.amount} € to ${req.body.to}`,
  });
}

/** A person at a browser, on the way to the provider and back. */
export function traveller({ app }: Pick<OidcWorld, 'app'>) {
  const { agent, visit, send } = browser(app);

  /** From the page that asks to the provider. */
  async function leave(page: string): Promise<URL> {
    const { headers } = await visit(page.replace('/reauthenticate', '/reauthenticate/oidc')).expect(303);
    return new URL(headers['location'] as string);
  }

  /** Opens a page that asks, and sets out for the provider. */
  async function setOut(path: string): Promise<URL> {
    const asks = await visit(path).expect(303);
    return leave(asks.headers['location'] as string);
  }

  async function record(): Promise<{ id: string; record: Record<string, unknown> }> {
    return (await visit('/record').expect(200)).body;
  }

  return { agent, visit, send, leave, setOut, record };
}
