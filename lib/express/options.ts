import type { Request } from 'express';
import type { AuditSink } from '../audit/audit-event.ts';
import type { PresetName, ProfileDocument } from '../policy/document.ts';
import type { Subject } from '../policy/facts.ts';
import type { Policy } from '../policy/policy.ts';
import { profilePolicy } from '../policy/profile-policy.ts';
import { nearest } from '../policy/suggestion.ts';
import { MemoryStore, memoryStore } from '../sessions/memory-store.ts';
import { SessionStore } from '../sessions/session-store.ts';
import { SetupError } from './errors.ts';
import { guardedSink } from './guarded-sink.ts';
import { type PageLayout, type SafeLayout, safeLayout } from './html-page.ts';
import { type Log, operationalLog } from './operational-log.ts';
import { checkSecrets } from './secrets.ts';
import { type TrustProxy, compileTrustProxy, type Trust } from './trusted-proxies.ts';

/** Who signed in, and how, when another library (passport, for one) did it. */
export type SignedInSubject = Subject & {
  /** Methods used (RFC 8176). Default: none known. */
  readonly amr?: readonly string[];
  /** Assurance level reached. Default: the lowest of the policy. */
  readonly level?: string;
};

/** Options of `sessionPolicy`. One of `policy` and `profile` is needed, and `secret`. */
export interface SessionPolicyOptions<P extends Policy = Policy> {
  /** The policy document, from `definePolicy` or `loadPolicy`. */
  readonly policy?: P;
  /** One app, everywhere, on this preset or profile: the shortest way to start. */
  readonly profile?: PresetName | ProfileDocument;
  /** At least 32 characters from a password generator. An array is newest first: the first signs, all are accepted. */
  readonly secret: string | readonly string[];
  /** Default: `memoryStore()`, refused under `NODE_ENV=production` unless it is passed by hand. */
  readonly store?: SessionStore;
  /** Epoch milliseconds, for a memory store in tests. Redis has a clock of its own. */
  readonly clock?: () => number;
  /** Where people sign in: a path (public by itself) or a URL. Default `/login`. */
  readonly loginUrl?: string;
  /** Where people confirm who they are: a path (public by itself) or a URL. Default `/reauthenticate`. */
  readonly reauthenticateUrl?: string;
  /** Whose session it is, if another library signs people in. Asked when a session without a subject is saved. */
  readonly subject?: (req: Request) => SignedInSubject | undefined;
  /** Which proxies may say who the client is; like Express's `trust proxy`, which is used without it. */
  readonly trustProxy?: TrustProxy;
  /**
   * Whether the proxies that `trustProxy` names by their addresses may say, in the header `Client-Cert` (RFC 9440), whose certificate they have
   * verified. They have to set or remove it on every request: a proxy that does not know it passes on what a client wrote. Default: `true` where
   * they are named so, since a client gains nothing by it but a key of its own that proves nothing; `false` for a number of hops.
   */
  readonly clientCertHeader?: boolean;
  /** Takes every decision, of the document and of guards in code, and every sign-in, reauthentication, sign-out and revocation. */
  readonly audit?: AuditSink;
  /** Your design for the pages that the middleware serves itself: gives the whole HTML document, and may look at the request. Default: a plain page. */
  readonly layout?: PageLayout;
  /** Takes what went wrong in operation. Default: one line to `console.warn`, at most one of a kind a second. */
  readonly log?: Log;
}

/** Options that have been checked, with their defaults. */
export interface Settings {
  readonly policy: Policy;
  readonly secrets: readonly string[];
  readonly store: SessionStore;
  readonly entry: { readonly loginUrl: string; readonly reauthenticateUrl: string };
  readonly subject: ((req: Request) => SignedInSubject | undefined) | undefined;
  readonly trust: Trust | undefined;
  readonly clientCertHeader: boolean;
  readonly audit: AuditSink | undefined;
  readonly layout: SafeLayout | undefined;
  readonly log: Log;
  readonly production: boolean;
}

const KNOWN = [
  'policy',
  'profile',
  'secret',
  'store',
  'clock',
  'loginUrl',
  'reauthenticateUrl',
  'subject',
  'trustProxy',
  'clientCertHeader',
  'audit',
  'layout',
  'log',
];

/** @throws {SetupError} for anything unknown, missing or unsafe, with what to change. */
export function checkOptions(options: SessionPolicyOptions): Settings {
  refuseUnknown(options);
  const production = process.env['NODE_ENV'] === 'production';
  const log = operationalLog(checkFunction('log', options.log));
  return {
    policy: choosePolicy(options),
    secrets: checkSecrets(options.secret, production),
    store: chooseStore(options, production),
    entry: {
      loginUrl: checkUrl('loginUrl', options.loginUrl ?? '/login'),
      reauthenticateUrl: checkUrl('reauthenticateUrl', options.reauthenticateUrl ?? '/reauthenticate'),
    },
    subject: checkFunction('subject', options.subject),
    trust: options.trustProxy === undefined ? undefined : compileTrustProxy(options.trustProxy),
    clientCertHeader: checkClientCertHeader(options),
    audit: auditSink(checkFunction('audit', options.audit), log),
    layout: pageLayout(checkFunction('layout', options.layout), log),
    log,
    production,
  };
}

function refuseUnknown(options: unknown): void {
  if (options === null || typeof options !== 'object') {
    throw invalid('sessionPolicy needs options: sessionPolicy({ profile: "staff-web", secret: process.env.SESSION_SECRET })');
  }
  for (const key of Object.keys(options)) {
    if (KNOWN.includes(key)) continue;
    const meant = nearest(key, KNOWN);
    throw invalid(
      `sessionPolicy has no option "${key}"${meant === undefined ? '' : ` (did you mean "${meant}"?)`}. Options: ${KNOWN.join(', ')}`,
    );
  }
}

function choosePolicy({ policy, profile }: SessionPolicyOptions): Policy {
  if (policy !== undefined && profile !== undefined) throw invalid('give sessionPolicy a policy or a profile, not both');
  if (policy !== undefined) return checkPolicy(policy);
  if (profile !== undefined) return profilePolicy(profile);
  throw invalid('sessionPolicy needs a rule: policy: await loadPolicy("session-policy.yaml"), or profile: "staff-web"');
}

/** @throws {SetupError} if it is a document, a promise or anything else than a compiled policy. */
export function checkPolicy(policy: Policy): Policy {
  if (policy instanceof Promise) throw invalid('policy is a promise: write policy: await loadPolicy(…)');
  if (policy?.apps instanceof Map && typeof policy.digest === 'string') return policy;
  throw invalid('policy must come from definePolicy(…), parsePolicy(…) or await loadPolicy(…); a bare document has not been checked');
}

function chooseStore({ store, clock }: SessionPolicyOptions, production: boolean): SessionStore {
  checkFunction('clock', clock);
  if (store === undefined) {
    if (!production) return memoryStore(clock === undefined ? {} : { clock });
    throw new SetupError(
      'ERR_STORE_MISSING',
      'in production sessionPolicy needs a store: store: redisStore({ client: new Redis() }). A memory store forgets every session at a restart and is not shared; to have it all the same, pass store: memoryStore()',
    );
  }
  if (!(store instanceof SessionStore)) {
    throw invalid(
      'store must be redisStore(…), memoryStore(…) or a class that extends SessionStore; stores made for express-session keep too little to enforce a policy',
    );
  }
  if (clock !== undefined) {
    if (!(store instanceof MemoryStore)) throw invalid('clock is for a memory store; every other store has a clock of its own');
    store.useClock(clock);
  }
  return store;
}

/** A path on the app's own host, or an absolute http(s) URL. */
function checkUrl(name: string, url: unknown): string {
  const isPath = typeof url === 'string' && /^\/(?![/\\])[^\s?#\\]*$/.test(url);
  const isUrl = typeof url === 'string' && /^https?:\/\/[^/\s]+/.test(url) && URL.canParse(url);
  if (isPath || isUrl) return url as string;
  throw invalid(`${name} must be a path like "/login" or an absolute URL like "https://id.example.com/login"`);
}

function checkFunction<T>(name: string, value: T | undefined): T | undefined {
  if (value === undefined || typeof value === 'function') return value;
  throw invalid(`${name} must be a function`);
}

/** A number of hops trusts whoever opens the connection: to reach the server around the proxy would be to be anybody. */
function checkClientCertHeader({ clientCertHeader, trustProxy }: SessionPolicyOptions): boolean {
  const isNamed = typeof trustProxy === 'string' || Array.isArray(trustProxy);
  const isOn: unknown = clientCertHeader ?? isNamed;
  if (typeof isOn !== 'boolean' || clientCertHeader === null) throw invalid('clientCertHeader must be true or false');
  if (isOn && (trustProxy === undefined || typeof trustProxy === 'number')) {
    throw invalid(
      "clientCertHeader: true needs a trustProxy that names the proxies by their addresses, like ['10.0.0.0/8'] or 'loopback': nobody else may say whose certificate it is",
    );
  }
  return isOn;
}

function pageLayout(layout: PageLayout | undefined, log: Log): SafeLayout | undefined {
  if (layout === undefined) return undefined;
  return safeLayout(layout, () => log({ code: 'layout_failed', message: 'the layout gave no page; the plain one was sent' }));
}

function auditSink(audit: AuditSink | undefined, log: Log): AuditSink | undefined {
  if (audit === undefined) return undefined;
  return guardedSink(audit, () => log({ code: 'audit_failed', message: 'the audit sink failed; an event is missing from the evidence' }));
}

function invalid(message: string): SetupError {
  return new SetupError('ERR_OPTIONS_INVALID', message);
}
