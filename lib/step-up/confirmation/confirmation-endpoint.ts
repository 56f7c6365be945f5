import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { answerFailure } from '../../express/answers.ts';
import { isPage } from '../../express/client-kind.ts';
import { guard } from '../../express/guards.ts';
import type { RequestContext } from '../../express/request-context.ts';
import { contextOf } from '../../express/request-properties.ts';
import { sessionControl } from '../../express/session-control.ts';
import type { Subject } from '../../policy/facts.ts';
import { SessionError, StoreUnavailableError } from '../../sessions/errors.ts';
import { FailedConfirmation, sendFailed } from './failed-confirmation.ts';

type Work = (context: RequestContext) => Promise<void> | void;

/**
 * A handler below the reauthentication page. Failures are answered as the middleware answers its own, on every version of Express; a try of
 * a page that came to nothing goes on to the page.
 */
export function confirmationEndpoint(work: Work): RequestHandler {
  return async function confirmationHandler(req: Request, _res: Response, next: NextFunction): Promise<void> {
    const context = contextOf(req) as RequestContext;
    try {
      await work(context);
    } catch (error) {
      if (!(error instanceof FailedConfirmation)) answerFailure(context, error);
      else if (isPage(req)) next(error);
      else sendFailed(context, error);
    }
  };
}

/** Asking and trying are no activity: only the confirmation itself is. Stands before every handler. */
export function withoutActivity(name: string): RequestHandler {
  return guard(name, { source: `guard:${name}`, passive: true });
}

/**
 * Who confirms.
 *
 * @throws {SessionError} `ERR_SESSION_ENDED` if nobody is signed in, `ERR_STORE_UNAVAILABLE` if that could not be found out.
 */
export function confirmingSubject({ loaded, sessionUnread }: RequestContext): Subject {
  if (sessionUnread) throw new StoreUnavailableError('the session of a confirmation could not be read');
  const subject = loaded?.record.subject;
  if (subject === undefined) throw new SessionError('ERR_SESSION_ENDED', 401, 'nobody is signed in');
  return subject;
}

/**
 * What a method reaches must be something that the policy knows. Checked before anybody tries.
 *
 * @throws {SessionError} `ERR_LEVEL_UNKNOWN`
 */
export function checkLevel({ inForce }: RequestContext, method: string, level: string | undefined): void {
  const { assurance } = inForce.policy;
  if (level === undefined || assurance.includes(level)) return;
  throw new SessionError(
    'ERR_LEVEL_UNKNOWN',
    500,
    `${method} reaches level "${level}", which is not in the policy's assurance: ${assurance.join(', ')}`,
  );
}

/** What a method has made sure of. */
export interface Confirmed {
  readonly amr: readonly string[];
  readonly level: string;
}

/**
 * Records the confirmation, and sends the person on: a page to where they came from; a program is told.
 *
 * @param also What else the confirmation brings to the session, before that is told.
 */
export async function goOnConfirmed(
  context: RequestContext,
  { amr, level }: Confirmed,
  also: () => Promise<void> = async () => undefined,
): Promise<void> {
  const { req, res } = context;
  const control = sessionControl(context);
  const { token } = await control.reauthenticated({ amr, level });
  await also();
  const next = control.returnTo('/');
  res.setHeader('Cache-Control', 'no-store');
  if (!isPage(req)) return void res.json({ next, ...(token === undefined ? {} : { token }) });
  res.statusCode = 303;
  res.setHeader('Location', next);
  res.end();
}
