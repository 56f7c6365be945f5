import { SessionError, StoreUnavailableError } from '../sessions/errors.ts';
import type { NewSessionId } from '../sessions/session-id.ts';
import type { Reauthentication, SessionDraft } from '../sessions/session-record.ts';
import type { CreateResult } from '../sessions/session-store.ts';
import { remainingLimit } from './concurrency.ts';
import type { LoadedSession, RequestContext } from './request-context.ts';

/** A session that is in the store now. */
export type Stored = CreateResult & { readonly outcome: 'created' };

/**
 * Stores a new session.
 *
 * @throws {SessionError} `ERR_SESSION_LIMIT` if the person has too many, `ERR_STORE_UNAVAILABLE`
 */
export async function storeNew({ engine, runtime }: RequestContext, next: NewSessionId, draft: SessionDraft): Promise<Stored> {
  const limit = draft.subject === undefined ? undefined : await remainingLimit(engine, runtime, draft.subject.id);
  const result = await engine.settings.store.create(next.ref, draft, runtime.retention, limit);
  if (result.outcome === 'created') return result;
  if (result.outcome === 'limit')
    throw new SessionError('ERR_SESSION_LIMIT', 403, 'this account has as many sessions as it may have; end one of them first');
  throw new StoreUnavailableError('the store already has a session under a new id');
}

/**
 * Puts a new id in the place of the one that a session has.
 *
 * @throws {SessionError} `ERR_SESSION_ENDED` if it is not live any more, `ERR_STORE_UNAVAILABLE`
 */
export async function storeRotated(
  { engine, runtime }: RequestContext,
  { ref }: LoadedSession,
  next: NewSessionId,
  reauthentication: Reauthentication | undefined,
): Promise<Stored> {
  const result = await engine.settings.store.rotate(ref, next.ref, reauthentication, runtime.retention);
  if (result.outcome !== 'created') throw gone();
  return result;
}

/** What a session is told that could not be read. */
export function unread(): StoreUnavailableError {
  return new StoreUnavailableError('the session could not be read, and what was asked for it is not done');
}

/** What is told of a session that is over, or goes on under an id that the request does not know. */
export function gone(): SessionError {
  return new SessionError('ERR_SESSION_ENDED', 401, 'the session has ended meanwhile; sign in again');
}
