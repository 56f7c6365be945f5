import { auditApproval } from '../../express/auditing.ts';
import type { LoadedSession, RequestContext } from '../../express/request-context.ts';
import { sessionMark } from '../../express/interruption/session-notes.ts';
import type { Subject } from '../../policy/facts.ts';
import { ApprovalBook, type ApprovalEntries, type ApprovalEntry, KEPT_MS, MOST_REQUESTS, newRequestId, noteIdOf } from './approval-book.ts';
import { evidenceOf, isSameSubject, type KeptRequest } from './approval-request.ts';
import type { ApprovalRule } from './approval-rule.ts';
import { standingOf } from './approval-standing.ts';

/** What somebody asks for. */
export interface Asking {
  readonly scope: string;
  readonly reason: string | undefined;
  /** Where they go on. */
  readonly backTo: string | undefined;
}

/** What came of it: a request, or why there is none. */
export type Asked =
  | { readonly outcome: 'asked' | 'asked_already'; readonly request: KeptRequest; readonly now: number }
  | { readonly outcome: 'asked_too_often' | 'book_full' };

/** How often somebody can ask for the same scope within an hour, from whatever session. */
const MOST_ASKED = 5;
/** How much of the book somebody can fill: scopes that are made of routes have no end, and whoever asks makes them up. */
const MOST_OF_ONE = 50;

/** Asks for an approval. Who asks again meanwhile gets the request that there is. */
export async function ask(context: RequestContext, rule: ApprovalRule, asking: Asking): Promise<Asked> {
  const { record, session } = asker(context);
  const book = new ApprovalBook(context);
  const all = await book.all();
  const entry = entryOf(all, noteIdOf(session, asking.scope));
  const { state } = await standingOf(rule, entry.request, all.now);
  if (entry.request !== undefined && (state === 'pending' || state === 'granted'))
    return { outcome: 'asked_already', request: entry.request, now: all.now };
  const own = requestsOf(all, record.subject as Subject);
  if (earlierAsks(own, asking.scope, all.now).length >= MOST_ASKED) return { outcome: 'asked_too_often' };
  if (own.length >= MOST_OF_ONE && entry.text === undefined) return { outcome: 'asked_too_often' };
  if (all.entries.length >= MOST_REQUESTS && entry.text === undefined) return { outcome: 'book_full' };
  return enter(context, book, entry, newRequest(context, rule, asking, entry, session));
}

async function enter(context: RequestContext, book: ApprovalBook, entry: ApprovalEntry, request: KeptRequest): Promise<Asked> {
  if (await book.put(entry, request)) {
    auditApproval(context, 'approval_requested', evidenceOf(request));
    return { outcome: 'asked', request, now: entry.now };
  }
  // Another request of the same session was faster.
  const { request: theirs, now } = await book.read(entry.noteId);
  return theirs === undefined ? { outcome: 'asked_too_often' } : { outcome: 'asked_already', request: theirs, now };
}

function newRequest(
  context: RequestContext,
  { forMs, pendingMs, terms }: ApprovalRule,
  { scope, reason, backTo }: Asking,
  { noteId, now, request: before }: ApprovalEntry,
  session: string,
): KeptRequest {
  return {
    id: newRequestId(noteId),
    app: context.runtime.app.name,
    scope,
    subject: asker(context).record.subject as Subject,
    reason,
    askedAt: now,
    session,
    terms,
    forMs,
    pendingUntil: now + pendingMs,
    askedBefore: before === undefined ? [] : lastHour([before.askedAt, ...before.askedBefore], now),
    backTo,
    state: 'pending',
    decidedBy: undefined,
    decidedAt: 0,
    comment: undefined,
    endsAt: 0,
  };
}

function asker(context: RequestContext): { readonly record: LoadedSession['record']; readonly session: string } {
  const loaded = context.loaded as LoadedSession;
  return { record: loaded.record, session: sessionMark(loaded) };
}

function entryOf({ entries, now }: ApprovalEntries, noteId: string): ApprovalEntry {
  return entries.find((one) => one.noteId === noteId) ?? { noteId, text: undefined, request: undefined, now };
}

/** What somebody asked for in all their sessions: signing in again is no new start. */
function requestsOf({ entries }: ApprovalEntries, subject: Subject): readonly KeptRequest[] {
  return entries.flatMap(({ request }) => (isSameSubject(request?.subject, subject) ? [request as KeptRequest] : []));
}

/** When they asked for a scope within the last hour. */
function earlierAsks(own: readonly KeptRequest[], scope: string, now: number): readonly number[] {
  const asked = own.filter((request) => request.scope === scope);
  return lastHour(
    asked.flatMap(({ askedAt, askedBefore }) => [askedAt, ...askedBefore]),
    now,
  );
}

function lastHour(instants: readonly number[], now: number): readonly number[] {
  return instants.filter((at) => now - at < KEPT_MS);
}
