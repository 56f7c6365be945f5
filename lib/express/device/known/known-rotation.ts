import { digestOf, isSecretOf, newSalt, secretAfter } from '../../../proofs/device-credential-secret.ts';
import type { KnownRecord } from './known-record.ts';

/**
 * How long the secret before is still taken: for requests that were under way together, and for a client that repeats one because the answer
 * did not arrive. Whoever has it gets the same new secret. Also how long a new secret is left in place at least.
 */
export const RENEWAL_GRACE_MS = 60_000;

/** What a secret says about who presents it. */
export type SecretFinding =
  /** It is good, and stays: it was renewed a moment ago. */
  | { readonly found: 'current' }
  /** It is good, and due to be replaced: what to keep and what to give out. */
  | { readonly found: 'renewable'; readonly record: KnownRecord; readonly secret: string }
  /** It was replaced a moment ago, by this one. */
  | { readonly found: 'replaced'; readonly secret: string }
  /** It was replaced long ago, so that somebody else has the new one: one of the two has a copy. */
  | { readonly found: 'copied' };

/** Looks at a presented secret. Every comparison takes the same time, whatever is in it. */
export function examineSecret(record: KnownRecord, secret: string, now: number): SecretFinding {
  const { before, current } = record;
  const isRecent = before !== undefined && Math.abs(now - before.replacedAt) <= RENEWAL_GRACE_MS;
  if (isSecretOf(secret, current)) return isRecent ? { found: 'current' } : renewed(record, secret, now);
  if (isRecent && isSecretOf(secret, before.digest)) return { found: 'replaced', secret: secretAfter(secret, before.salt) };
  return { found: 'copied' };
}

function renewed(record: KnownRecord, secret: string, now: number): SecretFinding {
  const salt = newSalt();
  const next = secretAfter(secret, salt);
  const before = { digest: digestOf(secret), salt, replacedAt: now };
  return { found: 'renewable', record: { ...record, current: digestOf(next), before, seenAt: now }, secret: next };
}
