import { once } from 'node:events';
import type { IncomingMessage, RequestListener } from 'node:http';
import { Agent, type AgentOptions, createServer, request, type Server, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Express, Request, Response } from 'express';
import { definePolicy, memoryStore, requireDevice, type SessionPolicyOptions, sessionPolicy } from '../../lib/index.ts';
import type { LogEntry } from '../../lib/express/operational-log.ts';
import { manualClock } from '../../lib/testing/manual-clock.ts';
import { SECRET } from '../express/portfolio.ts';
import { Authority, type Certified } from './mtls-certificates.ts';

/** Programs with a token, people with a browser, and a desk that several of them use. */
const policy = definePolicy({
  version: 1,
  profiles: {
    programs: { preset: 'mobile', device: { trust: 'bound' }, idle: '1h', absolute: '24h' },
    people: { preset: 'staff-web' },
    desk: { preset: 'kiosk' },
  },
  apps: {
    api: { profile: 'programs', match: { paths: ['/api'] }, loginUrl: '/api/login' },
    web: { profile: 'people', match: { paths: ['/web'] }, loginUrl: '/web/login' },
    desk: { profile: 'desk', match: { paths: ['/desk'] }, loginUrl: '/desk/login' },
  },
});

export type MtlsWorld = ReturnType<typeof mtlsWorld>;

/** The apps on Express; the clock is that of the certificates until somebody moves it. */
export function mtlsWorld(express: () => Express, options: Partial<SessionPolicyOptions> = {}) {
  const clock = manualClock(Date.now());
  const logged: LogEntry[] = [];
  const store = memoryStore({ clock: clock.now });
  const sessions = sessionPolicy({ policy, secret: SECRET, store, log: (entry) => logged.push(entry), ...options });
  const app = express();
  app.use(sessions);
  for (const at of ['/api', '/web', '/desk']) mount(app, at);
  return { app, clock, logged, store };
}

function mount(app: Express, at: string): void {
  app.post(`${at}/login`, (req, res) => {
    req.sessionPolicy.signIn({ subject: { id: (req.query['who'] as string | undefined) ?? 'ann', kind: 'user' }, amr: ['pwd'] }).then(
      ({ token }) => res.json({ token, ...told(req) }),
      (error: { status: number; code: string }) => refused(res, error),
    );
  });
  app.get(`${at}/bound`, requireDevice('bound'), (req, res) => void res.json(told(req)));
  app.get(`${at}/login`, (req, res) => void res.json(told(req)));
  app.get(at, (req, res) => void res.json(told(req)));
}

function told({ sessionPolicy: { subject, device }, socket }: Request): object {
  const resumed = (socket as Partial<TLSSocket>).isSessionReused?.() ?? false;
  return { who: subject?.id ?? 'nobody', trust: device.trust, by: device.boundBy ?? null, key: device.key ?? null, resumed };
}

function refused(res: Response, { status, code }: { readonly status: number; readonly code: string }): void {
  res.status(status).json({ code });
}

export const authority: Authority = new Authority('an authority');
const server: Certified = authority.issue('localhost');

export interface Site {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves over https and asks for certificates, without insisting on one. */
export async function serveMutually(app: RequestListener, options: ServerOptions = {}): Promise<Site> {
  const { key, cert } = server;
  const site = createServer({ key, cert, ca: authority.cert, requestCert: true, rejectUnauthorized: false, ...options }, app);
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  return { port: (site.address() as AddressInfo).port, close: () => closed(site) };
}

async function closed(site: Server): Promise<void> {
  const over = once(site, 'close');
  site.close();
  site.closeAllConnections();
  await over;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A client with a certificate, or none. Each has connections of its own. */
export class TlsClient {
  readonly #agent: Agent;
  readonly #port: number;

  constructor({ port }: Pick<Site, 'port'>, certified?: Pick<Certified, 'key' | 'cert'>, options: AgentOptions = {}) {
    this.#port = port;
    this.#agent = new Agent({ ca: authority.cert, servername: 'localhost', keepAlive: true, ...certified, ...options });
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.send('GET', path, headers);
  }

  post(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.send('POST', path, headers);
  }

  async send(method: string, path: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
    const asked = request({ host: '127.0.0.1', port: this.#port, agent: this.#agent, method, path, headers });
    asked.end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    let text = '';
    for await (const part of answer) text += String(part);
    return { status: answer.statusCode ?? 0, headers: answer.headers, body: JSON.parse(text) as Answer['body'] };
  }

  close(): void {
    this.#agent.destroy();
  }
}

export const bearer = (answer: Answer): { Authorization: string } => ({ Authorization: `Bearer ${String(answer.body['token'])}` });

export const cookie = (answer: Answer): { Cookie: string } => ({
  Cookie: String(answer.headers['set-cookie']?.[0]).split(';')[0] as string,
});
