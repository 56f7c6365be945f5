import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { send, problemOf, pageBefore, type Problem } from '../../express/answers.ts';
import { auditApprovalDecision, auditDecision } from '../../express/auditing.ts';
import { isPage } from '../../express/client-kind.ts';
import { GUARD, type Guard, missing, refuse, settle } from '../../express/guards.ts';
import type { RequestContext } from '../../express/request-context.ts';
import { contextOf } from '../../express/request-properties.ts';
import { withReturnTo } from '../../express/return-to.ts';
import { sessionMark } from '../../express/interruption/session-notes.ts';
import { PolicyError } from '../../policy/errors.ts';
import type { Clause } from '../../policy/requirement.ts';
import { ApprovalBook } from './approval-book.ts';
import { approvalPath } from './approval-page-address.ts';
import { evidenceOf } from './approval-request.ts';
import { type ApprovalRule, approvalRule, isScope, type RequireApprovalOptions } from './approval-rule.ts';
import { type Standing, standingOf } from './approval-standing.ts';

const SOURCE = 'guard:requireApproval';
const RULES = new WeakMap<RequestHandler, ApprovalRule>();

/** The refusal of a request that another person has to approve first. */
interface ApprovalProblem extends Problem {
  readonly scope: string;
  readonly state: Standing['state'];
  /** Where it is asked for. */
  readonly approval?: string;
}

/**
 * Lets a request through only after another person has approved its scope, for this session and a limited time (just-in-time elevation). It
 * is asked for and decided on the pages and endpoints of `approvalEndpoints`. A browser is sent there; other clients get 403 with `scope`,
 * `state` (`none`, `pending`, `refused` or `ended`) and `approval`, the path to ask at.
 *
 * A request that everything else lets through costs one read of the store more, and a call of `from`, if that is a function. The approval
 * survives a reauthentication and ends with the session.
 *
 * @throws {PolicyError} at once, for options that are unknown, missing or cannot be read.
 * @example
 * const approved = requireApproval({ scope: 'delete a customer', from: ['u7', 'u8'], for: '15m', reason: true });
 * app.delete('/customers/:id', approved, handler);
 * app.use('/approvals', approvalEndpoints([approved]));
 */
export function requireApproval(options: RequireApprovalOptions): RequestHandler {
  const rule = approvalRule(options);
  const clause = clauseFor(rule.scope ?? 'of each method and path');
  function approvalGuard(req: Request, _res: Response, next: NextFunction): void {
    const context = contextOf(req);
    if (context === undefined) return next(missing('requireApproval'));
    void settle(context, admit(context, rule, rule.scope === undefined ? undefined : clause, next));
  }
  const made: Guard = Object.assign(approvalGuard, { [GUARD]: clause });
  RULES.set(made, rule);
  return made;
}

/** The rule of a guard that `requireApproval` made. */
export function ruleOf(guard: RequestHandler): ApprovalRule | undefined {
  return RULES.get(guard);
}

function clauseFor(scope: string): Clause & { readonly approval: string } {
  return Object.freeze({ source: SOURCE, access: 'authenticated', approval: scope });
}

/** Nothing is read for a request that something else refuses. */
async function admit(
  context: RequestContext,
  rule: ApprovalRule,
  named: ReturnType<typeof clauseFor> | undefined,
  next: NextFunction,
): Promise<void> {
  const clause = named ?? clauseFor(routeScope(context.req));
  const { outcome, reason } = context.tighten(clause);
  // Allowed already: by another guard with this scope, whose word is not this one's.
  const isOpen = outcome === 'allow' || reason === 'approval_required';
  if (!isOpen || context.loaded === undefined) return refuse(context, {});
  const scope = clause.approval;
  const { request, now } = await new ApprovalBook(context).find(sessionMark(context.loaded), scope);
  const standing = await standingOf(rule, request, now);
  if (request === undefined || standing.state !== 'granted') return refuseUnapproved(context, rule, scope, standing);
  context.facts.approvals = { ...context.facts.approvals, [scope]: standing.endsAt };
  if (context.decide(context.now).outcome !== 'allow') return refuse(context, {});
  auditApprovalDecision(context, 'allow', { ...evidenceOf(request), endsAt: standing.endsAt });
  context.admit();
  next();
}

/** The scope of a guard that has no name: the route as the application wrote it. */
function routeScope(req: Request): string {
  const { path = '' } = (req.route ?? {}) as { readonly path?: unknown };
  const scope = `${req.method === 'HEAD' ? 'GET' : req.method} ${`${req.baseUrl}${typeof path === 'string' ? path : ''}` || '/'}`;
  if (typeof path === 'string' && isScope(scope)) return scope;
  throw new PolicyError('ERR_RULE_INVALID', 'requireApproval: the path of this route cannot be its scope; give it one: { scope: … }');
}

function refuseUnapproved(context: RequestContext, rule: ApprovalRule, scope: string, { state }: Standing): void {
  const { engine, req, res, runtime, now } = context;
  auditDecision(context, context.decision);
  const path = approvalPath(context, rule);
  res.setHeader('Cache-Control', 'no-store');
  if (path !== undefined && isPage(req) && runtime.app.profile.transport === 'cookie' && path !== context.facts.path) {
    const way = engine.returnTo.sign(runtime.app.name, { path: pageBefore(context), asked: undefined }, now);
    res.statusCode = 303;
    res.setHeader('Location', withReturnTo(`${path}?scope=${encodeURIComponent(scope)}`, way));
    res.end();
    return;
  }
  const where = path === undefined ? {} : { approval: path };
  const problem: ApprovalProblem = { ...problemOf('approval_required'), scope, state, ...where };
  send(req, res, problem, engine.settings.layout);
}
