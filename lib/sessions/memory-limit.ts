import type { EndReason } from '../policy/reason.ts';
import type { AppEpochs } from './app-epochs.ts';
import type { MemoryEntries } from './memory-entries.ts';
import type { SessionRecord, SessionRef } from './session-record.ts';
import type { ConcurrencyLimit } from './session-store.ts';

/** A session that ends because another begins. */
export interface Excess {
  readonly key: string;
  readonly reason: EndReason;
}

/** What a memory store holds, and its clock at this moment. */
export interface Holdings {
  readonly entries: MemoryEntries;
  readonly epochs: AppEpochs;
  readonly now: number;
}

interface Counted {
  readonly key: string;
  readonly createdAt: number;
}

const NOTHING: readonly never[] = Object.freeze([]);

/** What has to end so that one more session fits, and what is over anyway; or `limit`. */
export function excessOf({ tag, app }: SessionRef, limit: ConcurrencyLimit | undefined, holdings: Holdings): readonly Excess[] | 'limit' {
  if (limit === undefined) return NOTHING;
  const { entries, epochs, now } = holdings;
  const over: Excess[] = [];
  const counted: Counted[] = [];
  for (const key of entries.tagged(tag)) {
    const value = entries.find(key, now)?.value;
    if (value === undefined || 'reason' in value || value.app !== app) continue;
    const reason = epochs.endOf(app, value.createdAt) === undefined ? overBy(value, limit, now) : 'session_revoked';
    if (reason === undefined) counted.push({ key, createdAt: value.createdAt });
    else over.push({ key, reason });
  }
  if (counted.length < limit.max) return over;
  return limit.onLimit === 'deny' || limit.max < 1 ? 'limit' : [...over, ...oldest(counted, counted.length - limit.max + 1)];
}

function oldest(counted: readonly Counted[], count: number): readonly Excess[] {
  const byAge = [...counted].sort((a, b) => a.createdAt - b.createdAt);
  return byAge.slice(0, count).map(({ key }) => ({ key, reason: 'session_limit' }));
}

function overBy(record: SessionRecord, limit: ConcurrencyLimit, now: number): EndReason | undefined {
  if (limit.absoluteMs !== undefined && now - record.createdAt >= limit.absoluteMs) return 'absolute_timeout';
  return limit.idleMs !== undefined && now - record.lastActiveAt >= limit.idleMs ? 'idle_timeout' : undefined;
}
