import type { Express, NextFunction, Request, Response } from 'express';
import expressDefault from 'express';
import { confirmationForm, confirmationPage, definePolicy, memoryStore, requireDevice, sessionPolicy, stepUp } from '../../lib/index.ts';
import { type MemoryPasskeys, memoryPasskeys, passkey } from '../../lib/step-up/passkey/passkey.ts';
import type { SessionStore } from '../../lib/sessions/session-store.ts';
import { type ManualClock, manualClock } from '../../lib/testing/manual-clock.ts';
import { SECRET } from '../express/portfolio.ts';

export const ORIGIN = 'https://bank.example';

const policyOf = (deviceFallback: 'passkey' | 'refuse') =>
  definePolicy({
    version: 1,
    assurance: ['aal1', 'phishing-resistant'],
    profiles: { web: { preset: 'staff-web', deviceFallback, dbsc: false } },
    apps: {
      bank: {
        profile: 'web',
        routes: [
          { id: 'vault', path: '/vault', device: { trust: 'bound' } },
          { id: 'fresh', path: '/fresh', device: { trust: 'bound', maxAge: '1m' } },
          { id: 'wire', path: '/wire', methods: ['POST'], device: { trust: 'bound' } },
          { id: 'known', path: '/known', device: { trust: 'known' } },
          { id: 'attested', path: '/attested', device: { trust: 'attested' } },
        ],
      },
    },
  });

/** A bank that opens its vault to a device that was proved, with a passkey if need be. */
export interface FallbackBank {
  readonly app: Express;
  readonly clock: ManualClock;
  readonly passkeys: MemoryPasskeys;
  readonly store: SessionStore;
  /** Bodies that the handler of /wire got. */
  readonly wired: unknown[];
}

export interface FallbackOptions {
  readonly origin?: string;
  readonly script?: string;
  readonly deviceFallback?: 'passkey' | 'refuse';
  /** Paths of a test's own. */
  readonly mount?: (app: Express) => void;
}

export function fallbackBank(express: typeof expressDefault = expressDefault, options: FallbackOptions = {}): FallbackBank {
  const { deviceFallback = 'passkey', origin = ORIGIN, script } = options;
  const clock = manualClock();
  const passkeys = memoryPasskeys();
  const wired: unknown[] = [];
  const store = memoryStore({ clock: clock.now });
  const app = express();
  if (script !== undefined) app.get('/reauthenticate/page.js', (_req, res) => void res.type('js').send(script));
  app.use(sessionPolicy({ policy: policyOf(deviceFallback), secret: SECRET, store, log: () => undefined }));
  const methods = [passkey({ origin, store: passkeys, level: 'phishing-resistant' }), passwordForm()];
  app.use('/reauthenticate', confirmationPage({ methods }));
  app.post('/login', signIn);
  app.use(express.urlencoded({ extended: false }));
  app.get('/account', (_req, res) => void res.type('html').send(ACCOUNT));
  app.get('/guarded', requireDevice('bound'), tell);
  app.get('/confirmed', stepUp({ level: 'phishing-resistant' }), tell);
  app.post('/wire', (req, res) => {
    wired.push(req.body);
    res.type('html').send('<!doctype html><html lang="en"><title>Sent</title><h1>Sent</h1></html>');
  });
  options.mount?.(app);
  app.use(tell);
  return { app, clock, passkeys, store, wired };
}

function passwordForm() {
  return confirmationForm({
    id: 'password',
    title: 'With your password',
    fields: [{ name: 'password', label: 'Password', autocomplete: 'current-password' }],
    level: 'phishing-resistant',
    amr: ['pwd'],
    verify: async (fields) => fields['password'] === 'open sesame',
  });
}

function signIn(req: Request, res: Response, next: NextFunction): void {
  const { id = 'ada' } = req.query as Record<string, string>;
  const work = req.sessionPolicy.signIn({ subject: { id, kind: 'user' }, amr: ['pwd'], level: 'aal1' });
  work.then(() => res.redirect(303, '/account'), next);
}

function tell(req: Request, res: Response): void {
  const { device } = req.sessionPolicy;
  const text = `${req.path.slice(1)} ${device.trust} ${device.boundBy ?? 'unbound'}`;
  res.type('html').send(`<!doctype html><html lang="en"><title>Bank</title><h1>${text}</h1></html>`);
}

const ACCOUNT = `<!doctype html><html lang="en"><head><title>Account</title></head><body><h1>Account</h1><a href="/vault">Vault</a>
<form method="post" action="/wire"><label>To <input name="to" value="Grace"></label><button>Send money</button></form></body></html>`;
