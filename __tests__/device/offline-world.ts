import { hash, randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import expressDefault, { type Express, type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { SignJWT } from 'jose';
import type { AuditEvent } from '../../lib/audit/audit-event.ts';
import {
  definePolicy,
  memoryStore,
  type OfflineLease,
  type OfflineReport,
  sessionPolicy,
  type SessionPolicyMiddleware,
} from '../../lib/index.ts';
import type { Duration } from '../../lib/policy/duration.ts';
import type { OfflineDocument } from '../../lib/policy/document.ts';
import type { SessionStore } from '../../lib/sessions/session-store.ts';
import { type ManualClock, manualClock } from '../../lib/testing/manual-clock.ts';
import { SECRET } from '../express/portfolio.ts';
import { type OfflineDevice, offlineDevice } from './offline-device.ts';

export const OFFLINE: OfflineDocument = { lease: '8h', scopes: ['notes:write', 'visits:write'] };

/** Nurses on the road, and an app of the same people that has no business with what they do offline. */
function fieldPolicy(offline: OfflineDocument | undefined, absolute: Duration) {
  const phone = { preset: 'mobile', idle: '8h', absolute, device: { trust: 'bound' }, because: 'tests wait' } as const;
  const app = (at: `/${string}`, profile: 'field' | 'office') =>
    ({ profile, match: { paths: [at] }, loginUrl: `${at}/login`, reauthenticateUrl: `${at}/confirm` }) as const;
  return definePolicy({
    version: 1,
    assurance: ['aal1', 'aal2'],
    profiles: {
      field: { ...phone, subjects: ['user', 'service'], ...(offline === undefined ? {} : { offline }) },
      office: phone,
    },
    apps: { field: app('/field', 'field'), round: app('/round', 'field'), office: app('/office', 'office') },
  });
}

export interface OfflineWorld {
  readonly url: string;
  readonly now: () => number;
  readonly clock: ManualClock;
  readonly sessions: SessionPolicyMiddleware;
  readonly events: AuditEvent[];
  readonly close: () => Promise<void>;
}

export interface WorldOptions {
  readonly express?: typeof expressDefault;
  readonly store?: SessionStore;
  readonly clock?: ManualClock;
  /** Where the store has a clock of its own. */
  readonly now?: () => number;
  readonly secret?: string | readonly string[];
  readonly offline?: OfflineDocument | undefined;
  readonly absolute?: Duration;
}

export async function offlineWorld(options: WorldOptions = {}): Promise<OfflineWorld> {
  const clock = options.clock ?? manualClock();
  const events: AuditEvent[] = [];
  const sessions = sessionPolicy({
    policy: fieldPolicy('offline' in options ? options.offline : OFFLINE, options.absolute ?? '24h'),
    secret: options.secret ?? SECRET,
    store: options.store ?? memoryStore({ clock: clock.now }),
    audit: (event) => events.push(event),
    log: () => undefined,
  });
  const express = options.express ?? expressDefault;
  const app = express();
  app.use(sessions, express.json({ limit: '2mb' }));
  for (const at of ['/field', '/round', '/office']) mountApp(app, at);
  app.use(answerError);
  const server = await new Promise<ReturnType<Express['listen']>>((resolve) => {
    const made = app.listen(0, '127.0.0.1', () => resolve(made));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await sessions.close();
  };
  return { url, now: options.now ?? clock.now, clock, sessions, events, close };
}

function mountApp(app: Express, at: string): void {
  app.post(
    `${at}/login`,
    answering(async (req) => {
      const { id = 'ann', kind = 'user', then } = req.query as Record<string, string>;
      const signedIn = await req.sessionPolicy.signIn({ subject: { id, kind: kind as 'user' }, amr: ['pwd'], level: 'aal1' });
      return then === 'lease' ? req.sessionPolicy.offline.lease() : signedIn;
    }),
  );
  app.post(
    `${at}/confirm`,
    answering((req) => {
      if (req.query['then'] === 'lease') return req.sessionPolicy.offline.lease();
      if (req.query['then'] === 'settle') return req.sessionPolicy.offline.settle(req.body as never);
      return req.sessionPolicy.reauthenticated({ amr: ['otp'], level: 'aal2' });
    }),
  );
  app.post(
    `${at}/logout`,
    answering((req) => req.sessionPolicy.signOut()),
  );
  app.post(
    `${at}/others`,
    answering((req) => req.sessionPolicy.revokeOthers()),
  );
  app.post(
    `${at}/lease`,
    answering((req) => req.sessionPolicy.offline.lease(req.body as { scopes?: string[] })),
  );
  app.post(
    `${at}/settle`,
    answering((req) => req.sessionPolicy.offline.settle(req.body as never)),
  );
  app.get(
    `${at}/me`,
    answering(async (req) => ({ subject: req.sessionPolicy.subject })),
  );
}

function answering(work: (req: Request) => Promise<unknown>): RequestHandler {
  return (req, res, next) => void work(req).then((value) => res.json(value ?? {}), next);
}

function answerError(error: { status?: number; code?: string; name: string }, _req: Request, res: Response, _next: NextFunction): void {
  res.status(error.status ?? 500).json({ code: error.code ?? error.name });
}

export interface Answer<T = Record<string, unknown>> {
  readonly status: number;
  readonly body: T;
}

/** A phone in somebody's hand: it proves its key with every request (RFC 9449) and signs what it does meanwhile. */
export class Phone {
  readonly world: OfflineWorld;
  readonly device: OfflineDevice;
  readonly at: string;
  token: string | undefined;

  constructor(world: OfflineWorld, device: OfflineDevice, at: string) {
    this.world = world;
    this.device = device;
    this.at = at;
  }

  static async signedIn(
    world: OfflineWorld,
    options: { id?: string; kind?: string; at?: string; device?: OfflineDevice } = {},
  ): Promise<Phone> {
    const { id = 'ann', kind = 'user', at = '/field' } = options;
    const phone = new Phone(world, options.device ?? (await offlineDevice()), at);
    await phone.signIn(id, kind);
    return phone;
  }

  /** The same phone, at another process or another app, in the same session or in none. */
  elsewhere(world: OfflineWorld, at: string = this.at): Phone {
    const phone = new Phone(world, this.device, at);
    phone.token = this.token;
    return phone;
  }

  async signIn(id = 'ann', kind = 'user'): Promise<void> {
    const { status, body } = await this.post<{ token: string }>(`/login?id=${id}&kind=${kind}`);
    if (status !== 200) throw new Error(`sign-in: ${status} ${JSON.stringify(body)}`);
    this.token = body.token;
  }

  /** Another id for the same session. */
  async confirm(): Promise<void> {
    this.token = (await this.post<{ token: string }>('/confirm')).body.token;
  }

  async lease(scopes?: readonly string[]): Promise<OfflineLease> {
    const { status, body } = await this.post<OfflineLease>('/lease', scopes === undefined ? {} : { scopes });
    if (status !== 200) throw new Error(`lease: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  /** Does this many things, a minute apart, from the beginning of the lease on. */
  work({ id, issuedAt }: OfflineLease, count: number, changes: Record<string, unknown> = {}): Promise<readonly string[]> {
    const actions = Array.from({ length: count }, (_one, seq) =>
      this.device.act({ lease: id, seq, at: issuedAt + 1_000 * seq, scope: 'notes:write', action: { note: seq }, ...changes }),
    );
    return Promise.all(actions);
  }

  async settle(lease: unknown, actions: unknown): Promise<OfflineReport> {
    const { status, body } = await this.post<OfflineReport>('/settle', { lease, actions });
    if (status !== 200) throw new Error(`settle: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  async post<T = Record<string, unknown>>(path: string, body: object = {}, proving = true): Promise<Answer<T>> {
    const url = `${this.world.url}${this.at}${path}`;
    const headers: Record<string, string> = { 'Content-Type': 'application/json' };
    if (this.token !== undefined) headers['Authorization'] = `${proving ? 'DPoP' : 'Bearer'} ${this.token}`;
    if (proving) headers['DPoP'] = await this.#proof('POST', url);
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
    return { status: response.status, body: (await response.json()) as T };
  }

  #proof(htm: string, url: string): Promise<string> {
    const { jwk, privateKey, algorithm } = this.device;
    const ath = this.token === undefined ? {} : { ath: hash('sha256', this.token, 'base64url') };
    return new SignJWT({ htm, htu: url.replace(/\?.*/, ''), jti: randomUUID(), iat: Math.floor(this.world.now() / 1_000), ...ath })
      .setProtectedHeader({ typ: 'dpop+jwt', alg: algorithm, jwk })
      .sign(privateKey);
  }
}

/** What became of each action, in a word. */
export function words({ actions }: OfflineReport): readonly string[] {
  return actions.map(({ outcome, reason }) => reason ?? outcome);
}
