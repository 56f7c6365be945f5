import type { RequestContext } from '../../express/request-context.ts';
import type { Subject } from '../../policy/facts.ts';
import { shortDigest } from '../../express/short-digest.ts';
import type { NoteRef } from '../../sessions/note.ts';

/** How many tries there are, and in which time. */
export interface AttemptLimit {
  readonly max: number;
  readonly perMs: number;
}

/** More than there are methods in all the apps of a policy. */
const MOST_METHODS = 256;
/** Each change that fails has lost against another one that counted; a success, which forgets all, makes room for as many again. */
const MOST_RACES = 100;

/**
 * Counts a try of a person with a method, before it is known whether it is a good one: in the store, for all their sessions, in all apps,
 * on all nodes. Of any number of parallel tries, no more than `max` count as allowed in `perMs`.
 *
 * @returns `undefined` if it is allowed; otherwise the milliseconds until one is.
 * @throws {StoreUnavailableError} Then nobody tries.
 */
export async function countAttempt(
  context: RequestContext,
  subject: Subject,
  method: string,
  { max, perMs }: AttemptLimit,
): Promise<number | undefined> {
  const { store } = context.engine.settings;
  const ref = placeOf(context, subject, method);
  for (let race = 0; race < MOST_RACES; race += 1) {
    const { now, text } = await store.readNote(ref);
    const counted = text === undefined ? [] : instantsIn(text);
    // What nobody of ours wrote is no reason to let anybody try.
    if (counted === undefined) return perMs;
    const recent = counted.filter((at) => now - at < perMs);
    if (recent.length >= max) return Math.max(1, (recent.at(-max) as number) + perMs - now);
    const next = JSON.stringify([...recent, now]);
    const isCounted =
      text === undefined
        ? await store.writeNote(ref, { text: next, ttlMs: perMs, atMost: MOST_METHODS })
        : await store.changeNote(ref, text, next, perMs);
    if (isCounted) return undefined;
  }
  return perMs;
}

/** Forgets the tries of a person with a method, after a good one. */
export async function forgetAttempts(context: RequestContext, subject: Subject, method: string): Promise<void> {
  await context.engine.settings.store.takeNote(placeOf(context, subject, method));
}

/** The same for every session of the subject, under whichever id or secret it began. */
function placeOf({ engine }: RequestContext, { id, kind }: Subject, method: string): NoteRef {
  const [tag] = engine.ids.tagsOf(id);
  return { book: `attempts.${tag}`, id: shortDigest(JSON.stringify([kind, method])) };
}

function instantsIn(text: string): readonly number[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((at) => Number.isSafeInteger(at)) ? (value as number[]) : undefined;
  } catch {
    return undefined;
  }
}
