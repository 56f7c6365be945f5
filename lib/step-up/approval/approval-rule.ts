import type { RequestHandler } from 'express';
import { requireDevice, stepUp, type StepUpOptions } from '../../express/guards.ts';
import type { DeviceTrust } from '../../policy/document.ts';
import { type Duration, durationMs } from '../../policy/duration.ts';
import { PolicyError } from '../../policy/errors.ts';
import type { Subject } from '../../policy/facts.ts';
import { nearest } from '../../policy/suggestion.ts';
import { describedAction } from './approval-at-hand.ts';
import { shortDigest } from '../../express/short-digest.ts';
import type { ApprovalRequest } from './approval-request.ts';

/** Says whether somebody may decide a request. Only `true` lets them; what throws fails the request. */
export type ApproverCheck = (approver: Subject, request: ApprovalRequest) => boolean | Promise<boolean>;

/** What `requireApproval` asks for. */
export interface RequireApprovalOptions {
  /**
   * What is approved, as the person who decides reads it: `delete a customer`. Guards with the same scope open together. Default: method and
   * path of the route, like `DELETE /customers/:id`.
   */
  readonly scope?: string;
  /**
   * Who may approve: ids of users, or a function that is asked. It is asked again whenever the approval is used, so that it ends for those who
   * may no longer give it. Whoever asked never may, whatever it says, nor does what is no person.
   */
  readonly from: readonly string[] | ApproverCheck;
  /** How long it is open, from the approval on. */
  readonly for: Duration;
  /** Whoever asks has to say why, in at most 500 characters. Default: they may. */
  readonly reason?: boolean;
  /** What is asked of the session in which somebody approves. Default: an authentication of the last five minutes. */
  readonly approver?: {
    /** Like the guard `stepUp`; `maxAge` is five minutes unless it says otherwise. */
    readonly stepUp?: StepUpOptions;
    /** Like the guard `requireDevice`. */
    readonly device?: DeviceTrust;
  };
  /** How long a request waits for somebody to decide. Default: an hour. */
  readonly pending?: Duration;
}

/** The options of a guard that have been checked. */
export interface ApprovalRule {
  /** `undefined`: each route has its own, made of method and path. */
  readonly scope: string | undefined;
  readonly from: readonly string[] | ApproverCheck;
  readonly forMs: number;
  readonly pendingMs: number;
  readonly reason: boolean;
  /** What a session has to pass to decide. */
  readonly approverGuards: readonly RequestHandler[];
  /** Digest of what was asked of the one who decides: what was approved under other terms does not count. */
  readonly terms: string;
}

const KNOWN = ['scope', 'from', 'for', 'reason', 'approver', 'pending'];
const SCOPE = /^[^\p{Cc}\p{Cs}\u2028-\u202e\u2066-\u2069]{1,200}$/u;

/** @throws {PolicyError} for options that are unknown, missing or cannot be read. */
export function approvalRule(options: RequireApprovalOptions): ApprovalRule {
  refuseUnknown(options, KNOWN);
  const { scope, from, reason = false, approver = {}, pending = '1h' } = options;
  refuseUnknown(approver, ['stepUp', 'device']);
  if (scope !== undefined && !isScope(scope)) throw invalid('scope must be a text of 1 to 200 characters on one line');
  if (typeof reason !== 'boolean') throw invalid('reason must be true or false');
  checkFrom(from);
  const asked: StepUpOptions = { ...approver.stepUp, maxAge: approver.stepUp?.maxAge ?? '5m' };
  const demands = [stepUp({ describe: describedAction, ...asked })];
  if (approver.device !== undefined) demands.push(requireDevice(approver.device));
  return Object.freeze({
    scope,
    from: typeof from === 'function' ? from : Object.freeze([...from]),
    forMs: durationMs(options.for, 'requireApproval: for'),
    pendingMs: durationMs(pending, 'requireApproval: pending'),
    reason,
    approverGuards: demands,
    terms: termsOf(asked, approver.device),
  });
}

/** Whether a text can be a scope: people read it before they decide. */
export function isScope(text: unknown): text is string {
  return typeof text === 'string' && SCOPE.test(text) && text.trim() === text;
}

/** Whether somebody may decide a request: another person than the one who asked, and one whom the rule accepts. */
export async function mayDecide({ from }: ApprovalRule, approver: Subject, request: ApprovalRequest): Promise<boolean> {
  if (approver.kind !== 'user' || approver.id === request.subject.id) return false;
  return typeof from === 'function' ? (await from(approver, request)) === true : from.includes(approver.id);
}

function termsOf({ maxAge, level, amr = [], once }: StepUpOptions, device: DeviceTrust | undefined): string {
  const terms = [maxAge, level ?? null, [...amr].sort(), once === true, device ?? null];
  return shortDigest(JSON.stringify(terms));
}

function checkFrom(from: unknown): void {
  const isList = Array.isArray(from) && from.length > 0 && from.every((id) => typeof id === 'string' && id !== '');
  if (!isList && typeof from !== 'function')
    throw invalid("from must say who may approve: a list of user ids, like ['u7'], or a function (approver, request) => boolean");
}

function refuseUnknown(options: unknown, known: readonly string[]): void {
  if (options === null || typeof options !== 'object') throw invalid('it needs options');
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const meant = nearest(unknown, known);
  throw invalid(`there is no option "${unknown}"${meant === undefined ? '' : ` (did you mean "${meant}"?)`}`);
}

function invalid(what: string): PolicyError {
  return new PolicyError('ERR_RULE_INVALID', `requireApproval: ${what}: requireApproval({ from: ['u7'], for: '15m', reason: true })`);
}
