import type { Response } from 'express';
import { problemOf, send } from '../../express/answers.ts';
import type { RequestContext } from '../../express/request-context.ts';

const PROBLEMS = {
  approval_unknown: [404, 'No such request', 'There is no such request for approval, or it is not yours to decide.'],
  approval_own: [403, 'Not yours to decide', 'Another person has to decide what you ask for.'],
  approval_decided: [409, 'Decided already', 'This request was decided, withdrawn or ended meanwhile. Nothing has been changed.'],
  approval_scope_unknown: [400, 'Not known here', 'This is nothing that approval can be asked for here.'],
  approval_reason_invalid: [400, 'A reason, please', 'Say why you need this, in 1 to 500 characters.'],
  approval_comment_invalid: [400, 'Comment too long', 'A comment has at most 500 characters.'],
  approval_asked_too_often: [
    429,
    'Asked too often',
    'You have asked for this several times within an hour. Please talk to the people who approve.',
  ],
  approval_book_full: [503, 'Too many requests', 'As many requests as can be kept are there already. Please try again later.'],
} as const;

/** Why approval was not asked for, or not decided about. */
export type ApprovalFault = keyof typeof PROBLEMS;

const RETRY_AFTER_SECONDS = 3_600;

/** Answers what cannot be done, in the form that the client asked for. */
export function answerFault({ engine, req, res }: RequestContext, fault: ApprovalFault): void {
  const [status, title, detail] = PROBLEMS[fault];
  res.setHeader('Cache-Control', 'no-store');
  if (status === 429 || status === 503) res.setHeader('Retry-After', String(RETRY_AFTER_SECONDS));
  send(req, res, problemOf(fault, { status, title, detail }), engine.settings.layout);
}

export function answerJson(res: Response, status: number, value: unknown): void {
  res.set('Cache-Control', 'no-store').status(status).json(value);
}
