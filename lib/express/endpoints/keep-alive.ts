import { SessionError } from '../../sessions/errors.ts';
import type { RequestContext } from '../request-context.ts';

/**
 * Records activity now, where other requests do it on their way out and not each time: whoever asked to stay signed in is told so when it is
 * stored. A route of the policy can say that even this is no activity.
 *
 * @throws {SessionError} `ERR_SESSION_ENDED` if the session is over by now, `ERR_STORE_UNAVAILABLE`
 */
export async function keepAlive(context: RequestContext): Promise<void> {
  const { decision, engine, loaded, now, runtime } = context;
  if (loaded === undefined || decision.requirement?.activity.value !== 'active') return;
  const { record, ref } = loaded;
  const written = await engine.settings.store.recordActivity(ref, now, runtime.retention);
  if (written === 'gone') throw new SessionError('ERR_SESSION_ENDED', 401, 'the session has ended meanwhile; sign in again');
  const longestGapMs = Math.max(record.longestGapMs, now - record.lastActiveAt);
  context.use({ ...loaded, record: { ...record, lastActiveAt: Math.max(now, record.lastActiveAt), longestGapMs } });
  // Nothing is left to record when the answer leaves.
  context.admit();
}
