import type { Express, Request, Response } from 'express';
import expressDefault from 'express';
import {
  type ConfirmationFormOptions,
  confirmationForm,
  confirmationPage,
  definePolicy,
  memoryStore,
  sessionPolicy,
  type SessionPolicyOptions,
  type SessionStore,
  stepUp,
} from '../../lib/index.ts';
import { type MemoryPasskeys, memoryPasskeys, passkey, type PasskeyOptions } from '../../lib/step-up/passkey/passkey.ts';
import { type ManualClock, manualClock } from '../../lib/testing/manual-clock.ts';
import { SECRET } from '../express/portfolio.ts';

export const ORIGIN = 'https://bank.example';

export const sitePolicy = definePolicy({
  version: 1,
  assurance: ['aal1', 'aal2', 'phishing-resistant'],
  profiles: { web: { preset: 'staff-web', idle: '15m', absolute: '8h' }, phone: { preset: 'mobile', idle: '1h', absolute: '24h' } },
  apps: {
    bank: { profile: 'web', match: { paths: ['/'] }, routes: [{ id: 'reports', path: '/reports', idle: '2m' }] },
    phone: { profile: 'phone', match: { paths: ['/phone'] }, loginUrl: '/phone/login', reauthenticateUrl: '/phone/reauthenticate' },
  },
});

/** A bank where people confirm with a passkey, a code or their password. */
export interface ConfirmationSite {
  readonly app: Express;
  readonly clock: ManualClock;
  readonly passkeys: MemoryPasskeys;
  /** Bodies that the handler of /transfer got. */
  readonly transfers: unknown[];
  /** Fields that `verify` of the form with the code was asked about. */
  readonly tried: Readonly<Record<string, string>>[];
}

export interface SiteOptions {
  readonly store?: SessionStore;
  readonly clock?: ManualClock;
  readonly origin?: string;
  /** The script of the page, where it is not built. */
  readonly script?: string;
  readonly passkey?: Partial<PasskeyOptions>;
  readonly code?: Partial<ConfirmationFormOptions>;
  /** The body is read by the application. */
  readonly parserFirst?: boolean;
  readonly more?: Partial<SessionPolicyOptions>;
  readonly home?: string;
}

export const GOOD_CODE = '123456';

export function confirmationSite(express: typeof expressDefault = expressDefault, options: SiteOptions = {}): ConfirmationSite {
  const clock = options.clock ?? manualClock();
  const passkeys = memoryPasskeys();
  const transfers: unknown[] = [];
  const tried: Readonly<Record<string, string>>[] = [];
  const sessions = sessionPolicy({
    policy: sitePolicy,
    secret: SECRET,
    store: options.store ?? memoryStore({ clock: clock.now }),
    log: () => undefined,
    ...options.more,
  });
  const app = express();
  if (options.script !== undefined) app.get('/reauthenticate/page.js', (_req, res) => void res.type('js').send(options.script));
  if (options.parserFirst === true) app.use(express.urlencoded({ extended: true }), express.json());
  app.use(sessions);
  const key = passkey({ origin: options.origin ?? ORIGIN, store: passkeys, level: 'phishing-resistant', ...options.passkey });
  const code = confirmationForm({
    id: 'code',
    title: 'With a code',
    fields: [{ name: 'code', label: 'Code of your app', autocomplete: 'one-time-code', inputMode: 'numeric' }],
    level: 'aal2',
    amr: ['otp'],
    verify: (fields) => {
      tried.push(fields);
      return fields['code'] === GOOD_CODE;
    },
    ...options.code,
  });
  const password = confirmationForm({
    id: 'password',
    title: 'With your password',
    fields: [{ name: 'password', label: 'Password', autocomplete: 'current-password' }],
    level: 'aal1',
    amr: ['pwd'],
    verify: async (fields) => fields['password'] === 'open sesame',
  });
  const home = options.home === undefined ? {} : { home: options.home };
  const page = confirmationPage({ methods: [key, code, password], ...home });
  for (const at of ['', '/phone']) {
    app.post(`${at}/login`, signIn);
    app.use(`${at}/reauthenticate`, page);
  }
  app.use(express.urlencoded({ extended: false }));
  app.get('/account', (_req, res) => void res.type('html').send(ACCOUNT));
  app.get('/secret', stepUp({ level: 'aal2', maxAge: '1m' }), (_req, res) => void res.type('html').send(SECRET_PAGE));
  app.get('/vault', stepUp({ level: 'phishing-resistant' }), (_req, res) => void res.send('vault'));
  app.get('/both', stepUp({ level: 'aal2', amr: ['otp'] }), (_req, res) => void res.send('both'));
  app.get('/impossible', stepUp({ amr: ['face'] }), (_req, res) => void res.send('never'));
  app.post('/transfer', transferGuard(), (req, res) => {
    transfers.push(req.body);
    res.type('html').send(`<!doctype html><html lang="en"><title>Sent</title><h1>Sent</h1><p id="sent">${transfers.length}</p>`);
  });
  app.use((req, res) => void res.json({ path: req.path, subject: req.sessionPolicy.subject ?? null }));
  return { app, clock, passkeys, transfers, tried };
}

function transferGuard() {
  return stepUp({
    level: 'phishing-resistant',
    once: true,
    bind: (req) => ({ to: req.body.to, amount: req.body.amount }),
    describe: (req) => `Send ${req.body.amount} € to ${req.body.to}`,
  });
}

function signIn(req: Request, res: Response, next: (error: unknown) => void): void {
  const { id = 'ada' } = req.query as Record<string, string>;
  const to = req.sessionPolicy.returnTo('/account');
  req.sessionPolicy
    .signIn({ subject: { id, kind: 'user' }, amr: ['pwd'], level: 'aal1' })
    .then(({ token }) => (token === undefined ? res.redirect(303, to) : res.json({ token })), next);
}

const ACCOUNT = `<!doctype html><html lang="en"><head><title>Account</title><meta name="viewport" content="width=device-width"></head><body><h1>Account</h1>
<a id="secret" href="/secret">Secret</a>
<form method="post" action="/transfer"><label>To <input name="to" value="Grace"></label> <label>Amount <input name="amount" value="400"></label>
<button>Send money</button></form></body></html>`;
const SECRET_PAGE = '<!doctype html><html lang="en"><title>Secret</title><h1>Secret</h1></html>';
