import type { RequestHandler } from 'express';
import { SetupError } from '../../express/errors.ts';
import { isLocalPath } from '../../express/return-to.ts';
import type { Subject } from '../../policy/facts.ts';
import { nearest } from '../../policy/suggestion.ts';
import { ruleOf } from './approval-guard.ts';
import { type ApprovalRule, isScope } from './approval-rule.ts';

/** Options of `approvalEndpoints`. */
export interface ApprovalEndpointsOptions {
  /** Path at which the router is mounted, where Express cannot tell: behind a gateway that adds a prefix, for one. */
  readonly url?: string;
  /** What the person who decides knows somebody by. Default: the subject's id. */
  readonly name?: (subject: Subject) => string | Promise<string>;
}

/** What a router for approvals works with. */
export interface ApprovalSetup {
  readonly rules: readonly ApprovalRule[];
  readonly ruleFor: (scope: string | undefined) => ApprovalRule | undefined;
  readonly url: string | undefined;
  readonly name: (subject: Subject) => string | Promise<string>;
}

/** The form of a scope that a guard without a name makes of a route. */
const ROUTE_SCOPE = /^[A-Z][A-Z-]* \//;

/** @throws {SetupError} `ERR_OPTIONS_INVALID` */
export function approvalSetup(guards: readonly RequestHandler[], options: ApprovalEndpointsOptions): ApprovalSetup {
  const { url, name = ({ id }: Subject) => id } = checkOptions(options);
  const rules = rulesOf(guards);
  return { rules, ruleFor: ruleFinder(rules), url, name };
}

function rulesOf(guards: readonly RequestHandler[]): readonly ApprovalRule[] {
  if (!Array.isArray(guards) || guards.length === 0) throw invalid('give it the guards: approvalEndpoints([approved])');
  const rules = [...new Set(guards)].map((guard: RequestHandler) => ruleOf(guard));
  if (rules.includes(undefined)) throw invalid('it takes what requireApproval({ … }) has made, and nothing else');
  const known = rules.filter((rule) => rule !== undefined);
  const double = known.find((rule, index) => known.findIndex(({ scope }) => scope === rule.scope) !== index);
  if (double === undefined) return known;
  throw invalid(`two guards have ${double.scope === undefined ? 'no scope' : `the scope "${double.scope}"`}: give each one of its own`);
}

function ruleFinder(rules: readonly ApprovalRule[]): ApprovalSetup['ruleFor'] {
  const named = new Map(rules.map((rule) => [rule.scope, rule]));
  const unnamed = named.get(undefined);
  return (scope) => {
    if (scope === undefined) return undefined;
    return named.get(scope) ?? (ROUTE_SCOPE.test(scope) && isScope(scope) ? unnamed : undefined);
  };
}

function checkOptions(options: ApprovalEndpointsOptions): ApprovalEndpointsOptions {
  const known = ['url', 'name'];
  if (options === null || typeof options !== 'object') throw invalid("options are an object: { url: '/approvals' }");
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    const meant = nearest(unknown, known);
    throw invalid(`there is no option "${unknown}"${meant === undefined ? '' : ` (did you mean "${meant}"?)`}`);
  }
  const { url, name } = options;
  if (url !== undefined && (typeof url !== 'string' || !isLocalPath(url) || /[?#]/.test(url)))
    throw invalid('url must be a path like "/approvals"');
  if (name !== undefined && typeof name !== 'function') throw invalid('name must be a function of the subject');
  return options;
}

function invalid(what: string): SetupError {
  return new SetupError('ERR_OPTIONS_INVALID', `approvalEndpoints: ${what}`);
}
