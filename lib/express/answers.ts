import type { Request, Response } from 'express';
import type { Decision } from '../policy/decision.ts';
import type { Reason } from '../policy/reason.ts';
import { SessionError, StoreUnavailableError } from '../sessions/errors.ts';
import { isPage } from './client-kind.ts';
import { challenge } from './www-authenticate.ts';
import { isConfirmable } from './device/browser/device-fallback.ts';
import { meetDeviceDemand } from './device/browser/device-challenge.ts';
import { type Html, html, type SafeLayout, sendPage } from './html-page.ts';
import { explanation } from './reason-texts.ts';
import type { RequestContext } from './request-context.ts';
import { type Asked, isLocalPath, withReturnTo } from './return-to.ts';

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
  /** Names what was interrupted: handed to the confirmation, it makes that one for this very action. Then the request is repeated. */
  readonly resume?: string;
  /** Where a person can go on, on a device of their own: for `step_up_refused`. */
  readonly ownDeviceUrl?: string;
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
  device_not_enrolled: 403,
  approval_required: 403,
  request_expired: 410,
  store_unavailable: 503,
};

/** Answers a request that may not go on, in the form that the client asked for. `asked` says what a confirmation would be for. */
export function answerRefusal(context: RequestContext, decision: Decision, asked?: Asked): void {
  const { req, res } = context;
  const { pageUrl, signed } = wayOn(context, decision, asked);
  noStore(res);
  if (meetDeviceDemand(context, decision, pageUrl)) return;
  if (pageUrl !== undefined && isPage(req)) return redirect(res, pageUrl);
  const problem = problemOf(decision.reason, {
    ...stepUpDetails(decision),
    ...(pageUrl === undefined ? {} : { reauthenticate: pageUrl }),
    ...(signed === undefined || asked === undefined ? {} : { resume: signed }),
    ...ownDevice(context, decision),
  });
  if (problem.status === 401) challenge(context, decision, problem);
  send(req, res, problem, context.engine.settings.layout);
}

/** Answers a request that belongs to no app of the policy, or to which one cannot be said. */
export function answerOutside(req: Request, res: Response, reason: Reason, layout?: SafeLayout): void {
  noStore(res);
  if (reason === 'store_unavailable') retryLater(res);
  send(req, res, problemOf(reason), layout);
}

/** Answers a request whose session could not be read or stored. What the handler wrote has been dropped. */
export function answerFailure(context: RequestContext, error: unknown): void {
  const { req, res, engine, runtime, secure } = context;
  for (const [name, value] of runtime.headersFor(secure)) res.setHeader(name, value);
  noStore(res);
  if (error instanceof StoreUnavailableError) {
    engine.settings.log({ code: 'store_unavailable', message: error.message, app: runtime.app.name });
    retryLater(res);
    send(req, res, problemOf('store_unavailable'), engine.settings.layout);
  } else if (error instanceof SessionError) {
    // That nobody is signed in is no failure of ours, and anybody could fill the log with it.
    if (error.code !== 'ERR_SESSION_ENDED')
      engine.settings.log({ code: 'session_not_saved', message: error.message, app: runtime.app.name });
    send(
      req,
      res,
      { ...problemOf(error.code.replace(/^ERR_/, '').toLowerCase()), status: error.status, detail: error.message },
      engine.settings.layout,
    );
  } else {
    engine.settings.log({ code: 'check_failed', message: error instanceof Error ? error.name : 'unknown error', app: runtime.app.name });
    send(req, res, { ...problemOf('internal_error'), status: 500 }, engine.settings.layout);
  }
}

/** A refusal with the texts that people get for its reason. */
export function problemOf(reason: string, more: Partial<Problem> = {}): Problem {
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

function ownDevice({ runtime }: RequestContext, { reason }: Decision): Partial<Problem> {
  const { ownDeviceUrl } = runtime.app;
  return reason !== 'step_up_refused' || ownDeviceUrl === undefined ? {} : { ownDeviceUrl };
}

/** How a challenge can be met: the page on which a person signs in or confirms who they are, and the signed way back from it. */
function wayOn(context: RequestContext, decision: Decision, asked: Asked | undefined): WayOn {
  const { engine, runtime, now } = context;
  const { app } = runtime;
  const kind = decision.challenge?.kind;
  if (kind !== 'sign-in' && !isConfirmable(context, decision)) return {};
  const signed = engine.returnTo.sign(app.name, { path: pageBefore(context), asked }, now);
  // The page before may be one of the last person: whoever signs in on a shared device begins anew.
  if (app.profile.shared && kind === 'sign-in') return { pageUrl: app.loginUrl };
  if (app.profile.transport !== 'cookie') return { signed };
  return { signed, pageUrl: withReturnTo(kind === 'sign-in' ? app.loginUrl : app.reauthenticateUrl, signed) };
}

interface WayOn {
  readonly pageUrl?: string;
  readonly signed?: string | undefined;
}

/** Answers a form that cannot be kept until its sender has confirmed who they are, so that they confirm first and then send it. */
export function answerUnkept(context: RequestContext, decision: Decision, asked: Asked): void {
  const { pageUrl = '/' } = wayOn(context, decision, asked);
  const body = html`<p>This needs a recent confirmation that it's you. Files and very long forms cannot be kept until then, so nothing has been
taken.</p><p><a class="button first" href="${pageUrl}">Confirm, then send it again</a></p>`;
  sendPage(context.res, 401, { title: 'Please confirm first', body: String(body) }, context.engine.settings.layout);
}

function redirect(res: Response, url: string): void {
  res.statusCode = 303;
  res.setHeader('Location', url);
  res.end();
}

/** A page that was asked for is where to return to; a form, and what a script fetched, leads back to the page that it came from. */
export function pageBefore(context: RequestContext): string {
  const { req } = context;
  const reads = req.method === 'GET' || req.method === 'HEAD';
  if (reads && isPage(req)) return req.originalUrl;
  return refererPage(context) ?? (reads ? req.originalUrl : '/');
}

/** The page of this host that a request came from, as the browser tells it. */
export function refererPage({ facts, req }: RequestContext): string | undefined {
  const { referer } = req.headers;
  if (referer === undefined || !URL.canParse(referer)) return undefined;
  const page = new URL(referer);
  const path = page.pathname + page.search;
  return page.host === facts.host && isLocalPath(path) ? path : undefined;
}

function retryLater(res: Response): void {
  res.setHeader('Retry-After', String(RETRY_AFTER_SECONDS));
}

function noStore(res: Response): void {
  res.setHeader('Cache-Control', 'no-store');
}

/** Sends a refusal: to a browser that loads a page as a page, to anybody else as RFC 9457 has it. */
export function send(req: Request, res: Response, problem: Problem, layout?: SafeLayout): void {
  if (isPage(req)) return sendPage(res, problem.status, { title: problem.title, body: String(inWords(problem)) }, layout);
  const body = JSON.stringify(problem);
  res.statusCode = problem.status;
  res.setHeader('Content-Type', 'application/problem+json; charset=utf-8');
  res.setHeader('Content-Length', Buffer.byteLength(body));
  res.end(req.method === 'HEAD' ? undefined : body);
}

/** The address is for another device, so it is no link: one that is followed here signs a person in on the very device that they should leave. */
function inWords({ detail, ownDeviceUrl }: Problem): Html {
  if (ownDeviceUrl === undefined) return html`<p>${detail}</p>`;
  return html`<p>${detail} Open this address on your own phone or computer, and sign in there:</p><p class="what"><code>${ownDeviceUrl}</code></p>`;
}
