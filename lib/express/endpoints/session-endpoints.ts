import express, { type Request, type RequestHandler, type Response, type Router } from 'express';
import { nearest } from '../../policy/suggestion.ts';
import { SessionError } from '../../sessions/errors.ts';
import type { RevokeResult } from '../../sessions/session-store.ts';
import { answerFailure, pageBefore, problemOf, send } from '../answers.ts';
import { isPage } from '../client-kind.ts';
import { SetupError } from '../errors.ts';
import { guard, stepUp, type StepUpOptions } from '../guards.ts';
import type { RequestContext } from '../request-context.ts';
import { contextOf } from '../request-properties.ts';
import { sendBuiltScript } from '../built-script.ts';
import { isLocalPath } from '../return-to.ts';
import { sessionControl } from '../session-control.ts';
import { askedRoute } from './asked-route.ts';
import { keepAlive } from './keep-alive.ts';
import { asEnrolmentAsks, enrolOwnDevice, forgetOwnDevice, ownDevices } from './own-devices.ts';
import { endOwnSession, ownSessions } from './own-sessions.ts';
import { sessionStatus } from './session-status.ts';
import { smallBody } from './small-body.ts';

/** Options of `sessionEndpoints`. */
export interface SessionEndpointsOptions {
  /** What ending sessions, other than by signing out, asks for; like the guard `stepUp`. Routes of the policy apply in any case. */
  readonly stepUp?: StepUpOptions;
}

/**
 * A router with what a person can see of their session and do about it (ASVS 5.0, 7.4 and 7.5.2; WCAG 2.2.1). Answers are JSON and never
 * cached; forms of a page are answered by a 303. What `express-session-policy/client` talks to.
 *
 * - `GET /` the rule in force and the seconds left, without counting as activity; with `?for=/path&method=POST` for that route
 * - `POST /keep-alive` counts as activity, and answers the same
 * - `POST /sign-out`
 * - `GET /sessions` the person's own sessions, in all apps
 * - `DELETE /sessions/<handle>` or `POST /sessions/end` with a field `session` ends one of them
 * - `DELETE /sessions` or `POST /sessions/end-others` ends all but this one
 * - `GET /devices` the person's enrolled devices
 * - `POST /devices` with a field `label` enrols the one in use, after what the profile's `enrolment` asks for
 * - `DELETE /devices/<handle>` or `POST /devices/forget` with a field `device` forgets one of them
 * - `GET /client.js` the browser module, for `<script type="module">`
 *
 * @throws {SetupError} `ERR_OPTIONS_INVALID` at once, for an option that is not known.
 * @throws {PolicyError} at once, for a step-up that cannot be read.
 * @example
 * app.use(sessions);
 * app.use('/session', sessionEndpoints({ stepUp: { maxAge: '5m' } }));
 */
export function sessionEndpoints(options: SessionEndpointsOptions = {}): Router {
  refuseUnknown(options);
  const ends = [...smallBody, signedIn, ...(options.stepUp === undefined ? [] : [stepUp(options.stepUp)])];
  return express
    .Router()
    .get('/', unnoticed, answer(tellStatus))
    .post('/keep-alive', signedIn, answer(stayAlive))
    .post('/sign-out', ...smallBody, answer(signOut))
    .get('/sessions', signedIn, answer(list))
    .delete('/sessions', ends, answer(endOthers))
    .post('/sessions/end-others', ends, answer(endOthers))
    .post(
      '/sessions/end',
      ends,
      answer((context) => endOne(context, field(context.req, 'session'))),
    )
    .delete(
      '/sessions/:handle',
      ends,
      answer((context) => endOne(context, context.req.params['handle'])),
    )
    .get('/devices', signedIn, answer(listDevices))
    .post('/devices', ...smallBody, asEnrolmentAsks, answer(enrol))
    .post(
      '/devices/forget',
      ends,
      answer((context) => forget(context, field(context.req, 'device'))),
    )
    .delete(
      '/devices/:handle',
      ends,
      answer((context) => forget(context, context.req.params['handle'])),
    )
    .get('/client.js', passiveFile, answer(sendScript));
}

const SOURCE = 'guard:sessionEndpoints';
/** Also where the rest of the app is public: of nobody there is nothing to tell. */
const signedIn: RequestHandler = guard('sessionEndpoints', { source: SOURCE, access: 'authenticated' });
const unnoticed: RequestHandler = guard('sessionEndpoints', { source: SOURCE, access: 'authenticated', passive: true });
const passiveFile: RequestHandler = guard('sessionEndpoints', { source: SOURCE, passive: true });

type Answer = (context: RequestContext, res: Response) => Promise<void> | void;

/** A handler whose failures are answered as the middleware answers its own, on every version of Express. */
function answer(work: Answer): RequestHandler {
  return async function sessionEndpoint(req: Request, res: Response): Promise<void> {
    const context = contextOf(req) as RequestContext;
    try {
      await work(context, res);
    } catch (error) {
      answerFailure(context, error);
    }
  };
}

function tellStatus(context: RequestContext, res: Response): void {
  const facts = askedRoute(context);
  if (facts === undefined) return send(context.req, res, problemOf('route_unknown', { status: 400 }));
  const status = sessionStatus(context, facts);
  if (status === undefined) throw new SessionError('ERR_SESSION_ENDED', 401, 'nobody is signed in');
  json(res, status);
}

async function stayAlive(context: RequestContext, res: Response): Promise<void> {
  await keepAlive(context);
  tellStatus(context, res);
}

async function signOut(context: RequestContext, res: Response): Promise<void> {
  await sessionControl(context).signOut();
  signedOut(context, res);
}

async function list(context: RequestContext, res: Response): Promise<void> {
  json(res, { sessions: await ownSessions(context) });
}

async function endOne(context: RequestContext, handle: unknown): Promise<void> {
  const { engine, req, res } = context;
  const result = await endOwnSession(context, handle);
  if (result === 'current') return signedOut(context, res);
  if (result === undefined) return send(req, res, problemOf('session_unknown', { status: 404 }), engine.settings.layout);
  ended(context, res, result);
}

async function endOthers(context: RequestContext, res: Response): Promise<void> {
  ended(context, res, await sessionControl(context).revokeOthers());
}

async function listDevices(context: RequestContext, res: Response): Promise<void> {
  json(res, { devices: await ownDevices(context) });
}

async function enrol(context: RequestContext, res: Response): Promise<void> {
  const enrolled = await enrolOwnDevice(context, field(context.req, 'label'));
  if (enrolled === undefined) return;
  if (isPage(context.req)) return seeOther(res, pageAfter(context));
  json(res.status(201), enrolled);
}

async function forget(context: RequestContext, handle: unknown): Promise<void> {
  const { engine, req, res } = context;
  if (!(await forgetOwnDevice(context, handle)))
    return send(req, res, problemOf('device_unknown', { status: 404 }), engine.settings.layout);
  if (isPage(req)) return seeOther(res, pageAfter(context));
  res.status(204).end();
}

async function sendScript(_context: RequestContext, res: Response): Promise<void> {
  await sendBuiltScript(res, 'index.js');
}

function signedOut({ req, runtime }: RequestContext, res: Response): void {
  if (isPage(req)) return seeOther(res, runtime.app.loginUrl);
  res.status(204).end();
}

function ended(context: RequestContext, res: Response, { ended: count, durable }: RevokeResult): void {
  if (isPage(context.req)) return seeOther(res, pageAfter(context));
  json(res, { ended: count, durable });
}

/** The page that a form names, or the one that it stands on; always of this origin. */
function pageAfter(context: RequestContext): string {
  const named = field(context.req, 'returnTo');
  return typeof named === 'string' && isLocalPath(named) ? named : pageBefore(context);
}

function field({ body }: Request, name: string): unknown {
  return body !== null && typeof body === 'object' ? (body as Readonly<Record<string, unknown>>)[name] : undefined;
}

function seeOther(res: Response, url: string): void {
  res.set('Cache-Control', 'no-store').status(303).set('Location', url).end();
}

function json(res: Response, value: unknown): void {
  res.set('Cache-Control', 'no-store').json(value);
}

function refuseUnknown(options: unknown): void {
  const given = options !== null && typeof options === 'object' ? Object.keys(options) : ['options'];
  const unknown = given.find((key) => key !== 'stepUp');
  if (unknown === undefined) return;
  const meant = nearest(unknown, ['stepUp']);
  const hint = meant === undefined ? '' : ` (did you mean "${meant}"?)`;
  throw new SetupError(
    'ERR_OPTIONS_INVALID',
    `sessionEndpoints has no option "${unknown}"${hint}: sessionEndpoints({ stepUp: { maxAge: '5m' } })`,
  );
}
