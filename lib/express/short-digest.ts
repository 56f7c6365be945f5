import { hash } from 'node:crypto';

/** 132 bits of the SHA-256 of a text, as 22 characters of base64url. */
export function shortDigest(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 22);
}
