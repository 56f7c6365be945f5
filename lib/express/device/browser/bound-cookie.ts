import type { DeviceBinding } from '../../../policy/device.ts';
import { findCookie } from '../../../proofs/session-cookie.ts';
import type { RequestContext } from '../../request-context.ts';

/** A browser's proof of its key, as the cookie has it. */
export interface BrowserProof {
  readonly binding: DeviceBinding;
  /** How long it counts. */
  readonly lifetimeMs: number;
}

/** The key that a browser has proved within the last minutes, by the cookie that it got for it. Nothing is asked of the store. */
export function readBoundCookie({ engine, runtime, req, secure }: RequestContext): BrowserProof | undefined {
  const { dbsc, name } = runtime.app;
  const header = req.headers.cookie;
  if (dbsc === undefined || header === undefined) return undefined;
  const text = findCookie(header, runtime.deviceCookieName('bound', secure));
  const value = typeof text === 'string' ? engine.deviceTexts.bound.read(text) : undefined;
  if (!Array.isArray(value)) return undefined;
  const [app, key, provenAt] = value as [string, string, number];
  return app === name ? { binding: { by: 'dbsc', key, provenAt }, lifetimeMs: dbsc.proofMs } : undefined;
}

/** What a proof is worth now. A cookie's own end is for the browser, which may keep it longer. */
export function bindingAt(proof: BrowserProof | undefined, now: number): DeviceBinding | undefined {
  return proof !== undefined && now - proof.binding.provenAt < proof.lifetimeMs ? proof.binding : undefined;
}

/** Gives the browser the proof that it has just made, to be shown with every request until it is time for the next. */
export function sendBoundCookie(context: RequestContext, key: string): void {
  const { engine, runtime, res, secure, now } = context;
  const { dbsc, name } = runtime.app;
  const text = engine.deviceTexts.bound.sign([name, key, now]);
  const maxAge = Math.floor((dbsc?.proofMs ?? 0) / 1_000);
  res.appendHeader(
    'Set-Cookie',
    `${runtime.deviceCookieName('bound', secure)}=${text}; Max-Age=${maxAge}; ${boundCookieAttributes(context)}`,
  );
}

/** Takes the proof from the browser. */
export function clearBoundCookie(context: RequestContext): void {
  const { runtime, req, res, secure } = context;
  const name = runtime.deviceCookieName('bound', secure);
  if (req.headers.cookie?.includes(`${name}=`) !== true) return;
  res.appendHeader('Set-Cookie', `${name}=; Max-Age=0; ${boundCookieAttributes(context)}`);
}

/** As the browser is told them with its registration: where they differ, it proves itself with every single request. */
export function boundCookieAttributes({ runtime, secure }: RequestContext): string {
  const { sameSite } = runtime.app.profile.cookie;
  return `Path=/; ${runtime.sendsSecure(secure) ? 'Secure; ' : ''}HttpOnly; SameSite=${sameSite === 'strict' ? 'Strict' : 'Lax'}`;
}
