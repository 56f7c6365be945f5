import type { Express, Request, Response } from 'express';
import { definePolicy, sessionEndpoints, sessionPolicy, stepUp } from '../../lib/index.ts';
import { memoryStore } from '../../lib/sessions/memory-store.ts';
import { type ManualClock, manualClock } from '../../lib/testing/manual-clock.ts';
import { expressVersions } from '../support/express.ts';

const policy = definePolicy({
  version: 1,
  assurance: ['aal1', 'aal2'],
  profiles: { staff: { preset: 'staff-web', idle: '15m', absolute: '8h' } },
  apps: { desk: { profile: 'staff' } },
});

const enrolledOnly = definePolicy({
  version: 1,
  profiles: { staff: { preset: 'kiosk', device: { trust: 'known' } } },
  apps: { desk: { profile: 'staff' } },
});

/** A small site with the browser module on its page, and the server's clock in the test's hand. */
export interface Desk {
  readonly app: Express;
  readonly clock: ManualClock;
  /** Paths of requests, in order, but for the page's own files. */
  readonly requests: readonly string[];
  revokeAll(): Promise<unknown>;
  /** From now on the desk is open on enrolled workstations only, and this is none. */
  closeElsewhere(): void;
}

/** `script` is the browser module. */
export function desk(script: string): Desk {
  const [, express] = expressVersions[0] as (typeof expressVersions)[0];
  const clock = manualClock();
  const requests: string[] = [];
  const store = memoryStore({ clock: clock.now });
  const sessions = sessionPolicy({ policy, secret: 'a-secret-for-tests-of-43-characters-length!', store, log: () => undefined });
  const app = express();
  app.get('/client.js', (_req, res) => void res.type('js').send(script));
  app.get('/page.js', (_req, res) => void res.type('js').send(PAGE_SCRIPT));
  app.get('/favicon.ico', (_req, res) => void res.status(204).end());
  app.use((req, _res, next) => {
    requests.push(`${req.method} ${req.path}`);
    next();
  });
  app.use(sessions, express.urlencoded({ extended: false }));
  app.use('/session', sessionEndpoints());
  app.get('/login', (req, res) => void res.type('html').send(form(req.originalUrl, 'Sign in')));
  app.post('/login', signIn);
  app.get('/reauthenticate', (req, res) => void res.type('html').send(form(req.originalUrl, 'It is me')));
  app.post('/reauthenticate', confirm);
  app.get('/home', home);
  app.post('/pay', stepUp({ maxAge: '5m', level: 'aal2', once: true, bind: ({ body }) => ({ ...body }) }), pay);
  app.post('/stream', stepUp({ level: 'aal2' }), pay);
  return { app, clock, requests, revokeAll: () => sessions.revoke({ all: true }), closeElsewhere: () => sessions.reload(enrolledOnly) };
}

function form(action: string, label: string): string {
  return `<!doctype html><html lang="en"><title>${label}</title><form method="post" action="${action.replaceAll('&', '&amp;')}"><button>${label}</button></form>`;
}

async function signIn(req: Request, res: Response): Promise<void> {
  await req.sessionPolicy.signIn({ subject: { id: 'ada', kind: 'user' }, amr: ['pwd'], level: 'aal1' });
  res.redirect(303, req.sessionPolicy.returnTo('/home'));
}

async function confirm(req: Request, res: Response): Promise<void> {
  await req.sessionPolicy.reauthenticated({ amr: ['otp'], level: 'aal2' });
  res.redirect(303, req.sessionPolicy.returnTo('/home'));
}

/** With `?strict`, a policy that lets nothing in but what the page needs; with `?open`, one that lets it ask other sites. */
function home(req: Request, res: Response): void {
  const connect = 'open' in req.query ? '*' : "'self'";
  if ('strict' in req.query || 'open' in req.query) {
    res.set('Content-Security-Policy', `default-src 'none'; script-src 'self'; connect-src ${connect}; form-action 'self'`);
  }
  res.type('html').send(`<!doctype html>
<html lang="en"><head><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<title>Ada's desk</title><script type="module" src="/page.js"></script></head>
<body><h1>Desk</h1><p>Balance of Ada: 120</p><label>Note <input id="note"></label>
<button id="pay">Pay</button> <output id="result"></output></body></html>`);
}

const PAGE_SCRIPT = `
import { fetchWithStepUp, watchSession } from '/client.js';
globalThis.client = { fetchWithStepUp, watchSession };
globalThis.statuses = 0;
const own = new URLSearchParams(location.search);
globalThis.session = watchSession({
  onStatus: () => { globalThis.statuses += 1; },
  ...(own.has('poll') && { poll: Number(own.get('poll')) }),
});
document.querySelector('#pay').addEventListener('click', async () => {
  const response = await fetchWithStepUp('/pay', { method: 'POST', body: new URLSearchParams({ to: 'Grace', amount: '400' }) });
  document.querySelector('#result').textContent = response.status + ' ' + (response.ok ? await response.text() : '');
});
`;

function pay(req: Request, res: Response): void {
  const { amount, to } = (req.body ?? {}) as Record<string, string>;
  res.send(`${amount} € to ${to}`);
}
