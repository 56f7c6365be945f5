import type { Express, NextFunction, Request, Response } from 'express';
import type { AuditEvent } from '../../lib/audit/audit-event.ts';
import type { LogEntry } from '../../lib/express/operational-log.ts';
import {
  definePolicy,
  type DeviceVerifier,
  EvidenceError,
  memoryStore,
  requireDevice,
  type SessionPolicyMiddleware,
  sessionPolicy,
} from '../../lib/index.ts';
import { postureAssertion } from '../../lib/proofs/posture/posture-assertion.ts';
import type { SessionStore } from '../../lib/sessions/session-store.ts';
import { type ManualClock, manualClock } from '../../lib/testing/manual-clock.ts';
import { SECRET } from '../express/portfolio.ts';
import { type TokenChanges, type TokenIssuer, tokenIssuer } from '../proofs/attestation/token-issuer.ts';

const MANAGER = 'https://mdm.example.com';
const SERVICE = 'https://app.example.com';

const policy = definePolicy({
  version: 1,
  assurance: ['aal1', 'aal2'],
  profiles: { phone: { preset: 'mobile', idle: '30d', absolute: '30d', because: 'tests look at weeks' } },
  apps: {
    phone: { profile: 'phone', match: { paths: ['/phone'] }, loginUrl: '/phone/login', reauthenticateUrl: '/phone/confirm' },
  },
});

/** Phones with keys, an app that takes evidence about them, and a device manager. */
export interface AttestWorld {
  readonly app: Express;
  readonly sessions: SessionPolicyMiddleware;
  readonly store: SessionStore;
  readonly clock: ManualClock;
  readonly events: AuditEvent[];
  readonly logged: LogEntry[];
  /** Verifiers by name, to be changed by a test. */
  readonly verifiers: Map<string, DeviceVerifier>;
  /** What the device manager says of a key now. */
  readonly posture: (key: string, changes?: TokenChanges) => Promise<string>;
}

export interface AttestOptions {
  readonly store?: SessionStore;
  readonly clock?: ManualClock;
  readonly secret?: string | readonly string[];
}

export const manager: TokenIssuer = await tokenIssuer();

export function attestWorld(express: () => Express, options: AttestOptions = {}): AttestWorld {
  const clock = options.clock ?? manualClock();
  const store = options.store ?? memoryStore({ clock: clock.now });
  const events: AuditEvent[] = [];
  const logged: LogEntry[] = [];
  const sessions = sessionPolicy({
    policy,
    secret: options.secret ?? SECRET,
    store,
    audit: (event) => events.push(event),
    log: (entry) => logged.push(entry),
  });
  const posture = postureAssertion({ issuer: MANAGER, jwks: { keys: [manager.jwk] }, audience: SERVICE, maxAge: '1h' });
  const verifiers = new Map([[posture.name, posture]]);
  const app = express();
  app.use(sessions);
  mount(app, verifiers);
  const say: AttestWorld['posture'] = (key, changes) => {
    const now = Math.floor(clock.now() / 1_000);
    const claims = { iss: MANAGER, aud: SERVICE, iat: now, exp: now + 3_600, compliant: true, cnf: { jkt: key } };
    return manager.sign('device-posture+jwt', claims, changes);
  };
  return { app, sessions, store, clock, events, logged, verifiers, posture: say };
}

function mount(app: Express, verifiers: ReadonlyMap<string, DeviceVerifier>): void {
  const answer = (work: (req: Request) => Promise<unknown>) => (req: Request, res: Response, next: NextFunction) => {
    work(req).then((body) => res.json(body), next);
  };
  app.post(
    '/phone/login',
    answer((req) => {
      const id = (req.query['as'] as string | undefined) ?? 'ada';
      return req.sessionPolicy.signIn({ subject: { id, kind: 'user' }, amr: ['pwd'], level: 'aal1' });
    }),
  );
  app.post(
    '/phone/confirm',
    answer((req) => req.sessionPolicy.reauthenticated({ level: 'aal2' })),
  );
  app.post(
    '/phone/challenge',
    answer(async (req) => ({ challenge: await req.sessionPolicy.device.challenge() })),
  );
  app.post(
    '/phone/attest',
    answer(async (req) => {
      const verifier = verifiers.get(req.query['by'] as string) as DeviceVerifier;
      const trust = await req.sessionPolicy.device.attest(verifier, req.headers['x-evidence']);
      return { trust, decision: req.sessionPolicy.decision.outcome };
    }),
  );
  app.get('/phone/attested', requireDevice('attested'), (_req, res) => void res.json({ fine: true }));
  app.get('/phone/managed', requireDevice('managed'), (_req, res) => void res.json({ fine: true }));
  app.get('/phone/me', (req, res) => void res.json({ trust: req.sessionPolicy.device.trust, who: req.sessionPolicy.subject?.id ?? null }));
  app.use(
    (
      error: { status?: number; headers?: object; code?: string; cause?: unknown; message: string },
      _req: Request,
      res: Response,
      _next: NextFunction,
    ) => {
      const cause = error.cause instanceof EvidenceError ? error.cause.code : undefined;
      res.set(error.headers ?? {});
      res.status(error.status ?? 500).json({ code: error.code ?? error.message, cause, message: error.message });
    },
  );
}

/** A verifier that takes whatever names the key and the challenge: what the frame around it does is what is looked at. */
export function trustingVerifier(
  says: Partial<Awaited<ReturnType<DeviceVerifier['verify']>>> = {},
  trust: 'attested' | 'managed' = 'attested',
): DeviceVerifier {
  return {
    name: 'trusting',
    trust,
    verify: async (evidence, { challenge, key, now }) => {
      if (evidence !== `${challenge}.${key}`) throw new EvidenceError('another challenge or key', 'use_attestation_challenge');
      return { key, at: now, until: now + 3_600_000, ...says };
    },
  };
}
