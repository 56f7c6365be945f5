import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { deviceClause, stepUpClause } from '../policy/clause.ts';
import type { DeviceTrust } from '../policy/document.ts';
import { type Duration, durationMs } from '../policy/duration.ts';
import { PolicyError } from '../policy/errors.ts';
import type { Clause } from '../policy/requirement.ts';
import { SessionError, StoreUnavailableError } from '../sessions/errors.ts';
import { spendAndGoOn } from './admission.ts';
import { boundAction, type JsonValue } from './interruption/action.ts';
import { answerFailure } from './answers.ts';
import { auditDecision } from './auditing.ts';
import { isRenewalDue, renewKnown } from './device/known/known-proof.ts';
import { SetupError } from './errors.ts';
import { type ActionInWords, interrupt } from './interruption/interruption.ts';
import type { RequestContext } from './request-context.ts';
import { contextOf } from './request-properties.ts';

/** What `stepUp` asks for. At least one of the fields. */
export interface StepUpOptions {
  /** Longest time since the subject last authenticated actively (OIDC `auth_time`). Default: the profile's `stepUpMaxAge`. */
  readonly maxAge?: Duration;
  /** Lowest assurance level that counts: one of the policy's `assurance`. */
  readonly level?: string;
  /** Authentication methods (RFC 8176) that must all have been used within `maxAge`. */
  readonly amr?: readonly string[];
  /** One authentication opens this once. */
  readonly once?: boolean;
  /**
   * The values that a person confirms: the authentication has to be for exactly these, on this method and path. Anything else asks again.
   * Plain JSON values; what cannot be bound (`undefined`, for one) fails the request.
   */
  readonly bind?: (req: Request) => JsonValue;
  /**
   * The action in words, for the person who is asked: `Send 400 € to Ada`. Shown to them only, and kept encrypted until then. Of 1 to 1,000
   * characters; anything else fails the request, since nobody can confirm what they do not see.
   */
  readonly describe?: (req: Request) => string;
}

/** Marks a guard, so that a report and a check of the mounting can see which rule it adds. */
export const GUARD: unique symbol = Symbol('express-session-policy guard');

/** A guard and the clause that it adds. */
export interface Guard extends RequestHandler {
  readonly [GUARD]: Clause;
}

/**
 * Lets a request through only if its subject was never away for longer than `duration` since they last authenticated. Otherwise it
 * is challenged; the session goes on.
 *
 * @throws {PolicyError} `ERR_DURATION_INVALID` at once, for a duration that cannot be read.
 * @example
 * app.get('/reports', idleTimeout('2m'), handler);
 */
export function idleTimeout(duration: Duration): RequestHandler {
  const idleMs = durationMs(duration, 'idleTimeout');
  return guard('idleTimeout', { source: 'guard:idleTimeout', idleMs, idleScope: 'route', access: 'authenticated' });
}

/**
 * Lets a request through only after recent enough, strong enough authentication (RFC 9470). Otherwise it is challenged, and
 * `req.sessionPolicy.reauthenticated()` meets the challenge.
 *
 * @throws {PolicyError} at once, for options that are unknown, empty or cannot be read.
 * @example
 * app.post('/transfer', stepUp({ maxAge: '5m', level: 'aal2' }), handler);
 * @example
 * // A confirmation for this payment only: other values, or the same ones again, are asked about again.
 * const confirm = stepUp({
 *   once: true,
 *   bind: (req) => ({ to: req.body.to, amount: req.body.amount }),
 *   describe: (req) => `Send ${req.body.amount} € to ${req.body.to}`,
 * });
 * app.post('/transfer', express.urlencoded({ extended: false }), confirm, handler);
 */
export function stepUp(options: StepUpOptions): RequestHandler {
  checkStepUp(options);
  const { bind, describe, ...demand } = options;
  return guard('stepUp', { source: 'guard:stepUp', access: 'authenticated', ...stepUpClause(demand) }, { bind, describe });
}

/**
 * Lets a request through only from a device that has proved as much as `trust` asks, recently enough.
 *
 * @throws {PolicyError} at once, for a trust or duration that cannot be read.
 * @example
 * app.delete('/keys/:id', requireDevice('bound'), handler);
 */
export function requireDevice(trust: DeviceTrust, options: { readonly maxAge?: Duration } = {}): RequestHandler {
  if (!['known', 'bound', 'attested', 'managed'].includes(trust)) {
    throw new PolicyError(
      'ERR_RULE_INVALID',
      `requireDevice takes 'known', 'bound', 'attested' or 'managed', not ${JSON.stringify(trust)}`,
    );
  }
  return guard('requireDevice', { source: 'guard:requireDevice', access: 'authenticated', ...deviceClause({ trust, ...options }) });
}

/**
 * Marks a request as not made by the person: polling, heartbeats. It is decided on like any other but does not keep the session
 * alive.
 *
 * @example
 * app.get('/notifications', passive(), handler);
 */
export function passive(): RequestHandler {
  return guard('passive', { source: 'guard:passive', passive: true });
}

/** A guard that adds a clause to the rule of every request that it lets through. */
export function guard(name: string, clause: Clause, { bind, describe }: ActionOptions = {}): RequestHandler {
  const fixed = Object.freeze(clause);
  function sessionPolicyGuard(req: Request, _res: Response, next: NextFunction): void {
    const context = contextOf(req);
    if (context === undefined) return next(missing(name));
    const fault = unknownLevel(context, fixed);
    if (fault !== undefined) return next(fault);
    const boundTo = bind === undefined ? undefined : boundAction(context.engine.actionKey, context.facts.action, bind(req), req.method);
    const asked = boundTo === undefined ? fixed : { ...fixed, stepUp: { ...fixed.stepUp, boundTo } };
    const about = (): ActionInWords => ({ boundTo, description: describe === undefined ? undefined : inWords(describe(req)) });
    const goOn = (): Promise<void> | void => passOrRefuse(context, fixed, next, about);
    const decision = context.tighten(asked);
    if (decision.outcome === 'allow' || !isRenewalDue(context, decision)) return void settle(context, goOn());
    const renewed = renewKnown(context).then(() => context.admit());
    void settle(context, renewed.then(goOn));
  }
  return Object.assign(sessionPolicyGuard, { [GUARD]: fixed });
}

function passOrRefuse(context: RequestContext, clause: Clause, next: NextFunction, about: () => ActionInWords): Promise<void> | void {
  if (context.decision.outcome !== 'allow') return refuse(context, about());
  return clause.stepUp?.once === true ? spendAndGoOn(context, next, about) : next();
}

const LONGEST_DESCRIPTION = 1_000;

/** @throws {TypeError} for what a person could not be shown as it is. */
function inWords(description: unknown): string {
  if (typeof description === 'string' && description !== '' && description.length <= LONGEST_DESCRIPTION) return description;
  const what =
    typeof description === 'string' ? `${description.length} characters` : description instanceof Promise ? 'a promise' : 'no text';
  throw new TypeError(`stepUp: describe must give a text of 1 to ${LONGEST_DESCRIPTION} characters at once, and gave ${what}`);
}

/** How a guard tells one action from another, and tells a person which it is. */
interface ActionOptions {
  readonly bind?: StepUpOptions['bind'] | undefined;
  readonly describe?: StepUpOptions['describe'] | undefined;
}

/** Waits for the work of a guard; its failure is answered, never passed on as allowed. */
export function settle(context: RequestContext, work: Promise<void> | void): Promise<void> | void {
  return work?.catch((error: unknown) => answerFailure(context, error));
}

/** Records what a guard decided and answers the request with it. */
export function refuse(context: RequestContext, about: ActionInWords): Promise<void> | void {
  auditDecision(context, context.decision);
  if (!context.sessionUnread) return interrupt(context, context.decision, about);
  answerFailure(context, new StoreUnavailableError('the session that a guard asks for could not be read'));
}

function checkStepUp(options: StepUpOptions): void {
  const given = Object.keys(options ?? {});
  const unknown = given.find((key) => !['maxAge', 'level', 'amr', 'once', 'bind', 'describe'].includes(key));
  if (given.length === 0 || unknown !== undefined) {
    const what = unknown === undefined ? 'needs to say what it asks for' : `has no option "${unknown}"`;
    throw new PolicyError('ERR_RULE_INVALID', `stepUp ${what}: stepUp({ maxAge: '5m', level: 'aal2', amr: ['otp'], once: true })`);
  }
  if (options.level !== undefined && typeof options.level !== 'string')
    throw new PolicyError('ERR_RULE_INVALID', 'stepUp: level must be a string');
  if (options.amr !== undefined && (!Array.isArray(options.amr) || options.amr.length === 0)) {
    throw new PolicyError('ERR_RULE_INVALID', "stepUp: amr must be a list of methods, like ['otp']");
  }
  for (const name of ['bind', 'describe'] as const) {
    if (options[name] !== undefined && typeof options[name] !== 'function')
      throw new PolicyError('ERR_RULE_INVALID', `stepUp: ${name} must be a function of the request`);
  }
  if (options.once !== undefined && typeof options.once !== 'boolean')
    throw new PolicyError('ERR_RULE_INVALID', 'stepUp: once must be true or false');
}

/** A level that the policy does not know can never be reached; that is a mistake in the code, not the person's. */
function unknownLevel(context: RequestContext, clause: Clause): SessionError | undefined {
  const level = clause.stepUp?.level;
  const { assurance } = context.inForce.policy;
  if (level === undefined || assurance.includes(level)) return undefined;
  return new SessionError(
    'ERR_LEVEL_UNKNOWN',
    500,
    `stepUp asks for level "${level}", which is not in the policy's assurance: ${assurance.join(', ')}`,
  );
}

/** The error of a guard on a request that the middleware has not seen. */
export function missing(name: string): SetupError {
  return new SetupError(
    'ERR_MIDDLEWARE_MISSING',
    `${name}() was used on a request that did not go through the session middleware: put app.use(sessionPolicy({ … })) before the route`,
  );
}
