import type { Request, Response } from 'express';
import type { Decision } from '../policy/decision.ts';
import type { Reason } from '../policy/reason.ts';
import { SessionError, StoreUnavailableError } from '../sessions/errors.ts';
import { explanation } from './reason-texts.ts';
import { isLocalPath } from './return-to.ts';
import type { RequestContext } from './request-context.ts';

/** The body of a refusal, as RFC 9457 has it. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** A `Reason` of the policy, or the code of an error. */
  readonly reason: string;
  /** Seconds since the last active authentication that are accepted. */
  readonly maxAge?: number;
  readonly level?: string;
  readonly amr?: readonly string[];
  /** Where a person can sign in or confirm who they are. */
  readonly reauthenticate?: string;
}

const RETRY_AFTER_SECONDS = 2;
const STATUS: Partial<Record<Reason, number>> = {
  path_ambiguous: 400,
  method_ambiguous: 400,
  app_unknown: 403,
  cross_site_request: 403,
  subject_kind_refused: 403,
  condition_blocked: 403,
  step_up_refused: 403,
  device_trust_insufficient: 403,
  store_unavailable: 503,
};

/** Answers a request that may not go on, in the form that the client asked for. */
export function answerRefusal(context: RequestContext, decision: Decision): void {
  const { req, res } = context;
  const way = decision.challenge?.kind;
  const url = way === undefined || way === 'device' ? undefined : wayTo(context, way);
  noStore(res);
  if (url !== undefined && isPage(req) && context.runtime.app.profile.transport === 'cookie') {
    res.statusCode = 303;
    res.setHeader('Location', url);
    res.end();
    return;
  }
  const problem = problemOf(decision.reason, {
    ...stepUpDetails(decision),
    ...(url === undefined || context.runtime.app.profile.transport !== 'cookie' ? {} : { reauthenticate: url }),
  });
  const authenticate = wwwAuthenticate(context, decision, problem);
  if (authenticate !== undefined) res.setHeader('WWW-Authenticate', authenticate);
  send(req, res, problem);
}

/** Answers a request that belongs to no app of the policy, or to which one cannot be said. */
export function answerOutside(req: Request, res: Response, reason: Reason): void {
  noStore(res);
  if (reason === 'store_unavailable') retryLater(res);
  send(req, res, problemOf(reason));
}

/** Answers a request whose session could not be read or stored. What the handler wrote has been dropped. */
export function answerFailure(context: RequestContext, error: unknown): void {
  const { req, res, engine, runtime, secure } = context;
  for (const [name, value] of runtime.headersFor(secure)) res.setHeader(name, value);
  noStore(res);
  if (error instanceof StoreUnavailableError) {
    engine.settings.log({ code: 'store_unavailable', message: error.message, app: runtime.app.name });
    retryLater(res);
    send(req, res, problemOf('store_unavailable'));
  } else if (error instanceof SessionError) {
    engine.settings.log({ code: 'session_not_saved', message: error.message, app: runtime.app.name });
    send(req, res, { ...problemOf(error.code.replace(/^ERR_/, '').toLowerCase()), status: error.status, detail: error.message });
  } else {
    engine.settings.log({ code: 'check_failed', message: error instanceof Error ? error.name : 'unknown error', app: runtime.app.name });
    send(req, res, { ...problemOf('internal_error'), status: 500 });
  }
}

function problemOf(reason: string, more: Partial<Problem> = {}): Problem {
  const { title, detail } = explanation(reason);
  return { type: 'about:blank', title, status: STATUS[reason as Reason] ?? 401, detail, reason, ...more };
}

function stepUpDetails({ challenge }: Decision): Partial<Problem> {
  if (challenge?.kind !== 'step-up') return {};
  return {
    ...(challenge.maxAgeMs === undefined ? {} : { maxAge: Math.floor(challenge.maxAgeMs / 1_000) }),
    ...(challenge.level === undefined ? {} : { level: challenge.level }),
    ...(challenge.amr.length === 0 ? {} : { amr: challenge.amr }),
  };
}

/** RFC 9470 section 3 for a step-up; RFC 6750 section 3 where a token is missing or no longer good. */
function wwwAuthenticate({ req, runtime, presentedSomething }: RequestContext, decision: Decision, problem: Problem): string | undefined {
  if (problem.status !== 401) return undefined;
  if (decision.challenge?.kind === 'step-up') {
    const parts = [`error="insufficient_user_authentication"`, `error_description="${problem.title}"`];
    if (problem.level !== undefined) parts.push(`acr_values="${problem.level}"`);
    if (problem.maxAge !== undefined) parts.push(`max_age="${problem.maxAge}"`);
    return `Bearer ${parts.join(', ')}`;
  }
  const bearer = sendsToken(req);
  if (runtime.app.profile.transport === 'cookie' && !bearer) return undefined;
  return presentedSomething || bearer ? `Bearer error="invalid_token", error_description="${problem.title}"` : 'Bearer';
}

/** Where the person goes to sign in or to confirm who they are, with the way back. */
function wayTo(context: RequestContext, kind: 'sign-in' | 'step-up'): string {
  const { engine, runtime, now } = context;
  const { app } = runtime;
  return engine.returnTo.attach(kind === 'sign-in' ? app.loginUrl : app.reauthenticateUrl, app.name, wayBack(context.req), now);
}

/** A page that was asked for is where to return to; a form goes back to the page that it stood on. */
function wayBack(req: Request): string {
  if (req.method === 'GET' || req.method === 'HEAD') return req.originalUrl;
  const { referer, host } = req.headers;
  if (referer === undefined || !URL.canParse(referer)) return '/';
  const page = new URL(referer);
  return page.host === host && isLocalPath(page.pathname + page.search) ? page.pathname + page.search : '/';
}

/** Whether a program speaks, which holds a token of some kind. Not `Basic`: a proxy may ask browsers for that. */
function sendsToken(req: Request): boolean {
  return /^(?:bearer|dpop) /i.test(req.headers.authorization ?? '');
}

/** Whether a browser is loading a page, and not a script its data. */
function isPage(req: Request): boolean {
  if (sendsToken(req)) return false;
  const mode = req.headers['sec-fetch-mode'];
  if (mode !== undefined && mode !== 'navigate') return false;
  if (req.headers['x-requested-with'] === 'XMLHttpRequest') return false;
  return prefersHtml(req);
}

function prefersHtml(req: Request): boolean {
  const { accept } = req.headers;
  return accept !== undefined && accept.includes('text/html') && req.accepts(['html', 'json']) === 'html';
}

function retryLater(res: Response): void {
  res.setHeader('Retry-After', String(RETRY_AFTER_SECONDS));
}

function noStore(res: Response): void {
  res.setHeader('Cache-Control', 'no-store');
}

function send(req: Request, res: Response, problem: Problem): void {
  res.statusCode = problem.status;
  const html = isPage(req);
  const body = html ? page(problem) : JSON.stringify(problem);
  res.setHeader('Content-Type', html ? 'text/html; charset=utf-8' : 'application/problem+json; charset=utf-8');
  res.setHeader('Content-Length', Buffer.byteLength(body));
  res.end(req.method === 'HEAD' ? undefined : body);
}

function page({ title, detail }: Problem): string {
  const text = (value: string): string => value.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${text(title)}</title><main><h1>${text(title)}</h1><p>${text(detail)}</p></main></html>`;
}
