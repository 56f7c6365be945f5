import { digestOf, isSecretOf, newSalt, secretAfter } from '../../../proofs/device-credential-secret.ts';
import type { WorkstationRecord } from './workstation-record.ts';

/** A secret is replaced once a day, so that a copy of it comes to light. */
export const RENEWED_EVERY_MS: number = 24 * 60 * 60_000;

/**
 * How long a browser may take to get a new secret, and to keep it where it survives a power cut. Until then the old one is as good, and gives
 * rise to nothing: neither a request that was under way together with the one that renewed it, nor an answer that was lost, ends a workstation.
 */
export const SETTLING_MS = 60_000;

/** What a presented secret is. `copied`: it was replaced by one that has been used, so two have had it. */
export type SecretFinding =
  | { readonly found: 'good'; readonly change?: WorkstationRecord | undefined; readonly give?: string | undefined }
  | { readonly found: 'copied' };

type NextSecret = NonNullable<WorkstationRecord['next']>;

const GOOD: SecretFinding = { found: 'good' };
const COPIED: SecretFinding = { found: 'copied' };

/**
 * Looks at a secret that we have signed for this workstation: what to write down about it, and which one to give out in its place. Every
 * comparison takes the same time, whatever is in it.
 */
export function examineSecret(record: WorkstationRecord, secret: string, now: number): SecretFinding {
  const { next, current, before } = record;
  if (next !== undefined && isSecretOf(secret, next.digest)) return settled(record, next, now);
  if (isSecretOf(secret, current)) return next === undefined ? renewed(record, secret, now) : repeated(record, next, secret, now);
  const isUnderWay = before !== undefined && Math.abs(now - before.replacedAt) <= SETTLING_MS && isSecretOf(secret, before.digest);
  return isUnderWay ? GOOD : COPIED;
}

/** The new one has come back. From now on the old one is over. */
function settled(record: WorkstationRecord, next: NextSecret, now: number): SecretFinding {
  if (now - next.givenAt < SETTLING_MS) return GOOD;
  const before = { digest: record.current, replacedAt: now };
  return { found: 'good', change: { ...record, current: next.digest, since: now, next: undefined, before } };
}

function renewed(record: WorkstationRecord, secret: string, now: number): SecretFinding {
  if (now - record.since < RENEWED_EVERY_MS) return GOOD;
  const salt = newSalt();
  const give = secretAfter(secret, salt);
  return { found: 'good', give, change: { ...record, next: { digest: digestOf(give), salt, givenAt: now } } };
}

/** The new one did not arrive: the same again, with as much time to settle. */
function repeated(record: WorkstationRecord, next: NextSecret, secret: string, now: number): SecretFinding {
  if (now - next.givenAt < SETTLING_MS) return GOOD;
  return { found: 'good', give: secretAfter(secret, next.salt), change: { ...record, next: { ...next, givenAt: now } } };
}
