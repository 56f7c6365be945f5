import type { CompiledApp, Policy } from '../policy/policy.ts';
import { NOTHING, type Presented } from '../proofs/presented.ts';
import { readSessionCookie } from '../proofs/session-cookie.ts';
import { readSessionHeader } from '../proofs/session-header.ts';
import { SignedIds } from '../proofs/signed-id.ts';
import { deriveKey } from '../sessions/session-id.ts';
import type { Retention } from '../sessions/session-record.ts';
import type { ConcurrencyLimit } from '../sessions/session-store.ts';
import { SetupError } from './errors.ts';
import type { Settings } from './options.ts';
import { type StaticHeader, otherOpenerPolicy, responseHeaders } from './response-headers.ts';

/** What the middleware needs to serve one app, made once when the policy is put in force. */
export interface AppRuntime {
  readonly app: CompiledApp;
  readonly ids: SignedIds;
  /** Reads the session id that a request presents to this app; `secure` tells which cookie name counts. */
  readonly present: (cookie: string | undefined, authorization: string | undefined, secure: boolean) => Presented;
  readonly cookieName: (secure: boolean) => string;
  /** Names of the cookies that prove the device. */
  readonly deviceCookieName: (kind: DeviceCookie, secure: boolean) => string;
  readonly sendsSecure: (secure: boolean) => boolean;
  readonly headersFor: (secure: boolean) => readonly StaticHeader[];
  /** A `Cross-Origin-Opener-Policy` that the app's pages do not have: a page with it is put in a browsing context group of its own. */
  readonly otherOpenerPolicy: (secure: boolean) => string;
  readonly retention: Retention;
  readonly limit: ConcurrencyLimit | undefined;
  /** A touch is due when this much has passed since the last one. */
  readonly touchAfterMs: number;
}

const LONGEST_TOUCH_INTERVAL_MS = 5_000;
const TOUCHES_PER_IDLE = 20;

/** The runtimes of all apps of a policy. */
export function appRuntimes(policy: Policy, settings: Settings): ReadonlyMap<CompiledApp, AppRuntime> {
  return new Map([...policy.apps.values()].map((app) => [app, appRuntime(app, settings)]));
}

function appRuntime(app: CompiledApp, settings: Settings): AppRuntime {
  const keys = settings.secrets.map((secret) => deriveKey(secret, `session id of ${app.name}`));
  const ids = new SignedIds(keys);
  const names = cookieNames(app);
  const sendsSecure = cookieSecurity(app, settings.production);
  const cookieName = (secure: boolean): string => (sendsSecure(secure) ? names.secure : names.plain);
  const headersFor = responseHeaders(app, settings.production);
  return {
    app,
    ids,
    cookieName,
    deviceCookieName: deviceCookieNames(app, sendsSecure),
    sendsSecure,
    present: presenter(app, ids, cookieName),
    headersFor,
    otherOpenerPolicy: (secure) => otherOpenerPolicy(headersFor(secure)),
    retention: retentionOf(app),
    limit: concurrencyLimit(app),
    touchAfterMs: touchInterval(app.smallestIdleMs),
  };
}

/** How long activity may go unrecorded: a small part of the shortest idle limit, and seconds at most. */
export function touchInterval(smallestIdleMs: number | undefined): number {
  return Math.min(LONGEST_TOUCH_INTERVAL_MS, (smallestIdleMs ?? Number.POSITIVE_INFINITY) / TOUCHES_PER_IDLE);
}

function presenter(app: CompiledApp, ids: SignedIds, cookieName: (secure: boolean) => string): AppRuntime['present'] {
  if (app.profile.transport === 'cookie') return (cookie, _authorization, secure) => readSessionCookie(cookie, cookieName(secure), ids);
  if (app.profile.transport === 'header') return (_cookie, authorization) => readSessionHeader(authorization, ids);
  return () => NOTHING;
}

/** `bound`: a browser has proved its key a short while ago. `device`: an enrolled device, or workstation. */
export type DeviceCookie = 'bound' | 'device';

function deviceCookieNames(app: CompiledApp, sendsSecure: (secure: boolean) => boolean): AppRuntime['deviceCookieName'] {
  const base = app.profile.cookie.name ?? app.name;
  const names = { bound: `${base}.bound`, device: `${base}.device` };
  return (kind, secure) => (sendsSecure(secure) ? `__Host-${names[kind]}` : names[kind]);
}

function cookieNames(app: CompiledApp): { readonly secure: string; readonly plain: string } {
  const plain = app.profile.cookie.name ?? `${app.name}.session`;
  return { secure: `__Host-${plain}`, plain };
}

/** Whether the cookie is marked Secure, from whether the connection is. */
function cookieSecurity(app: CompiledApp, production: boolean): (secure: boolean) => boolean {
  const wish = app.profile.cookie.secure ?? (production ? true : 'auto');
  if (wish === 'auto') return (secure) => secure;
  if (!wish && production && app.profile.transport === 'cookie') {
    throw new SetupError(
      'ERR_COOKIE_INSECURE',
      `profile "${app.profile.name}" of app "${app.name}" sends its session cookie without Secure in production; remove cookie.secure: false`,
    );
  }
  return () => wish;
}

/** Stores count from the sign-in. Where each reauthentication begins anew, only the idle timeout tells them when nothing needs a session any more. */
function retentionOf({ longestIdleMs, longestAbsoluteMs, rule }: CompiledApp): Retention {
  return { idleMs: longestIdleMs, absoluteMs: rule.requirement.absoluteFrom === 'sign-in' ? longestAbsoluteMs : undefined };
}

function concurrencyLimit(app: CompiledApp): ConcurrencyLimit | undefined {
  const { concurrent } = app.profile;
  if (concurrent === undefined) return undefined;
  return { ...concurrent, ...retentionOf(app) };
}
