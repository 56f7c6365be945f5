import type { Decision } from '../../../policy/decision.ts';
import { trustRank } from '../../../policy/requirement.ts';
import type { RequestContext } from '../../request-context.ts';
import { isProofEnough } from './proof-worth.ts';

/**
 * Whether a passkey can meet a demand for a bound device, or an attested one where somebody vouches for that very key: where the profile says
 * so, and for a session that is bound to nothing else. Whoever has a copy of a cookie that is bound to a browser gets no other way in.
 */
export function passkeyMeets(context: RequestContext, decision: Decision): boolean {
  const { loaded, runtime } = context;
  const { reason, requirement } = decision;
  const { deviceFallback, transport } = runtime.app.profile;
  if (reason !== 'device_trust_insufficient' || deviceFallback !== 'passkey' || transport !== 'cookie') return false;
  if (requirement === undefined || requirement.stepUpRefused !== undefined || loaded?.record.subject === undefined) return false;
  const boundBy = loaded.record.device?.binding?.by ?? 'passkey';
  const isForKey = trustRank(requirement.device?.trust.value ?? 'none') >= trustRank('bound');
  return boundBy === 'passkey' && isForKey && isProofEnough(context, decision, 'passkey');
}

/** Whether the person can meet what a request was interrupted for on the page on which they confirm who they are. */
export function isConfirmable(context: RequestContext, decision: Decision): boolean {
  return decision.challenge?.kind === 'step-up' || passkeyMeets(context, decision);
}
