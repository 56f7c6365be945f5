import { checkNoteRef, checkTtl } from './note-input.ts';

/** @throws {TypeError} for a scope or id that could name another place, and for a lifetime without an end. */
export function checkUse(scope: string, id: string, ttlMs: number): void {
  checkNoteRef({ book: scope, id });
  checkTtl(ttlMs);
}
