import type { Express, Request, Response } from 'express';
import request, { type Response as Answer } from 'supertest';
import { definePolicy, memoryStore, SessionError, type SessionPolicyOptions, sessionPolicy } from '../../lib/index.ts';
import type { AuditEvent } from '../../lib/audit/audit-event.ts';
import type { LogEntry } from '../../lib/express/operational-log.ts';
import { manualClock } from '../../lib/testing/manual-clock.ts';
import { SECRET } from '../express/portfolio.ts';

const enrolled = { preset: 'kiosk', device: { trust: 'known' } } as const;
const at = (path: string) => ({ match: { paths: [path] }, loginUrl: `${path}/login`, reauthenticateUrl: `${path}/confirm` });

/** Two kiosks on enrolled workstations, one that asks for it on a page only, and a desk of which everybody has their own. */
export const workstationPolicy = definePolicy({
  version: 1,
  profiles: { enrolled, anywhere: { preset: 'kiosk' }, own: { preset: 'staff-web' } },
  apps: {
    desk: {
      profile: 'enrolled',
      ...at('/desk'),
      tags: ['indoors'],
      routes: [
        { id: 'poster', path: '/desk/poster', access: 'public' },
        { id: 'remember', path: '/desk/remember', access: 'public' },
      ],
    },
    ward: { profile: 'enrolled', ...at('/ward') },
    hall: { profile: 'anywhere', ...at('/hall'), routes: [{ id: 'files', path: '/hall/files', device: { trust: 'known' } }] },
    staff: { profile: 'own', ...at('/staff') },
  },
  conditions: [{ id: 'indoors', when: { tags: ['indoors'], network: { in: ['203.0.113.0/24'] } }, require: { block: true } }],
});

/** One kiosk, alone on its host. */
export const onePolicy = definePolicy({ version: 1, profiles: { enrolled }, apps: { desk: { profile: 'enrolled', loginUrl: '/login' } } });

export type WorkstationWorld = ReturnType<typeof workstationWorld>;

export function workstationWorld(express: () => Express, options: Partial<SessionPolicyOptions> = {}) {
  const clock = manualClock();
  const events: AuditEvent[] = [];
  const logged: LogEntry[] = [];
  const store = options.store ?? memoryStore({ clock: clock.now });
  const sessions = sessionPolicy({
    policy: workstationPolicy,
    secret: SECRET,
    audit: (event) => events.push(event),
    log: (entry) => logged.push(entry),
    trustProxy: 'loopback',
    ...options,
    store,
  });
  const app = express();
  app.use(sessions);
  for (const path of options.policy === onePolicy ? [''] : ['/desk', '/ward', '/hall', '/staff']) mount(app, path);
  return { app, sessions, clock, events, logged, store };
}

function mount(app: Express, path: string): void {
  app.get(`${path}/login`, (_req, res) => void res.send('sign in'));
  app.post(`${path}/login`, (req, res) => {
    const subject = { id: (req.query['who'] as string | undefined) ?? 'ann', kind: 'user' } as const;
    req.sessionPolicy.signIn({ subject, amr: ['hwk'] }).then(
      () => res.json(told(req)),
      (error) => refused(res, error),
    );
  });
  app.post(`${path}/logout`, (req, res) => {
    req.sessionPolicy.signOut().then(
      () => res.json({}),
      (error) => refused(res, error),
    );
  });
  app.post(`${path}/remember`, (req, res) => {
    const { note } = req.query;
    if (typeof note === 'string') (req.session as unknown as { note: string }).note = note;
    res.send((req.session as unknown as { note?: string }).note ?? '');
  });
  app.use(path === '' ? '/' : path, (req, res) => void res.json(told(req)));
}

function told({ sessionPolicy: { subject, device } }: Request): object {
  return { who: subject?.id ?? 'nobody', trust: device.trust };
}

function refused(res: Response, error: unknown): void {
  if (!(error instanceof SessionError)) throw error;
  res.status(error.status).json({ code: error.code });
}

const KEPT = /^([^=]+)=([^;]*)/;

/** A browser: it keeps cookies, for as long as it is told, and it can be copied. */
export class Workstation {
  readonly cookies: Map<string, string>;
  readonly #app: Express;

  constructor(app: Express, cookies: ReadonlyMap<string, string> = new Map()) {
    this.#app = app;
    this.cookies = new Map(cookies);
  }

  copy(): Workstation {
    return new Workstation(this.#app, this.cookies);
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.#send(request(this.#app).get(path), headers);
  }

  post(path: string, body = '', headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.#send(request(this.#app).post(path).send(body), headers);
  }

  async #send(sent: request.Test, headers: Readonly<Record<string, string>>): Promise<Answer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await sent.set({ ...(cookie === '' ? {} : { Cookie: cookie }), ...headers });
    for (const line of linesOf(answer)) {
      const [, name = '', value = ''] = KEPT.exec(line) ?? [];
      if (/Max-Age=0|Expires=Thu, 01 Jan 1970/.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return answer;
  }
}

export function linesOf(answer: Answer): readonly string[] {
  return (answer.headers['set-cookie'] ?? []) as unknown as readonly string[];
}

/** A browser that an administrator has made a workstation. */
export async function enrolledWorkstation(world: WorkstationWorld, app = 'desk', label = 'Front desk 2', headers = {}) {
  const invitation = await world.sessions.devices.inviteWorkstation({ app, label });
  const workstation = new Workstation(world.app);
  const answer = await workstation.post(invitation.path, `code=${invitation.code}`, headers);
  world.clock.advance('2s');
  return { workstation, invitation, answer };
}
