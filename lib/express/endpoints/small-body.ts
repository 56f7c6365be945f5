import express, { type ErrorRequestHandler, type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { problemOf, send } from '../answers.ts';

/** Why a body was not read: too long, malformed, in a charset or encoding that is not known. */
function refuseUnreadable(error: { readonly status?: unknown }, req: Request, res: Response, next: NextFunction): void {
  const { status } = error;
  if (typeof status !== 'number' || status < 400 || status >= 500) return next(error);
  send(req, res, problemOf('body_unreadable', { status }));
}

/** Reads the few fields that an endpoint takes, from JSON or a form, unless the application has read them already. */
export function bodyUpTo(limit: `${number}kb`): (RequestHandler | ErrorRequestHandler)[] {
  return [express.json({ limit }), express.urlencoded({ extended: false, limit }), refuseUnreadable];
}

/** A field or two. */
export const smallBody: readonly (RequestHandler | ErrorRequestHandler)[] = bodyUpTo('4kb');
