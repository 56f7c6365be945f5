import type { SessionDevice } from '../../../policy/device.ts';
import type { Subject } from '../../../policy/facts.ts';
import { SessionError, StoreUnavailableError } from '../../../sessions/errors.ts';
import type { ListedSession } from '../../../sessions/session-store.ts';
import type { Engine } from '../../engine.ts';
import { changeDevice } from '../change-device.ts';

const ROUNDS = 5;

/** A session's device without the enrolled one of this id, if it is that. */
export function withoutKnown(device: SessionDevice | undefined, id: string): SessionDevice | undefined {
  if (device?.known?.id !== id) return device;
  const { known: _known, ...rest } = device;
  return Object.values(rest).every((part) => part === undefined) ? undefined : rest;
}

/**
 * Takes an enrolled device from every session of the subject. A session can get another id meanwhile, and take what it knows along: so it
 * is looked again until there is none.
 *
 * @throws {SessionError} `ERR_STORE_UNAVAILABLE`
 */
export async function takeKnown(engine: Engine, subject: Subject, id: string): Promise<void> {
  for (let round = 1; round <= ROUNDS; round += 1) {
    const sessions = await sessionsWith(engine, subject, id);
    if (sessions.length === 0) return;
    await Promise.all(sessions.map((session) => takeFrom(engine, session, id)));
  }
  throw new StoreUnavailableError('a device could not be taken from all sessions that had it');
}

async function sessionsWith(engine: Engine, { id: subjectId, kind }: Subject, id: string): Promise<readonly ListedSession[]> {
  const lists = await Promise.all(engine.ids.tagsOf(subjectId).map((tag) => engine.settings.store.list(tag)));
  return lists.flat().filter(({ record }) => record.subject?.kind === kind && record.device?.known?.id === id);
}

async function takeFrom(engine: Engine, { record, ref }: ListedSession, id: string): Promise<void> {
  try {
    await changeDevice(engine.settings.store, ref, record.device, (device) => withoutKnown(device, id));
  } catch (error) {
    // It is over, or goes on under another id, where the next look finds it.
    if (!(error instanceof SessionError) || error.code !== 'ERR_SESSION_ENDED') throw error;
  }
}
