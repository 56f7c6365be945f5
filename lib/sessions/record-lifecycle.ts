import { soundDevice } from './device-format.ts';
import type { Reauthentication, Retention, SessionDraft, SessionRecord, SessionRef } from './session-record.ts';

/** How long a replaced session still answers reads. */
export const ROTATION_GRACE_MS = 5_000;
/** Kept this much past a limit, so that who comes a little late is told why the session is over. */
export const RETENTION_GRACE_MS = 60_000;
/** The longest that anything is kept after its last use: the longest duration that a policy can name. */
export const LONGEST_RETENTION_MS: number = 400 * 86_400_000;

/** When nothing can need the record any more. */
export function expiryOf(record: Pick<SessionRecord, 'createdAt' | 'lastActiveAt'>, { idleMs, absoluteMs }: Retention): number {
  const idle = idleMs === undefined ? LONGEST_RETENTION_MS : 2 * idleMs + RETENTION_GRACE_MS;
  const absolute = absoluteMs === undefined ? Number.POSITIVE_INFINITY : absoluteMs + RETENTION_GRACE_MS;
  return Math.min(record.lastActiveAt + Math.min(idle, LONGEST_RETENTION_MS), record.createdAt + absolute);
}

/** The record of a draft that becomes a session at `createdAt`. */
export function newRecord(ref: SessionRef, draft: SessionDraft, createdAt: number): SessionRecord {
  const authenticatedAt = draft.fresh ? createdAt : 0;
  return {
    app: ref.app,
    profile: ref.profile,
    subject: draft.subject === undefined ? undefined : { id: draft.subject.id, kind: draft.subject.kind },
    createdAt,
    authenticatedAt,
    lastActiveAt: createdAt,
    longestGapMs: 0,
    levels: instants(draft.level === undefined ? [] : [draft.level], authenticatedAt),
    methods: instants(draft.methods, authenticatedAt),
    spentAt: 0,
    authenticatedFor: undefined,
    device: soundDevice(draft.device),
    origin: undefined,
    client: draft.client,
    data: draft.data,
    version: 1,
    rotatedAt: 0,
  };
}

/**
 * The successor of a record whose subject authenticated again: start and data stay; what was never authenticated is dropped. Without an
 * authentication all stays.
 */
export function rotatedRecord(
  old: SessionRecord,
  from: SessionRef,
  authentication: Reauthentication | undefined,
  now: number,
): SessionRecord {
  const origin = old.origin ?? from.digest;
  const version = old.version + 1;
  if (authentication === undefined) return { ...old, origin, version };
  const { level, methods, at = now, authenticatedFor } = authentication;
  // Never the instant of the one before: what was spent on that one must not be spent for this one.
  const authenticatedAt = Math.max(Math.min(now, at), old.createdAt, old.authenticatedAt + 1);
  return {
    ...old,
    authenticatedAt,
    lastActiveAt: Math.max(now, authenticatedAt, old.lastActiveAt),
    longestGapMs: 0,
    levels: instants(level === undefined ? [] : [level], authenticatedAt, old.levels),
    methods: instants(methods, authenticatedAt, old.methods),
    authenticatedFor,
    origin,
    version,
  };
}

/** Whether a replaced session has stopped answering. */
export function isPastRotation(record: SessionRecord, now: number): boolean {
  return record.rotatedAt > 0 && now - record.rotatedAt > ROTATION_GRACE_MS;
}

/** Without a prototype: a level or method may have any name. */
function instants(names: readonly string[], at: number, before: Readonly<Record<string, number>> = {}): Readonly<Record<string, number>> {
  const all = Object.create(null) as Record<string, number>;
  for (const [name, earlier] of Object.entries(before)) if (earlier > 0) all[name] = earlier;
  for (const name of names) all[name] = at;
  return Object.freeze(all);
}
