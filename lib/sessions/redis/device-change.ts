import type { SessionDevice } from '../../policy/device.ts';
import { isSameDevice } from '../device-format.ts';
import { replaceDevice } from '../record-format.ts';
import type { SessionRecord, SessionRef } from '../session-record.ts';
import type { WriteResult } from '../session-store.ts';
import type { Place } from './key-space.ts';
import { ATTEMPTS, type ReadAndWrite, readLive } from './live-session.ts';
import { DEVICE } from './scripts.ts';

/** What is changed, and the ways to the server. */
export interface DeviceReplacement extends ReadAndWrite {
  readonly ref: SessionRef;
  readonly place: Place;
  readonly from: SessionDevice | undefined;
  readonly to: SessionDevice | undefined;
  /** Whether the session has ended with its app. */
  readonly isOver: (record: SessionRecord) => boolean;
}

/**
 * Reads the session, makes the line about its subject with the other device, and lets the script put it in the place of the line that it was
 * made from. Data and times are the script's own, so nothing written meanwhile is lost; another device is never written over.
 */
export async function replaceSessionDevice(change: DeviceReplacement): Promise<WriteResult | 'changed'> {
  const { ref, place } = change;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const session = await readLive(change.read, place, ref);
    if (session === undefined || change.isOver(session.record)) return 'gone';
    if (!isSameDevice(session.record.device, change.from)) return 'changed';
    const line = replaceDevice(session.meta, change.to);
    const reply = await change.write(DEVICE, [place.home], [place.member, session.meta, line]);
    if (reply !== 'changed') return reply as WriteResult;
  }
  return 'changed';
}
