import session from 'express-session';
import { writeSessionCookie } from '../proofs/session-cookie.ts';
import type { RequestContext } from './request-context.ts';

/** express-session's cookie object with what the policy says. Changing its `maxAge` changes how long a browser keeps it, nothing else. */
export function sessionCookie(context: RequestContext): session.Cookie {
  const { runtime, secure } = context;
  const { sameSite, persistent } = runtime.app.profile.cookie;
  const maxAge = persistent ? runtime.retention.absoluteMs : undefined;
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
  if (context.runtime.app.profile.transport !== 'cookie') return;
  warnOverHttp(context);
  const { expires } = cookie;
  const sent = sessionCookie(context);
  sent.expires = expires instanceof Date ? expires : null;
  setCookie(context, writeSessionCookie(id, context.runtime.ids), sent);
}

/** Takes the session cookie from the browser. */
export function clearSessionCookie(context: RequestContext): void {
  if (context.runtime.app.profile.transport !== 'cookie') return;
  const cookie = sessionCookie(context);
  cookie.expires = new Date(0);
  setCookie(context, '', cookie);
}

/** One session cookie an answer: a later one takes the place of an earlier one. */
function setCookie({ res, runtime, secure }: RequestContext, value: string, cookie: session.Cookie): void {
  const name = runtime.cookieName(secure);
  const line = (cookie as session.Cookie & { serialize(name: string, value: string): string }).serialize(name, value);
  const before = res.getHeader('Set-Cookie');
  const others = (before === undefined ? [] : Array.isArray(before) ? before : [String(before)]).filter(
    (one) => !one.startsWith(`${name}=`),
  );
  res.setHeader('Set-Cookie', [...others, line]);
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
