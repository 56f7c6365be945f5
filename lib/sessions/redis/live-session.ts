import { decodeValue, isEnded, metaOf } from '../record-format.ts';
import type { SessionRecord, SessionRef } from '../session-record.ts';
import type { Place } from './key-space.ts';
import type { Script } from './script.ts';
import type { ScriptArguments } from './script-runner.ts';

/** A session that may be written to, and the line about its subject as it is stored. */
export interface LiveSession {
  readonly record: SessionRecord;
  readonly meta: string;
}

/** The ways to the server for a change that is made from what was read. */
export interface ReadAndWrite {
  readonly read: (place: Place) => Promise<string | undefined>;
  readonly write: (script: Script, keys: readonly string[], args: ScriptArguments) => Promise<unknown>;
}

/** How often such a change is tried when others come between reading and writing. */
export const ATTEMPTS = 3;

/** Reads a session that is to be changed. `undefined`: there is none that may be. */
export async function readLive(read: ReadAndWrite['read'], place: Place, ref: SessionRef): Promise<LiveSession | undefined> {
  const text = await read(place);
  const record = text === undefined ? undefined : decodeValue(text, ref);
  if (text === undefined || record === undefined || isEnded(record) || record.rotatedAt > 0) return undefined;
  return { record, meta: metaOf(text) };
}
