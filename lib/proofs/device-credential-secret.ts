import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto';

const BYTES = 32;

/** The first secret of a chain. */
export function newSecret(): string {
  return randomBytes(BYTES).toString('base64url');
}

/** What makes the next secret of a chain out of one: on its own it tells nothing of either. */
export function newSalt(): string {
  return randomBytes(BYTES).toString('base64url');
}

/**
 * The secret after this one. Whoever has this one and the salt gets the same: an answer that was lost on its way can be given again, and
 * what the store keeps does not contain it.
 */
export function secretAfter(secret: string, salt: string): string {
  return createHmac('sha256', Buffer.from(secret, 'base64url')).update(salt).digest('base64url');
}

/** What the store keeps of a secret. */
export function digestOf(secret: string): string {
  return hash('sha256', secret, 'base64url');
}

/** Whether a secret is the one of a digest, in constant time. */
export function isSecretOf(secret: string, digest: string): boolean {
  const [given, kept] = [Buffer.from(digestOf(secret)), Buffer.from(digest)];
  return given.length === kept.length && timingSafeEqual(given, kept);
}
