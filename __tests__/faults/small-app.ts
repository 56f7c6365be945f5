import type { Express, Request, Response } from 'express';
import type { AuditEvent } from '../../lib/audit/audit-event.ts';
import type { LogEntry } from '../../lib/express/operational-log.ts';
import type { SessionPolicyOptions } from '../../lib/express/options.ts';
import { type SessionPolicyMiddleware, sessionPolicy } from '../../lib/express/session-policy.ts';
import type { SessionStore } from '../../lib/sessions/session-store.ts';

export const SECRET = 'kX3vN8pQ2rT6wZ9aC4eG7jL1mO5sU0yB';

/** `req.session` as these tests use it. */
export type Data = Record<string, unknown>;

export function dataOf(req: Request): Data {
  return req.session as unknown as Data;
}

export interface SmallApp {
  readonly app: Express;
  readonly sessions: SessionPolicyMiddleware;
  readonly logged: LogEntry[];
  readonly events: AuditEvent[];
}

/** One app on one profile with sign-in, sign-out, confirmation and a page that shows what is known. */
export function smallApp(
  express: () => Express,
  store: SessionStore,
  options: Partial<SessionPolicyOptions> = {},
  routes: (app: Express, sessions: SessionPolicyMiddleware) => void = () => undefined,
): SmallApp {
  const logged: LogEntry[] = [];
  const events: AuditEvent[] = [];
  const log = (entry: LogEntry): void => void logged.push(entry);
  const audit = (event: AuditEvent): void => void events.push(event);
  const sessions = sessionPolicy({ profile: 'public-web', secret: SECRET, store, log, audit, ...options } as SessionPolicyOptions);
  const app = express();
  // Without it Express prints every error of a route to the console.
  app.set('env', 'test');
  app.use(sessions);
  routes(app, sessions);
  app.get('/page', (req, res) => void res.json({ subject: req.sessionPolicy.subject ?? null, reason: req.sessionPolicy.decision.reason }));
  app.get('/data', (req, res) => void res.json(req.session));
  app.get('/put/:key/:value', (req, res) => {
    dataOf(req)[String(req.params['key'])] = req.params['value'];
    res.send('kept');
  });
  app.post('/login', (req, res, next) => {
    signIn(req).then((signedIn) => res.json(signedIn), next);
  });
  app.post('/logout', (req, res, next) => {
    req.sessionPolicy.signOut().then(() => res.send('signed out'), next);
  });
  app.post('/confirm', (req, res, next) => {
    req.sessionPolicy.reauthenticated({ amr: ['pwd'] }).then((confirmed) => res.json(confirmed), next);
  });
  return { app, sessions, logged, events };
}

function signIn(req: Request): ReturnType<Request['sessionPolicy']['signIn']> {
  const { id = 'u1', kind = 'user' } = req.query as Record<string, string>;
  return req.sessionPolicy.signIn({ subject: { id, kind: kind as 'user' }, amr: ['pwd'] });
}

/** What a browser would send back after an answer: the name and value of the session cookie. */
export function cookieOf(answer: { readonly headers: Readonly<Record<string, unknown>> }): string {
  const [first] = (answer.headers['set-cookie'] ?? []) as readonly string[];
  return (first ?? '').split(';')[0] as string;
}

/** Answers with success whatever has become of the work: the mistake that the middleware has to cover up for. */
export function swallow(work: Promise<unknown>, res: Response, text: string): void {
  work
    .catch(() => undefined)
    .then(
      () => res.send(text),
      () => undefined,
    );
}
