import type { Reason } from '../../policy/reason.ts';
import { SessionError } from '../../sessions/errors.ts';
import type { PendingRequest } from './interruption.ts';
import { queryOf } from '../query.ts';
import type { RequestContext } from '../request-context.ts';
import { pathToResume } from './resumption.ts';
import { type Asked, RETURN_TO_PARAMETER, type SignedWayBack } from '../return-to.ts';
import { peekNote, sessionMark } from './session-notes.ts';

/** What a person has been sent to confirm, as `req.sessionPolicy.asked()` tells it to the page that asks them. */
export interface AskedConfirmation {
  readonly reason: Reason;
  /** Lowest assurance level that is accepted; `undefined`: any. */
  readonly level: string | undefined;
  /** Methods (RFC 8176) that all have to be used. */
  readonly amr: readonly string[];
  /** Seconds since the last active authentication that are accepted; `undefined`: any age. */
  readonly maxAge: number | undefined;
  /** An authentication from before does not count: it is for one action, once. */
  readonly once: boolean;
  /** The action in words, from the guard's `describe`. */
  readonly description: string | undefined;
  /** A form is kept and can be sent after the confirmation. */
  readonly keptRequest: boolean;
  /** The page to go back to without confirming. */
  readonly cancelPath: string;
}

/** Names under which a client hands on what it was asked: in the query of a page, in a form or in JSON. */
export const WAY_BACK_PARAMETERS: readonly string[] = [RETURN_TO_PARAMETER, 'resume'];

/** The way back that a request brings, if we signed it for this app. */
export function presentedWayBack({ engine, req, runtime, now }: RequestContext, given?: string): SignedWayBack | undefined {
  const query = queryOf(req);
  const body = (req.body ?? {}) as Readonly<Record<string, unknown>>;
  const values = given === undefined ? WAY_BACK_PARAMETERS.map((name) => query.get(name) ?? body[name]) : [given];
  for (const value of values) {
    const way = engine.returnTo.read(value, runtime.app.name, now);
    if (way !== undefined) return way;
  }
  return undefined;
}

/** What the session of this request was asked. What another session was asked is nothing to it. */
export function presentedAsked(context: RequestContext, given?: string): Asked | undefined {
  const asked = presentedWayBack(context, given)?.asked;
  const { loaded } = context;
  return asked !== undefined && loaded !== undefined && asked.session === sessionMark(loaded) ? asked : undefined;
}

/**
 * The one action that an authentication is for, if it was asked for one. What somebody did before they were asked says nothing about it.
 *
 * @param at When they authenticated, where somebody else saw it; `undefined`: now.
 * @throws {SessionError} `ERR_AUTHENTICATION_OLD` if that was before.
 */
export function confirmedAction(context: RequestContext, at: number | undefined, given?: string): string | undefined {
  const boundTo = presentedAsked(context, given)?.boundTo;
  const askedAt = presentedWayBack(context, given)?.signedAt ?? 0;
  if (boundTo !== undefined && at !== undefined && at < wholeSeconds(askedAt))
    throw new SessionError('ERR_AUTHENTICATION_OLD', 403, 'the authentication is older than the action that it is to confirm');
  return boundTo;
}

/** As providers tell instants (OIDC `auth_time`). */
function wholeSeconds(at: number): number {
  return Math.floor(at / 1_000) * 1_000;
}

/** Where to go after a sign-in or a confirmation: to the form that was kept, or to the page that was asked for. */
export function pathAfter(context: RequestContext, given?: string): string | undefined {
  const asked = presentedAsked(context, given);
  return (asked && pathToResume(context, asked)) ?? presentedWayBack(context, given)?.path;
}

/** What the person is asked, for the page that asks. */
export async function askedConfirmation(context: RequestContext): Promise<AskedConfirmation | undefined> {
  const asked = presentedAsked(context);
  if (asked === undefined) return undefined;
  const { reason, level, amr, maxAgeMs, once, note } = asked;
  const pending = note === undefined ? undefined : ((await peekNote(context, 'pending', note)) as PendingRequest | undefined);
  return {
    reason,
    level,
    amr,
    maxAge: maxAgeMs === undefined ? undefined : Math.floor(maxAgeMs / 1_000),
    once,
    description: pending?.description,
    keptRequest: pending?.body !== undefined,
    cancelPath: asked.from ?? '/',
  };
}
