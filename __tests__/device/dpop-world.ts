import type { Express, NextFunction, Request, Response } from 'express';
import request, { type Response as Answer } from 'supertest';
import type { AuditEvent } from '../../lib/audit/audit-event.ts';
import type { LogEntry } from '../../lib/express/operational-log.ts';
import { definePolicy, memoryStore, requireDevice, type SessionPolicyMiddleware, sessionPolicy, stepUp } from '../../lib/index.ts';
import type { SessionStore } from '../../lib/sessions/session-store.ts';
import { type ManualClock, manualClock } from '../../lib/testing/manual-clock.ts';
import { SECRET } from '../express/portfolio.ts';
import type { DpopDevice, ProofChanges } from './dpop-device.ts';

export const HOST = 'phone.example';

const entry = (at: `/${string}`) => ({ match: { paths: [at] }, loginUrl: `${at}/login`, reauthenticateUrl: `${at}/confirm` }) as const;

/** A phone that may have a key, agents and robots that need a nonce, a vault for bound devices, a desk with cookies, and a JWT interface. */
export const dpopPolicy = definePolicy({
  version: 1,
  assurance: ['aal1', 'aal2'],
  profiles: {
    phone: { preset: 'mobile', idle: '1h', absolute: '24h' },
    vault: { preset: 'mobile', idle: '1h', absolute: '24h', device: { trust: 'bound' }, dpop: { window: '30s' } },
    agent: { preset: 'agent', subjects: ['user'] },
    desk: { preset: 'staff-web' },
    jwt: { preset: 'api', access: 'public' },
    jwtNonce: { preset: 'api', access: 'public', dpop: { nonce: 'required' } },
    pages: { preset: 'public-web' },
    open: { preset: 'api', access: 'public', onStoreError: 'anonymous' },
  },
  apps: {
    phone: { profile: 'phone', ...entry('/phone'), routes: [{ id: 'news', path: '/phone/news', access: 'public' }] },
    vault: { profile: 'vault', ...entry('/vault') },
    agent: { profile: 'agent', ...entry('/agent') },
    robot: { profile: 'agent', ...entry('/robot') },
    desk: { profile: 'desk', ...entry('/desk') },
    jwt: { profile: 'jwt', match: { paths: ['/jwt'] } },
    jwtNonce: { profile: 'jwtNonce', match: { paths: ['/jwt-nonce'] } },
    pages: { profile: 'pages', match: { paths: ['/pages'] } },
    open: { profile: 'open', match: { paths: ['/open'] } },
  },
});

export interface DpopWorld {
  readonly app: Express;
  readonly sessions: SessionPolicyMiddleware;
  readonly clock: ManualClock;
  readonly events: AuditEvent[];
  readonly logged: LogEntry[];
}

export interface DpopWorldOptions {
  readonly store?: SessionStore;
  readonly clock?: ManualClock;
  readonly secret?: string | readonly string[];
  readonly trustProxy?: readonly string[];
  readonly mount?: (app: Express) => void;
}

export function dpopWorld(express: () => Express, options: DpopWorldOptions = {}): DpopWorld {
  const clock = options.clock ?? manualClock();
  const events: AuditEvent[] = [];
  const logged: LogEntry[] = [];
  const sessions = sessionPolicy({
    policy: dpopPolicy,
    secret: options.secret ?? SECRET,
    store: options.store ?? memoryStore({ clock: clock.now }),
    audit: (event) => events.push(event),
    log: (entry) => logged.push(entry),
    ...(options.trustProxy === undefined ? {} : { trustProxy: options.trustProxy }),
  });
  const app = express();
  app.use(sessions);
  for (const at of ['/phone', '/vault', '/agent', '/robot', '/desk']) mountApp(app, at);
  options.mount?.(app);
  app.use((error: SessionError, _req: Request, res: Response, _next: NextFunction) => {
    res
      .status(error.status ?? 500)
      .set(error.headers ?? {})
      .json({ code: error.code ?? error.name, reason: error.reason });
  });
  return { app, sessions, clock, events, logged };
}

interface SessionError extends Error {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly code?: string;
  readonly reason?: string;
}

function mountApp(app: Express, at: string): void {
  const answer = (work: (req: Request) => Promise<unknown>) => (req: Request, res: Response, next: NextFunction) => {
    work(req).then((body) => res.json(body), next);
  };
  const subject = ({ query }: Request) => ({ id: (query['as'] as string | undefined) ?? 'ada', kind: 'user' }) as const;
  app.post(
    `${at}/login`,
    answer((req) => req.sessionPolicy.signIn({ subject: subject(req), amr: ['pwd'], level: 'aal1' })),
  );
  app.post(
    `${at}/confirm`,
    answer((req) => req.sessionPolicy.reauthenticated({ amr: ['otp'], level: 'aal2' })),
  );
  app.post(
    `${at}/renew`,
    answer((req) => req.sessionPolicy.renew()),
  );
  app.post(
    `${at}/logout`,
    answer((req) => req.sessionPolicy.signOut()),
  );
  app.post(`${at}/transfer`, stepUp({ maxAge: '5m', level: 'aal2' }), (_req, res) => void res.json({ transferred: true }));
  app.get(`${at}/bound`, requireDevice('bound', { maxAge: '1m' }), (_req, res) => void res.json({ bound: true }));
  app.use(at, (req, res) => {
    const { subject: who, decision, device } = req.sessionPolicy;
    res.json({ subject: who?.id ?? null, reason: decision.reason, trust: device.trust, key: device.key ?? null });
  });
}

/** What a request with a proof brings; everything is as it should be unless said otherwise. */
export interface Call {
  readonly token?: string | undefined;
  readonly scheme?: string;
  /** What the proof is for, where that is not the request itself. */
  readonly proofFor?: { readonly method?: string; readonly url?: string; readonly token?: string | undefined };
  /** Seconds that the device's clock is ahead. */
  readonly ahead?: number;
  readonly nonce?: string | undefined;
  readonly changes?: ProofChanges;
  /** In place of a proof that is made for the call; `null` for none. */
  readonly proof?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A native client of a world. */
export class DpopClient {
  readonly #world: DpopWorld;
  readonly device: DpopDevice;

  constructor(world: DpopWorld, device: DpopDevice) {
    this.#world = world;
    this.device = device;
  }

  /** A proof as the call has it. */
  proof(method: string, path: string, { token, proofFor = {}, ahead = 0, nonce, changes }: Call = {}): Promise<string> {
    const target = { method, url: `http://${HOST}${path}`, token, nonce, iat: Math.floor(this.#world.clock.now() / 1_000) + ahead };
    return this.device.prove({ ...target, ...proofFor }, changes);
  }

  async send(method: string, path: string, call: Call = {}): Promise<Answer> {
    const proof = call.proof === undefined ? await this.proof(method, path, call) : call.proof;
    const asked = request(this.#world.app)[method.toLowerCase() as 'get'](path).set('Host', HOST);
    if (proof !== null) asked.set('DPoP', proof);
    if (call.token !== undefined) asked.set('Authorization', `${call.scheme ?? 'DPoP'} ${call.token}`);
    for (const [name, value] of Object.entries(call.headers ?? {})) asked.set(name, value);
    return asked;
  }

  /** Signs in with a proof, where one needs a nonce with that, and gives the token. */
  async signIn(at = '/phone'): Promise<string> {
    const first = await this.send('POST', `${at}/login`);
    const answer = first.status === 401 ? await this.send('POST', `${at}/login`, { nonce: first.headers['dpop-nonce'] as string }) : first;
    if (answer.status !== 200) throw new Error(`no sign-in: ${answer.status} ${answer.text}`);
    return answer.body.token as string;
  }
}
