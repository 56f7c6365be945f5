import { hash } from 'node:crypto';
import type { EvidenceContext, EvidenceMemory } from '../../../proofs/device-verifier.ts';
import { LONGEST_RETENTION_MS } from '../../../sessions/record-lifecycle.ts';
import type { Engine } from '../../engine.ts';

/** What verifiers of a name remember; sealed, so that who can write to the store can't have a key vouched for by writing that it was. */
export function evidenceMemory({ settings: { store }, seal }: Engine, verifier: string): EvidenceMemory {
  return {
    read: async (id) => {
      const { ref, binding } = placeOf(verifier, id);
      const { text } = await store.readNote(ref);
      return text === undefined ? undefined : ((await seal.open(binding, text)) as string | undefined);
    },
    replace: async (id, from, to) => {
      const { ref, binding } = placeOf(verifier, id);
      const next = await seal.seal(binding, to);
      if (from === undefined) return store.writeNote(ref, { text: next, ttlMs: LONGEST_RETENTION_MS, atMost: 1 });
      const { text } = await store.readNote(ref);
      if (text === undefined || (await seal.open(binding, text)) !== from) return false;
      return store.changeNote(ref, text, next, LONGEST_RETENTION_MS);
    },
  };
}

/** Whether verifiers of a name see an id for the first time. */
export function onceFor({ settings: { store } }: Engine, verifier: string): EvidenceContext['once'] {
  return (id, ttlMs) => {
    const digest = digestOf(verifier, id);
    // In many places: one would be a single server's in a cluster.
    return store.useOnce(`evidence.${digest.slice(0, 2)}`, digest, ttlMs);
  };
}

/** What a client sends is never part of a key. Each has a book of its own: full ones drop what is oldest. */
function placeOf(verifier: string, id: string): { readonly ref: { readonly book: string; readonly id: string }; readonly binding: string } {
  const digest = digestOf(verifier, id);
  return { ref: { book: `evidence.${digest}`, id: 'known' }, binding: `evidence ${digest}` };
}

function digestOf(verifier: string, id: string): string {
  return hash('sha256', JSON.stringify([verifier, id]), 'base64url');
}
