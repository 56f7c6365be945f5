import type { Decision } from '../policy/decision.ts';
import { trustRank } from '../policy/requirement.ts';
import type { Problem } from './answers.ts';
import { tokenScheme } from './client-kind.ts';
import { ALGS, dpopChallenge, sendNonce } from './device/native/dpop-challenge.ts';
import type { RequestContext } from './request-context.ts';

/** Says with a 401 which credential would do. Browsers, which have cookies, are told only about a step-up. */
export function challenge(context: RequestContext, decision: Decision, problem: Problem): void {
  const challenges = challengesOf(context, decision, problem);
  if (challenges.length > 0) context.res.setHeader('WWW-Authenticate', challenges.length === 1 ? (challenges[0] as string) : challenges);
  sendNonce(context);
}

function challengesOf(context: RequestContext, decision: Decision, problem: Problem): string[] {
  const { req, runtime, dpop, presentedSomething, boundBy } = context;
  const scheme = tokenScheme(req);
  const isOfKey = boundBy === 'dpop' || scheme === 'DPoP';
  if (decision.challenge?.kind === 'step-up') return [stepUpChallenge(isOfKey, problem)];
  if (isAboutProof(problem.reason) && dpop?.fault !== undefined) return [dpopChallenge(dpop.fault)];
  if (problem.reason === 'device_proof_missing' && boundBy === 'dpop')
    return [dpopChallenge(dpop === undefined ? 'token-of-key' : 'other-key')];
  if (runtime.app.profile.transport === 'cookie' && scheme === undefined) return [];
  if (isOfKey) return [`DPoP error="invalid_token", error_description="${problem.title}", ${ALGS}`];
  if (presentedSomething || scheme !== undefined) return [`Bearer error="invalid_token", error_description="${problem.title}"`];
  return asksForKey(decision) ? [`DPoP ${ALGS}`, 'Bearer'] : ['Bearer'];
}

function isAboutProof(reason: string): boolean {
  return reason === 'device_proof_invalid' || reason === 'device_nonce_required';
}

/** RFC 9470 section 3, under the scheme of the token. */
function stepUpChallenge(isOfKey: boolean, { title, level, maxAge }: Problem): string {
  const parts = [`error="insufficient_user_authentication"`, `error_description="${title}"`];
  if (level !== undefined) parts.push(`acr_values="${level}"`);
  if (maxAge !== undefined) parts.push(`max_age="${maxAge}"`);
  return isOfKey ? `DPoP ${[...parts, ALGS].join(', ')}` : `Bearer ${parts.join(', ')}`;
}

function asksForKey({ requirement }: Decision): boolean {
  const trust = requirement?.device?.trust.value;
  return trust !== undefined && trustRank(trust) >= trustRank('bound');
}
