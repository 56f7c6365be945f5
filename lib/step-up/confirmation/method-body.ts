import express, { type ErrorRequestHandler, type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { contextOf } from '../../express/request-properties.ts';
import type { RequestContext } from '../../express/request-context.ts';
import { FailedConfirmation, sendFailed } from './failed-confirmation.ts';

/** The longest answer of an authenticator (ML-DSA-87) fits several times. */
const LIMIT = '32kb';

/** Reads what a person or their authenticator answered, from JSON or a form, unless the application has read it already. */
export function methodBody(method: string): (RequestHandler | ErrorRequestHandler)[] {
  /** Why it was not read: too long, malformed, in a charset or encoding that is not known. */
  function refuseUnreadable(error: { readonly status?: unknown }, req: Request, _res: Response, next: NextFunction): void {
    const { status } = error;
    if (typeof status !== 'number' || status < 400 || status >= 500) return next(error);
    sendFailed(contextOf(req) as RequestContext, malformed(method));
  }
  return [express.json({ limit: LIMIT }), express.urlencoded({ extended: false, limit: LIMIT }), refuseUnreadable];
}

/** What was sent is no answer to what was asked. */
export function malformed(method: string): FailedConfirmation {
  return new FailedConfirmation(method, 'confirmation_malformed', 'What was sent is too long, or in a form that is not taken here.');
}
