import { hash, randomBytes } from 'node:crypto';
import type { EvidenceContext } from '../../../lib/proofs/device-verifier.ts';

export const NOW = Date.UTC(2026, 10, 24, 12);
/** A thumbprint, of no key in particular. */
export const KEY = hash('sha256', 'a key', 'base64url');

/** What a verifier is told, and what it remembers from one call to the next. */
export class EvidencePlace {
  readonly used = new Set<string>();
  readonly texts = new Map<string, string>();

  context(changes: Partial<EvidenceContext> = {}): EvidenceContext {
    return {
      now: NOW,
      key: KEY,
      challenge: newChallenge(),
      once: async (id) => !this.used.has(id) && this.used.add(id).has(id),
      memory: {
        read: async (id) => this.texts.get(id),
        replace: async (id, from, to) => this.texts.get(id) === from && this.texts.set(id, to).has(id),
      },
      ...changes,
    };
  }
}

export function newChallenge(): string {
  return randomBytes(32).toString('base64url');
}

/** What an app has its platform sign. */
export function clientDataHash({ challenge, key }: Pick<EvidenceContext, 'challenge' | 'key'>): Buffer {
  return hash('sha256', `${challenge}.${key}`, 'buffer');
}
