import { encodeMeta } from '../record-format.ts';
import { ROTATION_GRACE_MS, rotatedRecord } from '../record-lifecycle.ts';
import type { Reauthentication, SessionRecord, SessionRef } from '../session-record.ts';
import type { CreateResult } from '../session-store.ts';
import type { KeySpace } from './key-space.ts';
import { ATTEMPTS, type ReadAndWrite, readLive } from './live-session.ts';
import { ROTATE } from './scripts.ts';

/** What is rotated, and the ways to the server. */
export interface Rotation extends ReadAndWrite {
  readonly from: SessionRef;
  readonly to: SessionRef;
  /** Without one only the id is another. */
  readonly authentication: Reauthentication | undefined;
  readonly keys: KeySpace;
}

/** What the script takes in the place of an instant for a rotation without an authentication. */
const NO_AUTHENTICATION = '-';

/**
 * Reads the old session, makes the line about the subject of the new one, and lets the script do the rest if that line
 * is still what it was made from. Data and times are taken by the script itself, so nothing written meanwhile is lost.
 */
export async function rotateSession(rotation: Rotation): Promise<CreateResult> {
  const { from, to, keys, authentication } = rotation;
  const [before, after] = [keys.place(from), keys.place(to)];
  const at = authentication === undefined ? NO_AUTHENTICATION : (authentication.at ?? '');
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const session = await readLive(rotation.read, before, from);
    if (session === undefined) break;
    const { record: old, meta } = session;
    const line = successorMeta(rotation, old);
    const reply = await rotation.write(
      ROTATE,
      [before.home, before.own, after.own],
      [before.member, after.member, meta, old.authenticatedAt, line, ROTATION_GRACE_MS, at],
    );
    if (Array.isArray(reply)) return rotated(reply.map(String), old, rotation);
    if (reply !== 'changed') break;
  }
  return { outcome: 'conflict' };
}

/** Instants of authentication and activity, version, data, the authentication that was spent, the longest gap, and the instant of now. */
type RotateReply = readonly string[];

function rotated(reply: RotateReply, old: SessionRecord, rotation: Rotation): CreateResult {
  const [, authenticatedAt, lastActiveAt, version, data = '{}', spentAt, longestGapMs, now] = reply;
  const numbers = {
    lastActiveAt: Number(lastActiveAt),
    longestGapMs: Number(longestGapMs),
    version: Number(version),
    spentAt: Number(spentAt),
  };
  const record = { ...successor(rotation, old, Number(authenticatedAt)), ...numbers, data };
  return { outcome: 'created', now: Number(now), record, endedOldest: 0 };
}

/** Times of now are written as "the last authentication", so the script need not know them when the line is made. */
function successorMeta(rotation: Rotation, old: SessionRecord): string {
  const later = successor(rotation, old, Number.MAX_SAFE_INTEGER);
  return encodeMeta(later, later.authenticatedAt, rotation.from.digest);
}

/** The script chooses among now, the time that was given and the one before. */
function successor({ from, authentication }: Rotation, old: SessionRecord, at: number): SessionRecord {
  return rotatedRecord(old, from, authentication && { ...authentication, at: undefined }, at);
}
