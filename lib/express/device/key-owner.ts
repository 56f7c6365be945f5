import type { Subject } from '../../policy/facts.ts';
import { SessionError, StoreUnavailableError } from '../../sessions/errors.ts';
import type { NoteRef } from '../../sessions/note.ts';
import { LONGEST_RETENTION_MS, RETENTION_GRACE_MS } from '../../sessions/record-lifecycle.ts';
import type { Engine } from '../engine.ts';
import type { RequestContext } from '../request-context.ts';

const HELD = 'held';
/** More than work on one device before the first of these sessions is over. */
const MOST_HOLDERS = 1_000;
const ATTEMPTS = 5;

/** Who owns a key, and until when: `<tag>.<tag> <kind> <epoch milliseconds>`. */
interface Ownership {
  readonly tags: readonly string[];
  readonly kind: string;
  readonly until: number;
}

/** How long a session of the app, and its key with it, can last from now; `undefined` where nothing bounds that. */
export function keyLifetime({ retention: { absoluteMs } }: RequestContext['runtime']): number | undefined {
  return absoluteMs === undefined ? undefined : absoluteMs + RETENTION_GRACE_MS;
}

/**
 * A key of a device belongs to whom it was first used by, and to nobody else: who has got hold of another person's device can't make it vouch
 * for a session of their own.
 *
 * @param ttlMs How long that is remembered from now on, if it is not remembered for longer already: as long as the session can last.
 * @throws {SessionError} `ERR_DEVICE_FOREIGN` if it belongs to another subject, `ERR_STORE_UNAVAILABLE`
 */
export async function claimKey(
  { engine, now }: Pick<RequestContext, 'engine' | 'now'>,
  key: string,
  { id, kind }: Subject,
  ttlMs: number = LONGEST_RETENTION_MS,
): Promise<void> {
  const { store } = engine.settings;
  const own = { tags: engine.ids.tagsOf(id), kind, until: now + Math.min(ttlMs, LONGEST_RETENTION_MS) };
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    if (await store.writeNote(ownerOf(key), { text: textOf(own), ttlMs: own.until - now, atMost: 1 })) return;
    const { text } = await store.readNote(ownerOf(key));
    if (text === undefined) continue;
    const owner = ownershipIn(text);
    if (!isSameOwner(owner, own)) throw foreign();
    // Never for a shorter time: another app's session with the key may last longer.
    const until = Math.max(owner.until, own.until);
    if (await store.changeNote(ownerOf(key), text, textOf({ ...own, until }), Math.min(until - now, LONGEST_RETENTION_MS))) return;
  }
  throw new StoreUnavailableError('whose key it is could not be recorded');
}

/**
 * The session goes on, longer than was known when its key was claimed: the key stays with whom it is with.
 *
 * @throws {SessionError} `ERR_STORE_UNAVAILABLE`
 */
export async function keepKey({ engine, now }: Pick<RequestContext, 'engine' | 'now'>, key: string, { id, kind }: Subject): Promise<void> {
  const { store } = engine.settings;
  const tags = engine.ids.tagsOf(id);
  const own = { tags, kind, until: now + LONGEST_RETENTION_MS };
  const holder = { book: holdersOf(key), id: tags[0] as string };
  const [{ text = '' }] = await Promise.all([store.readNote(ownerOf(key)), store.changeNote(holder, HELD, HELD, LONGEST_RETENTION_MS)]);
  // If another request is faster, it has done the same.
  if (isSameOwner(ownershipIn(text), own)) await store.changeNote(ownerOf(key), text, textOf(own), LONGEST_RETENTION_MS);
}

/**
 * The key of a device that several people use is nobody's own. That a session of somebody has it is noted, so that what is reported about the
 * device reaches that session.
 *
 * @param ttlMs As long as the session can last.
 * @throws {SessionError} `ERR_STORE_UNAVAILABLE`
 */
export async function noteHolder(engine: Engine, key: string, { id }: Subject, ttlMs: number = LONGEST_RETENTION_MS): Promise<void> {
  const { store } = engine.settings;
  const ref = { book: holdersOf(key), id: engine.ids.tagsOf(id)[0] as string };
  if (await store.writeNote(ref, { text: HELD, ttlMs, atMost: MOST_HOLDERS })) return;
  await store.changeNote(ref, HELD, HELD, ttlMs);
}

/** Every tag that sessions with a key can have: of its owner, one for each secret that there was when it was last claimed, and of its holders. */
export async function ownerTagsOf({ settings: { store } }: Engine, key: string): Promise<readonly string[]> {
  const [{ text }, { notes }] = await Promise.all([store.readNote(ownerOf(key)), store.listNotes(holdersOf(key))]);
  return [...new Set([...(text === undefined ? [] : ownershipIn(text).tags), ...notes.map(({ id }) => id)])];
}

function textOf({ tags, kind, until }: Ownership): string {
  return `${tags.join('.')} ${kind} ${until}`;
}

function ownershipIn(text: string): Ownership {
  const [tags = '', kind = '', until] = text.split(' ');
  return { tags: tags.split('.'), kind, until: Number(until ?? 0) };
}

/** The same kind of subject, known by one tag at least: there is one for each secret. */
function isSameOwner(one: Ownership, other: Ownership): boolean {
  return one.kind === other.kind && one.tags.some((tag) => other.tags.includes(tag));
}

function foreign(): SessionError {
  return new SessionError(
    'ERR_DEVICE_FOREIGN',
    403,
    'the key of this device is in use by another account; make a new one for this account',
  );
}

function holdersOf(key: string): string {
  return `holders.${key}`;
}

function ownerOf(key: string): NoteRef {
  return { book: `key.${key}`, id: 'owner' };
}
