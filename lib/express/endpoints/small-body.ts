import express, { type ErrorRequestHandler, type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { problemOf, send } from '../answers.ts';

/** Answers a body that was not read: too long, malformed, in a charset or encoding that is not known. */
export type AnswerUnreadable = (req: Request, res: Response, status: number) => void;

const sayUnreadable: AnswerUnreadable = (req, res, status) => send(req, res, problemOf('body_unreadable', { status }));

/** Reads the few fields that an endpoint takes, from JSON or a form, unless the application has read them already. */
export function bodyUpTo(limit: `${number}kb`, answer: AnswerUnreadable = sayUnreadable): (RequestHandler | ErrorRequestHandler)[] {
  function refuseUnreadable(error: { readonly status?: unknown }, req: Request, res: Response, next: NextFunction): void {
    const { status } = error;
    if (typeof status !== 'number' || status < 400 || status >= 500) return next(error);
    answer(req, res, status);
  }
  return [express.json({ limit }), express.urlencoded({ extended: false, limit }), refuseUnreadable];
}

/** A field or two. */
export const smallBody: readonly (RequestHandler | ErrorRequestHandler)[] = bodyUpTo('4kb');
