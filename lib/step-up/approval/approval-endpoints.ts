import express, { type NextFunction, type Request, type RequestHandler, type Response, type Router } from 'express';
import { answerFailure } from '../../express/answers.ts';
import { presentedWayBack } from '../../express/interruption/asked-confirmation.ts';
import { isPage } from '../../express/client-kind.ts';
import { bodyUpTo } from '../../express/endpoints/small-body.ts';
import { GUARD, guard } from '../../express/guards.ts';
import { sendPage } from '../../express/html-page.ts';
import type { RequestContext } from '../../express/request-context.ts';
import { contextOf } from '../../express/request-properties.ts';
import { isLocalPath } from '../../express/return-to.ts';
import type { Subject } from '../../policy/facts.ts';
import type { Clause } from '../../policy/requirement.ts';
import { answerFault, answerJson } from './approval-answers.ts';
import { ask } from './approval-asking.ts';
import { atHandOf, layOut } from './approval-at-hand.ts';
import { ApprovalBook } from './approval-book.ts';
import { type ApprovalVerb, decideApproval, recordAttempt, verbsFor } from './approval-deciding.ts';
import { textField, wordsField } from './approval-fields.ts';
import { announcePage } from './approval-page-address.ts';
import { approvalPage } from './approval-page.ts';
import { isSameSubject } from './approval-request.ts';
import { type ApprovalEndpointsOptions, type ApprovalSetup, approvalSetup } from './approval-setup.ts';
import { askingFor } from './approval-asking-for.ts';
import { approvalList, type Viewing, viewOf } from './approval-view.ts';

/**
 * A router on which approvals of guards are asked for, decided, listed and taken back. Mount it within the app of the policy that the guards
 * are in. Browsers get pages that need no script, other clients JSON; nothing is cached.
 *
 * - `GET /` the person's own requests, and those of others that they may decide: `{ now, own, others }`. As JSON it is no activity.
 * - `POST /` with `scope` and `reason` asks: 201, or 200 with the request that waits already. At most 5 times an hour for a scope. Whoever asks
 *   must have authenticated actively, lately enough for a step-up of the profile: nobody who acts as somebody else can ask in their name.
 * - `POST /<id>/approve` and `/<id>/refuse`, with or without a `comment`, by somebody whom the guard's `from` accepts, in a session that meets
 *   its `approver`. The first decision counts; a later one gets 409.
 * - `POST /<id>/revoke` the same for what was approved, by them or whoever approved it; without conditions by whoever asked.
 *
 * @throws {SetupError} `ERR_OPTIONS_INVALID` at once, for an option that is not known, for what `requireApproval` has not made, and for two
 * guards with the same scope.
 * @example
 * const approved = requireApproval({ scope: 'delete a customer', from: ['u7'], for: '15m', reason: true });
 * app.use('/approvals', approvalEndpoints([approved], { name: (subject) => people.get(subject.id).name }));
 */
export function approvalEndpoints(guards: readonly RequestHandler[], options: ApprovalEndpointsOptions = {}): Router {
  const setup = approvalSetup(guards, options);
  const page = answer((context, res) => show(setup, context, res));
  announcePage(setup.rules, { handler: page, url: setup.url });
  const decide = (verb: ApprovalVerb): RequestHandler[] => [
    step((context, next) => prepare(setup, verb, context, next)),
    meetTerms,
    answer((context, res) => decideNow(setup, context, res)),
  ];
  return express
    .Router()
    .get('/', reading, page)
    .post(
      '/',
      authenticated,
      body,
      answer((context, res) => askNow(setup, context, res)),
    )
    .post('/:id/approve', signedIn, body, decide('approve'))
    .post('/:id/refuse', signedIn, body, decide('refuse'))
    .post('/:id/revoke', signedIn, body, decide('revoke'));
}

/** 500 characters that each take twelve in a form, and the way back. */
const body = bodyUpTo('16kb');
const SIGNED_IN: Clause = { source: 'guard:approvalEndpoints', access: 'authenticated' };
const signedIn: RequestHandler = guard('approvalEndpoints', SIGNED_IN);
/** Who has never shown who they are, but is remembered or impersonated, asks for nothing in this person's name. */
const authenticated: RequestHandler = guard('approvalEndpoints', { ...SIGNED_IN, stepUp: {} });
const polling: RequestHandler = guard('approvalEndpoints', { ...SIGNED_IN, passive: true });
/** A program that looks again and again keeps no session alive; a person who reloads the page does. */
const reading: RequestHandler = Object.assign(
  (req: Request, res: Response, next: NextFunction) => void (isPage(req) ? signedIn : polling)(req, res, next),
  { [GUARD]: SIGNED_IN },
);

type Work = (context: RequestContext, res: Response) => Promise<void> | void;

/** A handler whose failures are answered as the middleware answers its own, on every version of Express. */
function answer(work: Work): RequestHandler {
  return step((context) => work(context, context.res));
}

function step(work: (context: RequestContext, next: NextFunction) => Promise<void> | void): RequestHandler {
  return async function approvalEndpoint(req: Request, _res: Response, next: NextFunction): Promise<void> {
    const context = contextOf(req) as RequestContext;
    try {
      await work(context, next);
    } catch (error) {
      answerFailure(context, error);
    }
  };
}

async function show(setup: ApprovalSetup, context: RequestContext, res: Response): Promise<void> {
  const viewing = viewingOf(setup, context);
  const list = await approvalList(viewing);
  if (!isPage(context.req)) return answerJson(res, 200, list);
  const asking = askingFor(setup, context, list);
  sendPage(res, 200, approvalPage({ list, path: pathOf(context), asking }), context.engine.settings.layout);
}

async function askNow(setup: ApprovalSetup, context: RequestContext, res: Response): Promise<void> {
  const { req } = context;
  const scope = textField(req, 'scope');
  const rule = setup.ruleFor(scope);
  if (scope === undefined || rule === undefined) return answerFault(context, 'approval_scope_unknown');
  const reason = wordsField(req, 'reason');
  if (reason === false || (reason === undefined && rule.reason)) return answerFault(context, 'approval_reason_invalid');
  const asked = await ask(context, rule, { scope, reason, backTo: presentedWayBack(context)?.path });
  if (!('request' in asked)) return answerFault(context, `approval_${asked.outcome}`);
  if (isPage(req)) return seeOther(context, `${pathOf(context) || '/'}?scope=${encodeURIComponent(scope)}`);
  const view = await viewOf(viewingOf(setup, context), asked.request, ['revoke'], asked.now);
  answerJson(res, asked.outcome === 'asked' ? 201 : 200, view);
}

/** Finds the request, and whether this is somebody who may do that with it. Nobody else learns that there is one. */
async function prepare(setup: ApprovalSetup, verb: ApprovalVerb, context: RequestContext, next: NextFunction): Promise<void> {
  const { req } = context;
  const entry = await new ApprovalBook(context).byId(String(req.params['id']));
  if (entry === undefined) return answerFault(context, 'approval_unknown');
  const person = personOf(context);
  const rule = setup.ruleFor(entry.request.scope);
  if ((await verbsFor(rule, person, entry.request)).includes(verb)) {
    layOut(req, { verb, entry, rule });
    return next();
  }
  recordAttempt(context, entry.request);
  answerFault(context, person.id === entry.request.subject.id ? 'approval_own' : 'approval_unknown');
}

/** Whoever decides has to meet what the guard asks of them. To give up what one asked for oneself takes nothing. */
function meetTerms(req: Request, res: Response, next: NextFunction): void {
  const { entry, rule } = atHandOf(req);
  const isOwn = isSameSubject(personOf(contextOf(req) as RequestContext), entry.request.subject);
  if (isOwn) return next();
  runInTurn(rule?.approverGuards ?? [], req, res, next);
}

function runInTurn([first, ...others]: readonly RequestHandler[], req: Request, res: Response, next: NextFunction): void {
  if (first === undefined) return next();
  void first(req, res, (error?: unknown) => (error === undefined ? runInTurn(others, req, res, next) : next(error)));
}

async function decideNow(setup: ApprovalSetup, context: RequestContext, res: Response): Promise<void> {
  const comment = wordsField(context.req, 'comment');
  if (comment === false) return answerFault(context, 'approval_comment_invalid');
  const { entry, rule, verb } = atHandOf(context.req);
  const decided = await decideApproval(context, { entry, rule, verb }, comment);
  if (decided === undefined) return answerFault(context, 'approval_decided');
  if (isPage(context.req)) return seeOther(context, pathOf(context) || '/');
  const viewing = viewingOf(setup, context);
  answerJson(res, 200, await viewOf(viewing, decided, await verbsFor(rule, personOf(context), decided), entry.now));
}

function viewingOf({ ruleFor, name }: ApprovalSetup, context: RequestContext): Viewing {
  return { context, ruleFor, name };
}

function personOf(context: RequestContext): Subject {
  return context.loaded?.record.subject as Subject;
}

/** Where the router is mounted, as the client wrote it. */
function pathOf({ req: { baseUrl } }: RequestContext): string {
  return isLocalPath(baseUrl) ? baseUrl : '';
}

function seeOther({ res }: RequestContext, url: string): void {
  res.set('Cache-Control', 'no-store').status(303).set('Location', url).end();
}
