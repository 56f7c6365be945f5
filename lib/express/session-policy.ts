import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { Decision } from '../policy/decision.ts';
import type { Explanation } from '../policy/explain.ts';
import type { Policy } from '../policy/policy.ts';
import type { RevokeResult } from '../sessions/session-store.ts';
import { decideOn, enforce, receive } from './admission.ts';
import { answerFailure, answerOutside } from './answers.ts';
import { createEngine, putInForce } from './engine.ts';
import { SetupError } from './errors.ts';
import { type MountCheck, mountCheck } from './mounting.ts';
import { checkOptions, checkPolicy, type SessionPolicyOptions } from './options.ts';
import type { RequestContext } from './request-context.ts';
import { resume, resumptionOf } from './interruption/resumption.ts';
import { contextOf } from './request-properties.ts';
import { reportRoutes, type RouteReport } from './route-report.ts';
import { listSessions, revokeSessions, type SessionQuery, type SessionSummary } from './session-directory.ts';
import { type DeviceDirectory, deviceDirectory } from './device/device-directory.ts';
import { deviceEndpoint } from './device/device-endpoints.ts';
import { settle } from './guards.ts';
import { meetOutage } from './store-outage.ts';

type AppNameOf<P> = P extends Policy<infer AppName> ? AppName : string;

/** The middleware, and what can be asked of all its sessions. */
export interface SessionPolicyMiddleware<AppName extends string = string> extends RequestHandler {
  /**
   * Resolves when the store can be used. Await it before `listen`.
   *
   * @throws {SessionError} `ERR_STORE_UNSAFE` if the server must not be used, with what to change; `ERR_STORE_UNAVAILABLE` if it does
   * not answer in time.
   */
  ready(): Promise<void>;
  /**
   * Lists live sessions of a subject (ASVS 5.0, 7.5.2), of an app, or one session; of an app or of all at most 1,000.
   *
   * @throws {TypeError} for a query that does not say which sessions are meant.
   * @throws {SessionError} `ERR_STORE_UNAVAILABLE`
   * @example
   * for (const { app, lastActiveAt, handle } of await sessions.list({ subject: 'u1' })) console.log(app, new Date(lastActiveAt), handle);
   */
  list(query: SessionQuery<AppName>): Promise<readonly SessionSummary[]>;
  /**
   * Ends sessions (ASVS 5.0, 7.4.5): of a subject (all of them in one atomic step), one by its handle, of an app, or all.
   *
   * @returns How many were ended (`undefined` for a whole app: they are not touched one by one) and whether a failover can undo it.
   * @throws {TypeError} for a query that does not say which sessions are meant.
   * @throws {SessionError} `ERR_STORE_UNAVAILABLE` if that is not known to be stored.
   * @example
   * const { ended, durable } = await sessions.revoke({ subject: 'u1' });
   */
  revoke(query: SessionQuery<AppName>): Promise<RevokeResult>;
  /** Devices of all subjects, for administrators and device managers. */
  readonly devices: DeviceDirectory<AppName>;
  /**
   * The decision about a request with every check and the time left of every limit, in milliseconds.
   *
   * @throws {SetupError} `ERR_MIDDLEWARE_MISSING` for a request that did not go through the middleware.
   */
  explain(req: Request): Explanation;
  /**
   * Puts another policy in force, for all requests from now on, those of running sessions too. If it cannot be enforced, it throws
   * and the old one stays.
   *
   * @throws {SetupError} `ERR_OPTIONS_INVALID` for what is no policy, `ERR_COOKIE_INSECURE` for a cookie without Secure in production.
   * @example
   * sessions.reload(await loadPolicy('session-policy.yaml'));
   */
  reload(policy: Policy): void;
  /**
   * Every route of an Express app with the rule that it gets, and what is mounted wrongly. Print it after the routes are there.
   *
   * @example
   * console.log(sessions.report(app).toString());
   */
  report(app: object): RouteReport;
  /** Lets go of what the store opened. Requests are answered with 503 from then on. */
  close(): Promise<void>;
}

/**
 * Session rules for an Express app: finds the app of the policy that a request belongs to, loads its session, decides, and
 * enforces. `req.session` is express-session's; `req.sessionPolicy` is what the policy adds.
 *
 * @throws {SetupError | PolicyError} for options that are unknown, missing or unsafe, with what to change.
 * @example
 * const sessions = sessionPolicy({ profile: 'staff-web', secret: process.env.SESSION_SECRET });
 * app.use(sessions);
 */
export function sessionPolicy<const P extends Policy = Policy>(options: SessionPolicyOptions<P>): SessionPolicyMiddleware<AppNameOf<P>> {
  const settings = checkOptions(options);
  const engine = createEngine(settings);
  const mounts: MountCheck = mountCheck(engine);

  function sessionPolicyMiddleware(req: Request, res: Response, next: NextFunction): void {
    if (engine.closed) return answerOutside(req, res, 'store_unavailable');
    let context: RequestContext | undefined;
    try {
      context = receive(engine, mounts.check(req), req, res);
    } catch (error) {
      return next(error);
    }
    if (context === undefined) return;
    const own = deviceEndpoint(context);
    if (own === undefined) admit(context, next);
    else void settle(context, own(context));
  }

  return Object.assign(sessionPolicyMiddleware as RequestHandler, {
    ready: () => settings.store.ready(),
    list: (query: SessionQuery) => listSessions(engine, query),
    revoke: (query: SessionQuery) => revokeSessions(engine, query),
    devices: deviceDirectory(engine),
    explain: (req: Request) => explainRequest(req),
    reload: (policy: Policy) => {
      engine.inForce = putInForce(checkPolicy(policy), settings);
    },
    report: (app: object) => reportRoutes(engine, app, sessionPolicyMiddleware),
    close: async () => {
      engine.closed = true;
      await settings.store.close();
    },
  });
}

/** From the session to the answer or the handler. Whatever fails on the way is answered, never passed on as allowed. */
function admit(context: RequestContext, next: NextFunction): void {
  decideOn(context).then(
    (decision) => {
      carryOut(context, decision, next)?.catch((error: unknown) => answerFailure(context, error));
    },
    (error: unknown) => meetOutage(context, error, next),
  );
}

function carryOut(context: RequestContext, decision: Decision, next: NextFunction): Promise<void> | void {
  const resumption = resumptionOf(context);
  return resumption === undefined ? enforce(context, decision, next) : resume(context, resumption, decision, next);
}

function explainRequest(req: Request): Explanation {
  const context = contextOf(req);
  if (context !== undefined) return context.explain();
  throw new SetupError('ERR_MIDDLEWARE_MISSING', 'explain(req) needs a request that went through app.use(sessions)');
}
