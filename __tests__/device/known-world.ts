import type { Express, NextFunction, Request, Response } from 'express';
import request from 'supertest';
import {
  definePolicy,
  memoryStore,
  requireDevice,
  sessionEndpoints,
  type SessionPolicyMiddleware,
  sessionPolicy,
} from '../../lib/index.ts';
import type { AuditEvent } from '../../lib/audit/audit-event.ts';
import type { LogEntry } from '../../lib/express/operational-log.ts';
import type { SessionStore } from '../../lib/sessions/session-store.ts';
import { manualClock } from '../../lib/testing/manual-clock.ts';
import type { Duration } from '../../lib/policy/duration.ts';

export const OLD_SECRET = 'the-older-secret-of-tests-0123456789-abcdef';
export const SECRET = 'the-newer-secret-of-tests-0123456789-abcdef';

const long = { idle: '10d', absolute: '30d', because: 'tests look at weeks' } as const;

export const knownPolicy = definePolicy({
  version: 1,
  assurance: ['aal1', 'aal2'],
  profiles: {
    web: { ...long, enrolment: { level: 'aal2', maxAge: '10m' } },
    once: { ...long, enrolment: { once: true } },
    simple: long,
    native: { ...long, transport: 'header' },
    shared: { ...long, shared: true },
  },
  apps: {
    desk: {
      profile: 'web',
      match: { paths: ['/desk'] },
      loginUrl: '/desk/login',
      reauthenticateUrl: '/desk/confirm',
      routes: [
        { id: 'known', path: '/desk/known', device: { trust: 'known' } },
        { id: 'recent', path: '/desk/recent', device: { trust: 'known', maxAge: '1h' } },
        { id: 'bound', path: '/desk/bound', device: { trust: 'bound' } },
      ],
    },
    once: { profile: 'once', match: { paths: ['/once'] }, loginUrl: '/once/login', reauthenticateUrl: '/once/confirm' },
    shop: { profile: 'simple', match: { paths: ['/shop'] }, loginUrl: '/shop/login', reauthenticateUrl: '/shop/confirm' },
    phone: { profile: 'native', match: { paths: ['/phone'] }, loginUrl: '/phone/login', reauthenticateUrl: '/phone/confirm' },
    kiosk: { profile: 'shared', match: { paths: ['/kiosk'] }, loginUrl: '/kiosk/login', reauthenticateUrl: '/kiosk/confirm' },
  },
});

/** Several apps in which people enrol their devices. */
export interface KnownWorld {
  readonly app: Express;
  readonly sessions: SessionPolicyMiddleware;
  readonly store: SessionStore;
  readonly events: AuditEvent[];
  readonly logged: LogEntry[];
  readonly advance: (by: number | Duration) => Promise<void>;
}

export interface KnownOptions {
  readonly store?: { readonly store: SessionStore; readonly advance: (ms: number) => unknown };
  readonly secret?: string | readonly string[];
  readonly mount?: (app: Express) => void;
}

export function knownWorld(express: () => Express, { mount, secret = SECRET, store }: KnownOptions = {}): KnownWorld {
  const clock = manualClock();
  const events: AuditEvent[] = [];
  const logged: LogEntry[] = [];
  const used = store?.store ?? memoryStore({ clock: clock.now });
  const sessions = sessionPolicy({
    policy: knownPolicy,
    secret,
    store: used,
    audit: (event) => events.push(event),
    log: (entry) => logged.push(entry),
  });
  const app = express();
  app.use(sessions);
  mount?.(app);
  for (const name of Object.keys(knownPolicy.document.apps)) mountApp(app, `/${name}`);
  const advance = async (by: number | Duration): Promise<void> => {
    const before = clock.now();
    const ms = clock.advance(by) - before;
    await store?.advance(ms);
  };
  return { app, sessions, store: used, events, logged, advance };
}

function mountApp(app: Express, at: string): void {
  app.use(`${at}/session`, sessionEndpoints());
  app.post(`${at}/login`, (req, res, next) => {
    const { id = 'ada', kind = 'user', level = 'aal2', how = 'active' } = req.query as Record<string, string>;
    const work = req.sessionPolicy.signIn({ subject: { id, kind: kind as 'user' }, level, amr: ['pwd'], how: how as 'active' });
    answer(work, res, next);
  });
  app.post(`${at}/login-in-a-hurry`, (req, res) => {
    void req.sessionPolicy.signIn({ subject: { id: 'ada', kind: 'user' }, level: 'aal2' });
    res.send('signed in');
  });
  app.post(`${at}/confirm`, (req, res, next) => answer(req.sessionPolicy.reauthenticated({ level: 'aal2', amr: ['otp'] }), res, next));
  app.post(`${at}/confirm-and-tell`, (req, res, next) => {
    answer(
      req.sessionPolicy.reauthenticated({ level: 'aal2' }).then(() => ({ next: req.sessionPolicy.returnTo() })),
      res,
      next,
    );
  });
  app.post(`${at}/logout`, (req, res, next) =>
    answer(
      req.sessionPolicy.signOut().then(() => ({ done: true })),
      res,
      next,
    ),
  );
  app.post(`${at}/enrol`, (req, res, next) => {
    const { label } = req.query as Record<string, string>;
    answer(req.sessionPolicy.device.enroll(label === undefined ? {} : { label }), res, next);
  });
  app.post(`${at}/forget`, (req, res, next) => {
    answer(
      req.sessionPolicy.device.forget(req.query['device'] as string).then((done) => ({ done, trust: req.sessionPolicy.device.trust })),
      res,
      next,
    );
  });
  app.get(`${at}/guarded`, requireDevice('known', { maxAge: '1h' }), tell);
  // Handlers that set cookies and caching in ways of their own.
  app.get(`${at}/careless`, (_req: Request, res: Response) => {
    res.setHeader('Cache-Control', 'public, max-age=600');
    res.setHeader('Set-Cookie', 'theme=dark');
    res.send('careless');
  });
  app.use(at, tell);
}

function tell(req: Request, res: Response): void {
  res.json({ subject: req.sessionPolicy.subject ?? null, trust: req.sessionPolicy.device.trust });
}

function answer(work: Promise<unknown>, res: Response, next: NextFunction): void {
  work.then(
    (body) => void res.json(body),
    (error: { code?: string; status?: number }) =>
      error.code === undefined ? next(error) : res.status(error.status ?? 500).json({ code: error.code }),
  );
}

/** A browser, or a native client: what it has, it sends; what it is given, it keeps. */
export class Visitor {
  readonly #app: Express;
  readonly #at: string;
  readonly #jar: Map<string, string>;
  /** What a native client holds. */
  token: string | undefined;
  credential: string | undefined;

  constructor(app: Express, at = 'desk', jar: ReadonlyMap<string, string> = new Map()) {
    this.#app = app;
    this.#at = at;
    this.#jar = new Map(jar);
  }

  /** Somebody else with everything that this one has. */
  copy(app: Express = this.#app): Visitor {
    const copy = new Visitor(app, this.#at, this.#jar);
    copy.token = this.token;
    copy.credential = this.credential;
    return copy;
  }

  /** The same, from a moment on without the session: only the cookie by which the device is known. */
  withoutSession(): Visitor {
    const copy = this.copy();
    copy.#jar.delete(`${this.#at}.session`);
    copy.token = undefined;
    return copy;
  }

  get device(): string | undefined {
    return this.#at === 'phone' ? this.credential : this.#jar.get(`${this.#at}.device`);
  }

  set device(value: string | undefined) {
    if (this.#at === 'phone') this.credential = value;
    else if (value === undefined) this.#jar.delete(`${this.#at}.device`);
    else this.#jar.set(`${this.#at}.device`, value);
  }

  get(path: string): Promise<request.Response> {
    return this.#send('get', path);
  }

  /** One whose answer does not arrive. */
  async lost(method: 'get' | 'post', path: string): Promise<void> {
    await this.copy().#send(method, path);
  }

  post(path: string, body?: object, accept?: string): Promise<request.Response> {
    return this.#send('post', path, body, accept);
  }

  delete(path: string): Promise<request.Response> {
    return this.#send('delete', path);
  }

  async signIn(id = 'ada', more = ''): Promise<request.Response> {
    const answer = await this.post(`login?id=${id}${more}`);
    this.token = (answer.body as { token?: string }).token ?? this.token;
    return answer;
  }

  async enrol(label = 'Laptop'): Promise<string> {
    const answer = await this.post(`enrol?label=${encodeURIComponent(label)}`);
    if (answer.status !== 200) throw new Error(`not enrolled: ${answer.status} ${answer.text}`);
    const { credential, handle } = answer.body as { credential?: string; handle: string };
    if (this.#at === 'phone') this.credential = credential;
    return handle;
  }

  async trust(): Promise<string> {
    return ((await this.get('trust')).body as { trust: string }).trust;
  }

  async #send(method: 'get' | 'post' | 'delete', path: string, body?: object, accept?: string): Promise<request.Response> {
    const sent = request(this.#app)[method](path.startsWith('/') ? path : `/${this.#at}/${path}`);
    if (this.#jar.size > 0) sent.set('Cookie', [...this.#jar].map(([name, value]) => `${name}=${value}`).join('; '));
    if (this.token !== undefined) sent.set('Authorization', `Bearer ${this.token}`);
    if (this.credential !== undefined) sent.set('Session-Device', this.credential);
    if (accept !== undefined) sent.set('Accept', accept);
    const answer = await (body === undefined ? sent : sent.type('form').send(body));
    this.#keep(answer);
    return answer;
  }

  #keep({ headers }: request.Response): void {
    for (const line of (headers['set-cookie'] ?? []) as unknown as string[]) {
      const [pair = '', ...attributes] = line.split('; ');
      const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
      const isOver = attributes.includes('Max-Age=0') || attributes.some((one) => one.startsWith('Expires=Thu, 01 Jan 1970'));
      if (isOver) this.#jar.delete(name);
      else this.#jar.set(name, value);
    }
    // After the cookies of the same answer, as browsers do.
    if (String(headers['clear-site-data']).includes('"cookies"')) this.#jar.clear();
    const credential = headers['session-device'];
    if (credential !== undefined) this.credential = credential === '' ? undefined : credential;
  }
}
