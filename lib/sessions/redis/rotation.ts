import { decodeValue, encodeMeta, HEADER_LENGTH, isEnded } from '../record-format.ts';
import { ROTATION_GRACE_MS, rotatedRecord } from '../record-lifecycle.ts';
import type { Reauthentication, SessionRecord, SessionRef } from '../session-record.ts';
import type { CreateResult } from '../session-store.ts';
import type { KeySpace, Place } from './key-space.ts';
import type { Script } from './script.ts';
import { ROTATE } from './scripts.ts';

/** What is rotated, and the ways to the server. */
export interface Rotation {
  readonly from: SessionRef;
  readonly to: SessionRef;
  readonly authentication: Reauthentication;
  readonly keys: KeySpace;
  readonly read: (place: Place) => Promise<string | undefined>;
  readonly write: (script: Script, keys: readonly string[], args: readonly (string | number)[]) => Promise<unknown>;
}

const ATTEMPTS = 3;

/**
 * Reads the old session, makes the line about the subject of the new one, and lets the script do the rest if that line
 * is still what it was made from. Data and times are taken by the script itself, so nothing written meanwhile is lost.
 */
export async function rotateSession(rotation: Rotation): Promise<CreateResult> {
  const { from, to, keys } = rotation;
  const [before, after] = [keys.place(from), keys.place(to)];
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const text = await rotation.read(before);
    const old = text === undefined ? undefined : decodeValue(text, from);
    if (text === undefined || old === undefined || isEnded(old) || old.rotatedAt > 0) break;
    const line = successorMeta(rotation, old);
    const reply = await rotation.write(
      ROTATE,
      [before.home, before.own, after.own],
      [before.member, after.member, metaOf(text), old.authenticatedAt, line, ROTATION_GRACE_MS, rotation.authentication.at ?? ''],
    );
    if (Array.isArray(reply)) return rotated(reply.map(String), old, rotation);
    if (reply !== 'changed') break;
  }
  return { outcome: 'conflict' };
}

/** Instants of authentication and activity, version, data, and the authentication that was spent. */
type RotateReply = readonly string[];

function rotated(reply: RotateReply, old: SessionRecord, { from, authentication }: Rotation): CreateResult {
  const [, authenticatedAt, lastActiveAt, version, data = '{}', spentAt] = reply;
  const numbers = { lastActiveAt: Number(lastActiveAt), version: Number(version), spentAt: Number(spentAt) };
  // The script has chosen among now, the time that was given and the one before.
  const record = { ...rotatedRecord(old, from, { ...authentication, at: undefined }, Number(authenticatedAt)), ...numbers, data };
  return { outcome: 'created', now: record.lastActiveAt, record, endedOldest: 0 };
}

function metaOf(value: string): string {
  return value.slice(HEADER_LENGTH, value.indexOf('\n', HEADER_LENGTH));
}

/** Times of now are written as "the last authentication", so the script need not know them when the line is made. */
function successorMeta({ from, authentication }: Rotation, old: SessionRecord): string {
  const later = rotatedRecord(old, from, { ...authentication, at: undefined }, Number.MAX_SAFE_INTEGER);
  return encodeMeta(later, later.authenticatedAt, from.digest);
}
