import type { ErrorRequestHandler, RequestHandler } from 'express';
import { bodyUpTo } from '../../express/endpoints/small-body.ts';
import { contextOf } from '../../express/request-properties.ts';
import type { RequestContext } from '../../express/request-context.ts';
import { FailedConfirmation, sendFailed } from './failed-confirmation.ts';

/** The longest answer of an authenticator (ML-DSA-87) fits several times. */
const LIMIT = '32kb';

/** Reads what a person or their authenticator answered, from JSON or a form, unless the application has read it already. */
export function methodBody(method: string): (RequestHandler | ErrorRequestHandler)[] {
  return bodyUpTo(LIMIT, (req) => sendFailed(contextOf(req) as RequestContext, malformed(method)));
}

/** What was sent is no answer to what was asked. */
export function malformed(method: string): FailedConfirmation {
  return new FailedConfirmation(method, 'confirmation_malformed', 'What was sent is too long, or in a form that is not taken here.');
}
