import { type DpopFault, inWords, isAboutNonce } from '../../../proofs/dpop-fault.ts';
import { DPOP_ALGORITHMS } from '../../../proofs/dpop-key.ts';
import type { RequestContext } from '../../request-context.ts';

/** Which algorithms proofs may be signed with, as a challenge says it (RFC 9449 section 7.1). */
export const ALGS: string = `algs="${DPOP_ALGORITHMS.join(' ')}"`;

/** The challenge of RFC 9449 for a proof, or for how a token came with it. */
export function dpopChallenge(fault: DpopFault): string {
  return `DPoP error="${errorOf(fault)}", error_description="${inWords(fault)}", ${ALGS}`;
}

const TOKEN_FAULTS: readonly DpopFault[] = ['token-unbound', 'token-of-key', 'other-key'];

function errorOf(fault: DpopFault): 'use_dpop_nonce' | 'invalid_token' | 'invalid_dpop_proof' {
  if (isAboutNonce(fault)) return 'use_dpop_nonce';
  return TOKEN_FAULTS.includes(fault) ? 'invalid_token' : 'invalid_dpop_proof';
}

/** The nonce for the client's next proofs; `undefined` where it needs none or has it. */
export function nonceFor({ engine, runtime, dpop, now }: RequestContext): string | undefined {
  const { name, profile } = runtime.app;
  const used = dpop?.proof?.nonce;
  if (used === undefined && !profile.dpop.nonceRequired) return undefined;
  const current = engine.dpop.nonces.current(name, now);
  return used === current ? undefined : current;
}

/** Gives the client the nonce with the answer (RFC 9449 section 8.2), which no cache may keep then. */
export function sendNonce(context: RequestContext): void {
  const nonce = nonceFor(context);
  if (nonce === undefined) return;
  context.res.setHeader('DPoP-Nonce', nonce);
  context.res.setHeader('Cache-Control', 'no-store');
}
