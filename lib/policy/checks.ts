import type { Decision } from './decision.ts';
import { isAtWorkstation, isProven } from './device.ts';
import type { Facts, SessionFacts } from './facts.ts';
import { freshness } from './freshness.ts';
import { isCredible } from './instant.ts';
import type { Reason } from './reason.ts';
import type { StepUpRequirement } from './requirement.ts';
import type { Rule } from './rule.ts';
import { sessionStart } from './session-start.ts';

/** One question to the facts. `undefined` means that it has no objection. */
export interface Check {
  readonly name: string;
  readonly run: (rule: Rule, facts: Facts, now: number) => Decision | undefined;
}

/** Every check, in the order in which they decide. */
export const CHECKS: readonly Check[] = [
  { name: 'condition', run: checkBlocked },
  { name: 'workload', run: checkWorkload },
  { name: 'workstation', run: checkWorkstation },
  { name: 'proof', run: checkProof },
  { name: 'ended', run: checkEnded },
  { name: 'presence', run: checkPresence },
  { name: 'origin', run: checkOrigin },
  { name: 'workplace', run: checkWorkplace },
  { name: 'binding', run: checkBinding },
  { name: 'record', run: checkRecord },
  { name: 'subject', run: checkSubject },
  { name: 'absolute', run: checkAbsolute },
  { name: 'idle', run: checkIdle },
  { name: 'sign-in', run: checkSignedIn },
  { name: 'route-idle', run: checkRouteIdle },
  { name: 'step-up', run: checkStepUp },
  { name: 'device', run: checkDevice },
  { name: 'approval', run: checkApproval },
];

function checkBlocked(rule: Rule): Decision | undefined {
  return rule.requirement.blocked === undefined ? undefined : rule.verdict('deny', 'condition_blocked', 'keep', undefined);
}

function checkWorkload(rule: Rule): Decision | undefined {
  return rule.app.profile.transport === 'token' ? rule.verdict('deny', 'workload_token_required', 'none', undefined) : undefined;
}

/** A kiosk works on an enrolled workstation and nowhere else, its pages for signing in included. */
function checkWorkstation(rule: Rule, facts: Facts, now: number): Decision | undefined {
  if (rule.requirement.workstation === undefined || isCredible(facts.device?.workstation?.at ?? Number.NaN, now)) return undefined;
  return rule.verdict('deny', 'device_not_enrolled', 'keep', 'device');
}

/** Who presents a proof that is none is not let in without one either. */
function checkProof(rule: Rule, facts: Facts): Decision | undefined {
  const fault = facts.device?.fault;
  return fault === undefined ? undefined : rule.verdict('deny', fault, 'keep', undefined);
}

function checkEnded(rule: Rule, facts: Facts): Decision | undefined {
  return facts.ended === undefined ? undefined : over(rule, facts.ended, 'none');
}

function checkPresence(rule: Rule, facts: Facts): Decision | undefined {
  if (facts.session !== undefined) return undefined;
  return isPublic(rule) ? rule.allowWithoutSession : signIn(rule);
}

/** A session means something only to the app and profile that it was created under. */
function checkOrigin(rule: Rule, facts: Facts): Decision | undefined {
  const session = facts.session as SessionFacts;
  const own = session.app === rule.app.name && session.profile === rule.app.profile.name;
  return own ? undefined : isPublic(rule) ? rule.verdict('allow', 'session_invalid', 'none', undefined) : signIn(rule);
}

/**
 * A session in an app for enrolled workstations stays on the one that it was begun on: a copy of its cookie opens nothing on the next. Nor does
 * it end the session, which goes on where it belongs.
 */
function checkWorkplace(rule: Rule, facts: Facts): Decision | undefined {
  const { device } = facts.session as SessionFacts;
  if (rule.requirement.workstation === undefined || isAtWorkstation(device, facts.device)) return undefined;
  return over(rule, 'device_proof_missing', 'none');
}

/** A token that is bound to a key is no bearer token: without the proof of that key it is nobody's (RFC 9449 section 7.1, RFC 8705 section 3). */
function checkBinding(rule: Rule, facts: Facts, now: number): Decision | undefined {
  const { device } = facts.session as SessionFacts;
  if (device?.binding === undefined || rule.app.profile.transport !== 'header' || device.binding.by === 'passkey') return undefined;
  if (isProven(device, facts.device, 'bound', undefined, now)) return undefined;
  return isPublic(rule)
    ? rule.verdict('allow', 'device_proof_missing', 'none', undefined)
    : rule.verdict('deny', 'device_proof_missing', 'none', undefined);
}

/**
 * A record from the future, or whose instants are none, is not believed. Nor is it ended: a clock that was set back is not its
 * fault, and it is good again when that time has come.
 */
function checkRecord(rule: Rule, facts: Facts, now: number): Decision | undefined {
  const { createdAt, lastActiveAt, longestGapMs } = facts.session as SessionFacts;
  const credible = isCredible(createdAt, now) && isCredible(lastActiveAt, now) && Number.isFinite(longestGapMs) && longestGapMs >= 0;
  return credible ? undefined : over(rule, 'session_invalid', 'none');
}

function checkSubject(rule: Rule, facts: Facts): Decision | undefined {
  const { subject } = facts.session as SessionFacts;
  if (subject === undefined || rule.requirement.subjects.value.includes(subject.kind)) return undefined;
  return isPublic(rule)
    ? rule.verdict('allow', 'subject_kind_refused', 'none', undefined)
    : rule.verdict('deny', 'subject_kind_refused', 'keep', undefined);
}

function checkAbsolute(rule: Rule, facts: Facts, now: number): Decision | undefined {
  const { absolute, absoluteFrom } = rule.requirement;
  if (absolute === undefined) return undefined;
  const age = now - sessionStart(facts.session as SessionFacts, absoluteFrom, now);
  return age >= absolute.ms ? over(rule, 'absolute_timeout', 'end') : undefined;
}

function checkIdle(rule: Rule, facts: Facts, now: number): Decision | undefined {
  const { idle } = rule.requirement;
  return idle !== undefined && now - (facts.session as SessionFacts).lastActiveAt >= idle.ms
    ? over(rule, 'idle_timeout', 'end')
    : undefined;
}

function checkSignedIn(rule: Rule, facts: Facts): Decision | undefined {
  return (facts.session as SessionFacts).subject === undefined && !isPublic(rule) ? signIn(rule, 'keep') : undefined;
}

function checkRouteIdle(rule: Rule, facts: Facts, now: number): Decision | undefined {
  const { routeIdle } = rule.requirement;
  const session = facts.session as SessionFacts;
  if (routeIdle === undefined || session.subject === undefined) return undefined;
  const gap = Math.max(session.longestGapMs, now - session.lastActiveAt);
  return gap >= routeIdle.ms ? stepUp(rule, 'route_idle_timeout') : undefined;
}

function checkStepUp(rule: Rule, facts: Facts, now: number): Decision | undefined {
  const asked = rule.requirement.stepUp;
  const session = facts.session as SessionFacts;
  if (asked === undefined || session.subject === undefined) return undefined;
  if (rule.requirement.stepUpRefused !== undefined) return stepUp(rule, 'reauthentication_required');
  const found = freshness(session, asked, rule.app.profile.stepUpDefaults.rankOf, now, actionOf(asked, facts));
  if (found === 'fresh') return undefined;
  return stepUp(rule, found === 'stale' ? 'reauthentication_required' : found);
}

/** Found out only where it matters. */
function actionOf(asked: StepUpRequirement, { request }: Facts): string | undefined {
  return asked.once === undefined ? undefined : request.action;
}

/** Last of all: nobody is asked for an approval who could not use it. */
function checkApproval(rule: Rule, facts: Facts, now: number): Decision | undefined {
  const { approvals } = rule.requirement;
  if (approvals.length === 0) return undefined;
  const approved = facts.approvals ?? {};
  const isApproved = approvals.every(({ value }) => Object.hasOwn(approved, value) && now < (approved[value] as number));
  return isApproved ? undefined : rule.verdict('challenge', 'approval_required', 'keep', 'approval');
}

function checkDevice(rule: Rule, facts: Facts, now: number): Decision | undefined {
  const asked = rule.requirement.device;
  const { device, subject } = facts.session as SessionFacts;
  if (asked === undefined || asked.trust.value === 'none' || subject === undefined) return undefined;
  return isProven(device, facts.device, asked.trust.value, asked.maxAge?.ms, now)
    ? undefined
    : rule.verdict('challenge', 'device_trust_insufficient', 'keep', 'device');
}

function isPublic(rule: Rule): boolean {
  return rule.requirement.access.value === 'public';
}

function signIn(rule: Rule, session: Decision['session'] = 'none'): Decision {
  return rule.verdict('challenge', 'session_missing', session, 'sign-in');
}

/** Where nobody can step up (a kiosk), what asks for it is turned away. */
function stepUp(rule: Rule, reason: Reason): Decision {
  return rule.requirement.stepUpRefused === undefined
    ? rule.verdict('challenge', reason, 'keep', 'step-up')
    : rule.verdict('deny', 'step_up_refused', 'keep', undefined);
}

/** A session that is over: refused where one is needed; a public page goes on without it, with the reason at hand. */
function over(rule: Rule, reason: Reason, session: 'end' | 'none'): Decision {
  return isPublic(rule) ? rule.verdict('allow', reason, session, undefined) : rule.verdict('deny', reason, session, 'sign-in');
}
