import type { NoteRef } from '../../../sessions/note.ts';
import { StoreUnavailableError } from '../../../sessions/errors.ts';
import { LONGEST_RETENTION_MS } from '../../../sessions/record-lifecycle.ts';
import type { Engine } from '../../engine.ts';

const ATTEMPTS = 5;
/** The clock of a device manager may be ahead by so much: what it dates a minute after the report can have been said before. */
const CLOCK_TOLERANCE_MS = 60_000;

/**
 * Notes that the device with a key is not compliant, by the store's clock. It stands for as long as anything said before can count.
 *
 * @throws {SessionError} `ERR_STORE_UNAVAILABLE`
 */
export async function noteNonCompliance({ settings: { store } }: Engine, key: string): Promise<void> {
  const ref = refOf(key);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const { text, now } = await store.readNote(ref);
    const isNoted =
      text === undefined
        ? await store.writeNote(ref, { text: String(now), ttlMs: LONGEST_RETENTION_MS, atMost: 1 })
        : now <= Number(text) || (await store.changeNote(ref, text, String(now), LONGEST_RETENTION_MS));
    if (isNoted) return;
  }
  throw new StoreUnavailableError('that a device is not compliant could not be noted');
}

/**
 * Whether what a device manager said at an instant was said after the device was last reported.
 *
 * @throws {SessionError} `ERR_STORE_UNAVAILABLE`
 */
export async function isSaidSince({ settings: { store } }: Engine, key: string, at: number): Promise<boolean> {
  const { text } = await store.readNote(refOf(key));
  return text === undefined || at > Number(text) + CLOCK_TOLERANCE_MS;
}

function refOf(key: string): NoteRef {
  return { book: `compliance.${key}`, id: 'reported' };
}
