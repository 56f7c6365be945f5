import { challengeHeader } from '../../../proofs/dbsc-headers.ts';
import type { RequestContext } from '../../request-context.ts';
import { boundCookieAttributes, sendBoundCookie } from './bound-cookie.ts';
import { refreshChallenge } from './dbsc-challenges.ts';
import { dbscPath } from './dbsc-paths.ts';
import { scopeRules } from './dbsc-scope.ts';

/** Tells the browser that its proof holds: the cookie for it, what the next one has to contain, and what it is for. */
export function answerProven(context: RequestContext, identifier: string, key: string): void {
  const { runtime, inForce, facts, secure } = context;
  const { app } = runtime;
  sendBoundCookie(context, key);
  challenge(context, identifier);
  answerJson(context, {
    session_identifier: identifier,
    refresh_url: dbscPath(app, 'refresh'),
    scope: { include_site: false, scope_specification: scopeRules(inForce.policy, app, facts.host) },
    credentials: [{ type: 'cookie', name: runtime.deviceCookieName('bound', secure), attributes: boundCookieAttributes(context) }],
  });
}

/** Asks the browser for a proof. Any other refusal makes it forget its key. */
export function answerWithChallenge(context: RequestContext, identifier: string): void {
  challenge(context, identifier);
  answerEmpty(context, 403);
}

/**
 * Tells the browser that there is nothing left to prove its key for. The cookie stays where it is: by now it can be that of the session
 * which took the place of this one.
 */
export function answerOver(context: RequestContext, identifier: string): void {
  answerJson(context, { session_identifier: identifier, continue: false });
}

export function answerEmpty({ res }: RequestContext, status: number): void {
  res.statusCode = status;
  res.setHeader('Cache-Control', 'no-store');
  res.end();
}

/** Whether a request came by the method that a path is for. If not, it has been answered. */
export function cameBy(context: RequestContext, ...methods: readonly string[]): boolean {
  if (methods.includes(context.facts.method)) return true;
  context.res.setHeader('Allow', methods.join(', '));
  answerEmpty(context, 405);
  return false;
}

function challenge(context: RequestContext, identifier: string): void {
  context.res.setHeader('Secure-Session-Challenge', challengeHeader(refreshChallenge(context, identifier), identifier));
}

function answerJson({ res }: RequestContext, value: unknown): void {
  const body = JSON.stringify(value);
  res.statusCode = 200;
  res.setHeader('Cache-Control', 'no-store');
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.setHeader('Content-Length', Buffer.byteLength(body));
  res.end(body);
}
