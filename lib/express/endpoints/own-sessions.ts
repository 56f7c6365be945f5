import type { RevokeResult } from '../../sessions/session-store.ts';
import type { RequestContext } from '../request-context.ts';
import { sessionControl } from '../session-control.ts';
import { revokeSessions, type SessionSummary } from '../session-directory.ts';

/** A session in a list of one's own. */
export type OwnSession = Omit<SessionSummary, 'subject' | 'client'> & { readonly client: string | null };

/** The live sessions of whoever makes the request, the most recently used first. */
export async function ownSessions(context: RequestContext): Promise<readonly OwnSession[]> {
  const sessions = await sessionControl(context).sessions();
  return [...sessions]
    .sort((a, b) => b.lastActiveAt - a.lastActiveAt)
    .map(({ subject: _subject, client = null, ...rest }) => ({ ...rest, client }));
}

/**
 * Ends one of them.
 *
 * @returns `undefined` if none of them has the handle, whoever else's it may be; `current` if it is the one of the request, which then
 * is signed out.
 */
export async function endOwnSession(context: RequestContext, handle: unknown): Promise<RevokeResult | 'current' | undefined> {
  const found = (await ownSessions(context)).find((one) => one.handle === handle);
  if (found === undefined) return undefined;
  if (!found.current) return revokeSessions(context.engine, { session: found.handle });
  await sessionControl(context).signOut();
  return 'current';
}
