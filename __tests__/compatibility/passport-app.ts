import flash from 'connect-flash';
import type { Express, Request, Response } from 'express';
import passport from 'passport';
import { Strategy as LocalStrategy } from 'passport-local';
import type { AuditEvent } from '../../lib/audit/audit-event.ts';
import { type SessionPolicyMiddleware, sessionPolicy } from '../../lib/express/session-policy.ts';
import type { SessionStore } from '../../lib/sessions/session-store.ts';
import { SECRET } from '../faults/small-app.ts';
import type { expressVersions } from '../support/express.ts';

type Framework = (typeof expressVersions)[number][1];

/** Somebody who can sign in. */
export interface User {
  readonly id: string;
  readonly name: string;
}

const USERS: readonly User[] = [
  { id: 'u1', name: 'ada' },
  { id: 'u2', name: 'grace' },
];
const PASSWORD = 'correct horse';

export function userById(id: unknown): User | undefined {
  return USERS.find((user) => user.id === id);
}

export interface PassportApp {
  readonly app: Express;
  readonly sessions: SessionPolicyMiddleware;
  readonly auth: passport.PassportStatic;
  readonly events: AuditEvent[];
}

/** An application as passport's own guide has it; only the session middleware is ours. */
export function passportApp(
  express: Framework,
  store: SessionStore,
  addRoutes: (made: PassportApp) => void = () => undefined,
): PassportApp {
  const auth = new passport.Passport() as unknown as passport.PassportStatic;
  auth.use(new LocalStrategy(checkPassword));
  auth.serializeUser((user, done) => done(null, (user as User).id));
  auth.deserializeUser((id, done) => done(null, userById(id) ?? false));

  const events: AuditEvent[] = [];
  const sessions = sessionPolicy({
    profile: 'public-web',
    secret: SECRET,
    store,
    subject: (req) => (req.user === undefined || req.user === null ? undefined : { id: (req.user as User).id, kind: 'user', amr: ['pwd'] }),
    audit: (event) => events.push(event),
    log: () => undefined,
  });
  const app = express();
  app.set('env', 'test');
  app.use(sessions, express.urlencoded({ extended: false }), flash(), auth.initialize(), auth.session());
  const made = { app, sessions, auth, events };
  addPages(made);
  addRoutes(made);
  return made;
}

function checkPassword(
  name: string,
  password: string,
  done: (error: unknown, user?: User | false, options?: { message: string }) => void,
): void {
  const user = USERS.find((one) => one.name === name);
  if (user === undefined || password !== PASSWORD) return done(null, false, { message: 'Wrong name or password.' });
  done(null, user);
}

function addPages({ app, auth }: PassportApp): void {
  app.get('/login', (req, res) => void res.json(req.flash('error')));
  app.post('/login', auth.authenticate('local', { successRedirect: '/me', failureRedirect: '/login', failureFlash: true }));
  app.post(
    '/login-keeping',
    auth.authenticate('local', { keepSessionInfo: true, failWithError: true }),
    (_req, res) => void res.send('in'),
  );
  app.get('/me', (req: Request, res: Response) => {
    const { user, sessionPolicy: policy } = req;
    res.json({ user: user ?? null, signedIn: req.isAuthenticated(), subject: policy.subject ?? null, id: req.sessionID });
  });
  app.get('/cart/:item', (req, res) => {
    (req.session as unknown as { cart?: string }).cart = String(req.params['item']);
    res.send('kept');
  });
  app.get('/cart', (req, res) => void res.json((req.session as unknown as { cart?: string }).cart ?? null));
  app.post('/logout', (req, res, next) => req.logout((error) => (error ? next(error) : res.redirect('/'))));
  app.post('/logout-keeping', (req, res, next) =>
    req.logout({ keepSessionInfo: true }, (error) => (error ? next(error) : res.redirect('/'))),
  );
}

/** What a person types in. */
export function credentials(name: string, password: string = PASSWORD): { readonly username: string; readonly password: string } {
  return { username: name, password };
}
