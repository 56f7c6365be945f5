import type { ConcurrencyLimit } from '../sessions/session-store.ts';
import type { ListedSession } from '../sessions/session-store.ts';
import type { AppRuntime } from './app-runtime.ts';
import type { Engine } from './engine.ts';

/**
 * The limit that is left for a sign-in. Sessions made under an older secret lie under another tag, where the atomic step of the
 * sign-in cannot count them; they only get fewer, so they are counted, and where needed ended, beforehand.
 */
export async function remainingLimit(engine: Engine, runtime: AppRuntime, subjectId: string): Promise<ConcurrencyLimit | undefined> {
  const { limit } = runtime;
  const olderTags = engine.ids.tagsOf(subjectId).slice(1);
  if (limit === undefined || olderTags.length === 0) return limit;
  const older = await olderSessions(engine, runtime, olderTags, limit);
  if (limit.onLimit === 'deny') return { ...limit, max: Math.max(0, limit.max - older.length) };
  const excess = older.slice(0, Math.max(0, older.length - (limit.max - 1)));
  for (const { ref } of excess) await engine.settings.store.end(ref, 'session_limit');
  return { ...limit, max: limit.max - (older.length - excess.length) };
}

async function olderSessions(
  engine: Engine,
  runtime: AppRuntime,
  tags: readonly string[],
  limit: ConcurrencyLimit,
): Promise<readonly ListedSession[]> {
  const { store } = engine.settings;
  const { app } = runtime;
  const now = await store.now();
  const lists = await Promise.all(tags.map((tag) => store.list(tag)));
  return lists
    .flat()
    .filter(({ ref, record }) => ref.app === app.name && ref.profile === app.profile.name && !isOver(record, limit, now))
    .sort((a, b) => a.record.createdAt - b.record.createdAt);
}

function isOver(record: ListedSession['record'], limit: ConcurrencyLimit, now: number): boolean {
  return (
    (limit.idleMs !== undefined && now - record.lastActiveAt >= limit.idleMs) ||
    (limit.absoluteMs !== undefined && now - record.createdAt >= limit.absoluteMs)
  );
}
