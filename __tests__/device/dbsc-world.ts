import type { Express, Request, Response } from 'express';
import { definePolicy, memoryStore, type Policy, requireDevice, type SessionPolicyMiddleware, sessionPolicy } from '../../lib/index.ts';
import type { LogEntry } from '../../lib/express/operational-log.ts';
import type { SessionStore } from '../../lib/sessions/session-store.ts';
import { type ManualClock, manualClock } from '../../lib/testing/manual-clock.ts';
import { SECRET } from '../express/portfolio.ts';
import { SoftwareBrowser } from './software-browser.ts';

/** A shop for the public, and a vault and a desk for staff, on one host: these two are for bound devices only, the shop asks for one on some routes. */
export const dbscPolicy: Policy = definePolicy({
  version: 1,
  assurance: ['aal1', 'aal2'],
  profiles: {
    public: { preset: 'public-web', idle: '30m', absolute: '12h' },
    vault: { preset: 'staff-web', device: { trust: 'bound' }, idle: '15m', absolute: '8h' },
    phone: { preset: 'mobile', idle: '1h', absolute: '24h' },
  },
  apps: {
    vault: { profile: 'vault', match: { paths: ['/vault'] }, loginUrl: '/vault/login', reauthenticateUrl: '/vault/confirm' },
    desk: { profile: 'vault', match: { paths: ['/desk'] }, loginUrl: '/desk/login', reauthenticateUrl: '/desk/confirm' },
    shop: { profile: 'public', match: { paths: ['/shop'] }, loginUrl: '/shop/login', reauthenticateUrl: '/shop/confirm' },
    phone: { profile: 'phone', match: { paths: ['/phone'] }, loginUrl: '/phone/login', reauthenticateUrl: '/phone/confirm' },
  },
});

export interface DbscWorld {
  readonly app: Express;
  readonly sessions: SessionPolicyMiddleware;
  readonly clock: ManualClock;
  readonly logged: LogEntry[];
}

export interface WorldOptions {
  readonly policy?: Policy;
  readonly store?: SessionStore;
  readonly clock?: ManualClock;
  readonly apps?: readonly string[];
  readonly before?: (app: Express) => void;
}

/** The apps of the policy on Express, behind one proxy that says whether the browser came by https. */
export function dbscWorld(express: () => Express, options: WorldOptions = {}): DbscWorld {
  const clock = options.clock ?? manualClock();
  const logged: LogEntry[] = [];
  const sessions = sessionPolicy({
    policy: options.policy ?? dbscPolicy,
    secret: SECRET,
    store: options.store ?? memoryStore({ clock: clock.now }),
    trustProxy: 1,
    log: (entry) => logged.push(entry),
  });
  const app = express();
  options.before?.(app);
  app.use(sessions);
  for (const at of options.apps ?? ['/vault', '/desk', '/shop', '/phone']) mount(app, at);
  return { app, sessions, clock, logged };
}

type Work = (req: Request, res: Response) => Promise<unknown>;

function mount(app: Express, at: string): void {
  const post = (path: string, work: Work): void => {
    app.post(at + path, (req, res, next) => void work(req, res).catch(next));
  };
  app.get(`${at}/login`, (_req, res) => void res.send(page('Sign in', `<form method="post"><button id="sign-in">Sign in</button></form>`)));
  post('/login', async (req, res) => {
    await req.sessionPolicy.signIn({ subject: { id: String((req.query as { who?: string }).who ?? 'ada'), kind: 'user' }, amr: ['pwd'] });
    res.redirect(303, `${at}/files`);
  });
  post('/confirm', async (req, res) => {
    await req.sessionPolicy.reauthenticated({ amr: ['pwd'] });
    res.send('confirmed');
  });
  post('/logout', async (req, res) => {
    await req.sessionPolicy.signOut();
    res.redirect(303, `${at}/login`);
  });
  app.get(`${at}/bound`, requireDevice('bound'), (_req, res) => void res.send('bound'));
  app.get(`${at}/lately`, requireDevice('bound', { maxAge: '1m' }), (_req, res) => void res.send('lately'));
  app.get(`${at}/attested`, requireDevice('attested'), (_req, res) => void res.send('attested'));
  app.post(`${at}/bound`, requireDevice('bound'), (_req, res) => void res.send('sent'));
  app.get(`${at}/device-now`, (req, res) => {
    const { trust, boundBy, key } = req.sessionPolicy.device;
    res.json({ trust, boundBy, key });
  });
  app.use(
    at,
    (req, res) =>
      void res.send(
        page(
          'Files',
          `<p>${req.sessionPolicy.subject?.id ?? 'nobody'}</p><form method="post" action="${at}/bound"><button id="send">Send</button></form>`,
        ),
      ),
  );
}

export function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title><link rel="icon" href="data:,"></head><body>${body}</body></html>`;
}

/** The same with a browser, before a sign-in and after one whose key it has registered. */
export interface Worlds {
  readonly world: (options?: WorldOptions) => DbscWorld & { readonly browser: SoftwareBrowser };
  readonly boundWorld: (options?: WorldOptions) => Promise<DbscWorld & { readonly browser: SoftwareBrowser }>;
}

export function worldsOf(express: () => Express): Worlds {
  const world: Worlds['world'] = (options) => {
    const made = dbscWorld(express, options);
    return { ...made, browser: new SoftwareBrowser(made.app) };
  };
  return {
    world,
    boundWorld: async (options) => {
      const made = world(options);
      await made.browser.boundFromSignIn();
      return made;
    },
  };
}
