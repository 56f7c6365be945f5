import type { Express, NextFunction, Request, Response } from 'express';
import { definePolicy, memoryStore, type Policy, SessionError, type SessionPolicyOptions, sessionPolicy, stepUp } from '../../lib/index.ts';
import type { AppDocument, ProfileDocument } from '../../lib/policy/document.ts';
import { manualClock } from '../../lib/testing/manual-clock.ts';
import { SECRET } from './portfolio.ts';

/** A ward's workstation, and beside it on the same host a desk of which everybody has their own. */
export const wardPolicy: Policy = definePolicy({
  version: 1,
  assurance: ['aal1', 'aal2'],
  profiles: { ward: { preset: 'kiosk' }, desk: { preset: 'staff-web' } },
  apps: {
    ward: {
      profile: 'ward',
      match: { paths: ['/ward'] },
      loginUrl: '/ward/login',
      reauthenticateUrl: '/ward/confirm',
      ownDeviceUrl: 'https://my.example.com/orders?from=ward&what=<all>',
      routes: ['poster', 'visitor', 'library', 'logo.svg'].map((id) => ({ id, path: `/ward/${id}`, access: 'public' as const })),
    },
    desk: { profile: 'desk', match: { paths: ['/desk'] }, loginUrl: '/desk/login', reauthenticateUrl: '/desk/confirm' },
  },
});

/** One app, everywhere. */
export function policyOf(profile: ProfileDocument, app: Partial<Omit<AppDocument, 'profile'>> = {}): Policy {
  return definePolicy({ version: 1, profiles: { only: profile }, apps: { only: { profile: 'only', loginUrl: '/login', ...app } } });
}

/** The apps of a policy on Express; people sign in by name, and keep notes in their session. */
export function kiosk(
  express: () => Express,
  options: { policy?: Policy; at?: readonly string[]; more?: Partial<SessionPolicyOptions> } = {},
) {
  const { policy = wardPolicy, at = ['/ward', '/desk'], more } = options;
  const clock = manualClock();
  const sessions = sessionPolicy({ policy, secret: SECRET, store: memoryStore({ clock: clock.now }), log: () => undefined, ...more });
  const app = express();
  app.use(sessions);
  for (const path of at) mount(app, path);
  return { app, clock, sessions };
}

type Work = (req: Request, res: Response) => unknown;

function mount(app: Express, at: string): void {
  const post = (path: string, work: Work): void => {
    app.post(
      `${at}${path}`,
      (req, res, next) =>
        void Promise.resolve(work(req, res)).then(
          (body) => res.json(body ?? {}),
          (error) => refused(res, error, next),
        ),
    );
  };
  const signIn: Work = (req) => req.sessionPolicy.signIn({ subject: { id: who(req), kind: 'user' }, keep: ['notes'], ...how(req) });
  app.get(`${at}/login`, (_req, res) => void res.send('sign in'));
  post('/login', signIn);
  post('/visitor', (req) => {
    note(req);
    if ('long' in req.query) req.session.cookie.maxAge = 86_400_000;
  });
  post('/library', (req) => {
    (req as { user?: unknown }).user = { id: who(req), kind: 'user' };
    (req.session as unknown as Record<string, unknown>)['by'] = 'library';
  });
  post('/note', (req) => note(req));
  post('/longer', (req) => {
    note(req);
    req.session.cookie.maxAge = 86_400_000;
  });
  post('/confirm', (req) => req.sessionPolicy.reauthenticated({ amr: ['pwd'] }));
  post('/logout', (req) => req.sessionPolicy.signOut());
  post('/handover', async (req, res) => {
    await req.sessionPolicy.signOut();
    return signIn(req, res);
  });
  post('/destroy', (req) => new Promise((resolve, reject) => req.session.destroy((error) => (error ? reject(error) : resolve({})))));
  app.post(`${at}/transfer`, stepUp({ maxAge: '5m' }), (_req, res) => void res.send('transferred'));
  app.get(`${at}/logo.svg`, (_req, res) => void res.setHeader('Cache-Control', 'public, max-age=31536000').send('<svg/>'));
  post('/regenerate', (req) => new Promise((resolve, reject) => req.session.regenerate((error) => (error ? reject(error) : resolve({})))));
  app.get(`${at}/streamed`, (_req, res) => {
    res.setHeader('Cache-Control', 'max-age=60').write('one ');
    res.end('two');
  });
  app.get(`${at}/file`, (_req, res) => void res.writeHead(200, { 'cache-control': 'private, max-age=600' }).end('a file'));
  app.use(
    at === '' ? '/' : at,
    (req, res) => void res.json({ who: req.sessionPolicy.subject?.id ?? 'nobody', notes: notesOf(req), ...by(req) }),
  );
}

function refused(res: Response, error: unknown, next: NextFunction): void {
  if (!(error instanceof SessionError)) return next(error);
  res.status(error.status).json({ code: error.code });
}

function who(req: Request): string {
  return req.query['who'] as string;
}

function how(req: Request): { how?: 'remembered' } {
  return req.query['how'] === 'remembered' ? { how: 'remembered' } : {};
}

function by(req: Request): object {
  const { by } = req.session as unknown as { by?: string };
  return by === undefined ? {} : { by };
}

function notesOf(req: Request): readonly string[] {
  return (req.session as unknown as { notes?: string[] }).notes ?? [];
}

/** Everything that is kept says who kept it. */
function note(req: Request): void {
  const notes = [...notesOf(req), `of ${req.sessionPolicy.subject?.id ?? 'nobody'}`];
  Object.assign(req.session, { notes });
}
