import { EvidenceError } from '../../../proofs/evidence/evidence-error.ts';
import { VerifierUnavailableError } from '../../../proofs/evidence/verifier-unavailable-error.ts';

const LONGEST = 200;
/** What begins a line anew, or turns around how it reads. */
const CONTROLS = /[\p{Cc}\p{Cs}\u2028-\u202e\u2066-\u2069]+/gu;
/** A stable code, as Node and libraries have them. */
const CODE = /^[A-Z][A-Z0-9_]{0,63}$/;

/**
 * What a log may have of a verifier's error. Those of our classes are written for it. Of all others the name, and the code if there is one: what
 * they say can be what somebody presented.
 */
export function errorInLog(error: unknown): string {
  if (error instanceof EvidenceError || error instanceof VerifierUnavailableError) return onOneLine(error.message);
  if (!(error instanceof Error)) return 'something that is no error';
  const { code } = error as { readonly code?: unknown };
  return onOneLine(typeof code === 'string' && CODE.test(code) ? `${error.name} ${code}` : error.name);
}

function onOneLine(text: unknown): string {
  return String(text).slice(0, LONGEST).replace(CONTROLS, ' ');
}
