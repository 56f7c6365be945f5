import type { SessionDevice } from '../../policy/device.ts';
import { StoreUnavailableError } from '../../sessions/errors.ts';
import type { SessionRef } from '../../sessions/session-record.ts';
import type { SessionStore } from '../../sessions/session-store.ts';
import type { RequestContext } from '../request-context.ts';
import { gone } from '../stored-session.ts';

/** What a session is to know of its device, made from what it knows. It may be asked again if that has changed meanwhile. */
export type DeviceChange = (device: SessionDevice | undefined) => SessionDevice | undefined;

const ATTEMPTS = 5;

/**
 * Changes what the session of a request knows of its device, and decides anew.
 *
 * @throws {SessionError} `ERR_SESSION_ENDED`, `ERR_STORE_UNAVAILABLE`, and whatever `change` throws.
 */
export async function changeOwnDevice(context: RequestContext, change: DeviceChange): Promise<void> {
  const { loaded, engine } = context;
  if (loaded?.record.subject === undefined) throw gone();
  const device = await changeDevice(engine.settings.store, loaded.ref, loaded.record.device, change);
  context.use({ ...loaded, record: { ...loaded.record, device } });
  context.decide(context.now);
}

/**
 * The same for any session.
 *
 * @throws {SessionError} `ERR_SESSION_ENDED` if it is over, `ERR_STORE_UNAVAILABLE` also if others change it all the time, and whatever `change`
 * throws.
 */
export async function changeDevice(
  store: SessionStore,
  ref: SessionRef,
  known: SessionDevice | undefined,
  change: DeviceChange,
): Promise<SessionDevice | undefined> {
  let from = known;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const to = change(from);
    const result = await store.changeDevice(ref, from, to);
    if (result === 'written') return to;
    const { record } = result === 'gone' ? {} : await store.read(ref);
    if (record === undefined) throw gone();
    from = record.device;
  }
  throw new StoreUnavailableError('what a session knows of its device is being changed by others');
}
