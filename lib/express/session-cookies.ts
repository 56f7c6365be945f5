import type { Response } from 'express';
import session from 'express-session';
import { writeSessionCookie } from '../proofs/session-cookie.ts';
import { isNavigation } from './client-kind.ts';
import type { RequestContext } from './request-context.ts';

/** A token of RFC 6265 section 4.1.1. */
const COOKIE_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/;
const MOST_COOKIES = 20;

/** express-session's cookie object with what the policy says. Changing its `maxAge` changes how long a browser keeps it, nothing else. */
export function sessionCookie(context: RequestContext): session.Cookie {
  const { runtime, secure } = context;
  const { sameSite, persistent } = runtime.app.profile.cookie;
  const maxAge = persistent ? runtime.app.longestAbsoluteMs : undefined;
  return newCookie({
    path: '/',
    httpOnly: true,
    secure: runtime.sendsSecure(secure),
    sameSite,
    ...(maxAge === undefined ? {} : { maxAge }),
  });
}

/** Gives the client its new session id. The header transport has none to set: the application hands the token over. */
export function sendSessionCookie(context: RequestContext, id: string, cookie: session.Cookie): void {
  if (context.runtime.app.profile.transport !== 'cookie') {
    // The answer has the token in its body (RFC 6749 section 5.1).
    context.res.setHeader('Cache-Control', 'no-store');
    return;
  }
  warnOverHttp(context);
  const { expires } = cookie;
  const sent = sessionCookie(context);
  // Whatever the handler asked for: on a shared device a cookie that outlives the browser is one for the next person.
  sent.expires = expires instanceof Date && !context.runtime.app.profile.shared ? expires : null;
  keepNewCookie(context.res);
  setCookie(context, [lineOf(context, writeSessionCookie(id, context.runtime.ids), sent)]);
}

/** A browser clears cookies after it took those of the same answer: after a sign-out, the one of a sign-in on the same request. */
function keepNewCookie(res: Response): void {
  const clear = res.getHeader('Clear-Site-Data');
  if (clear === undefined) return;
  const others = String(clear)
    .split(',')
    .map((what) => what.trim())
    .filter((what) => what !== '"cookies"' && what !== '"*"');
  res.setHeader('Clear-Site-Data', others.length === 0 ? '"cache", "storage"' : others.join(', '));
}

/**
 * Takes the session cookie from the browser. The back button of Chromium brings a page back that no cache may store, unless cookies have
 * changed meanwhile; the page that a sign-in led to comes back even so if a navigation changed a single one, once. So it is changed twice.
 */
export function clearSessionCookie(context: RequestContext): void {
  if (context.runtime.app.profile.transport !== 'cookie') return;
  const cookie = sessionCookie(context);
  const changed = isNavigation(context.req) ? [lineOf(context, 'ended', cookie)] : [];
  cookie.expires = new Date(0);
  setCookie(context, [...changed, lineOf(context, '', cookie)]);
}

/** Takes every other cookie that the browser sent, as far as it is for the whole host; but for that by which a device is known. */
export function clearOtherCookies({ req, res, runtime, secure }: RequestContext): void {
  const kept = [runtime.cookieName(secure), runtime.deviceCookieName('device', secure)];
  const others = new Set(cookieNames(req).filter((name) => COOKIE_NAME.test(name) && !kept.includes(name)));
  const attributes = secure ? '; Path=/; Max-Age=0; Secure' : '; Path=/; Max-Age=0';
  for (const name of [...others].slice(0, MOST_COOKIES)) res.appendHeader('Set-Cookie', `${name}=${attributes}`);
}

/** Whether the browser has a cookie by which its device is known, to a person or as a workstation: signing out does not undo the enrolment. */
export function hasDeviceCookie({ req, runtime, secure }: RequestContext): boolean {
  return cookieNames(req).includes(runtime.deviceCookieName('device', secure));
}

function cookieNames({ headers }: RequestContext['req']): readonly string[] {
  return (headers.cookie ?? '').split(';').map((pair) => pair.split('=')[0]?.trim() ?? '');
}

function lineOf({ runtime, secure }: RequestContext, value: string, cookie: session.Cookie): string {
  const serializable = cookie as session.Cookie & { serialize(name: string, value: string): string };
  return serializable.serialize(runtime.cookieName(secure), value);
}

/** One session cookie an answer: a later one takes the place of an earlier one. */
function setCookie({ res, runtime, secure }: RequestContext, lines: readonly string[]): void {
  const name = runtime.cookieName(secure);
  const before = res.getHeader('Set-Cookie');
  const others = (before === undefined ? [] : Array.isArray(before) ? before : [String(before)]).filter(
    (one) => !one.startsWith(`${name}=`),
  );
  res.setHeader('Set-Cookie', [...others, ...lines]);
  // Whatever the handler asked for: a cache that kept this answer would hand one person's session to others.
  res.setHeader('Cache-Control', 'no-store');
}

function newCookie(options: session.CookieOptions): session.Cookie {
  // @types/express-session gives the class no constructor; it takes the options.
  const Cookie = session.Cookie as unknown as new (options: session.CookieOptions) => session.Cookie;
  return new Cookie(options);
}

function warnOverHttp({ runtime, secure, engine }: RequestContext): void {
  if (secure || !runtime.sendsSecure(secure)) return;
  engine.settings.log({
    code: 'cookie_over_http',
    app: runtime.app.name,
    message: 'a Secure session cookie went out on a connection that looks like http; browsers drop it. Behind a TLS proxy set trustProxy',
  });
}
