import type { Subject } from '../policy/facts.ts';
import type { EndReason } from '../policy/reason.ts';
import type { SessionRef } from '../sessions/session-record.ts';
import type { ListedSession, RevokeResult } from '../sessions/session-store.ts';
import { auditRevocation } from './auditing.ts';
import type { Engine } from './engine.ts';

/** A session as a list shows it. It holds no secret: the handle ends a session but cannot be used as one. */
export interface SessionSummary {
  /** Names the session for `revoke({ session })`. */
  readonly handle: string;
  readonly app: string;
  readonly profile: string;
  readonly subject: Subject | undefined;
  /** What it was begun with, as a person would say it: `Firefox on Linux`. Proves nothing. */
  readonly client: string | undefined;
  /** Epoch milliseconds of the store's clock, like all instants. */
  readonly createdAt: number;
  /** Last active authentication (OIDC `auth_time`), 0 if there was none. */
  readonly authenticatedAt: number;
  /** Last allowed, active request; recorded a few seconds late at most. */
  readonly lastActiveAt: number;
  /** Whether it is the session of the request that asked. */
  readonly current: boolean;
}

/**
 * Which sessions are meant. Exactly one of `subject`, `session`, `app` alone and `all`; `app` also narrows `subject`. A subject's id
 * alone stands for every kind; `session` is a handle from a list.
 */
export interface SessionQuery<AppName extends string = string> {
  readonly subject?: string | Subject;
  readonly session?: string;
  readonly app?: AppName;
  readonly all?: true;
}

const HANDLE = /^([A-Za-z][A-Za-z0-9_-]{0,62})\/([A-Za-z][A-Za-z0-9_-]{0,62})\/([A-Za-z0-9_-]{16})\/([A-Za-z0-9_-]{22})$/;

/** Lists live sessions. */
export async function listSessions(engine: Engine, query: SessionQuery): Promise<readonly SessionSummary[]> {
  checkQuery(query);
  if (query.subject !== undefined) {
    const sessions = await listSubject(engine, idOf(query.subject), undefined);
    return sessions.filter((one) => matchesKind(one, query.subject) && (query.app === undefined || one.app === query.app));
  }
  if (query.session !== undefined) {
    const ref = parseHandle(query.session);
    const { record } = await engine.settings.store.read(ref);
    return record === undefined || record.rotatedAt > 0 ? [] : [summary({ ref, record }, undefined)];
  }
  const sessions = await engine.settings.store.listApp(query.app ?? '*');
  return sessions.map((one) => summary(one, undefined));
}

/** Ends sessions, with the reason `session_revoked`. */
export async function revokeSessions(engine: Engine, query: SessionQuery): Promise<RevokeResult> {
  checkQuery(query);
  const { subject, session, app } = query;
  if (subject !== undefined) {
    const result = await revokeOf(engine, subject, app === undefined ? {} : { app });
    auditRevocation(engine, typeof subject === 'string' ? { id: subject } : subject, app);
    return result;
  }
  const ref = session === undefined ? undefined : parseHandle(session);
  const { store } = engine.settings;
  const result = await (ref === undefined ? store.endApp(app ?? '*', 'session_revoked') : store.end(ref, 'session_revoked'));
  auditRevocation(engine, undefined, ref?.app ?? app);
  return result;
}

function revokeOf(engine: Engine, subject: string | Subject, only: RevocationScope): Promise<RevokeResult> {
  return typeof subject === 'object' ? revokeKind(engine, subject, only) : revokeSubject(engine, subject, only);
}

/** Which of a subject's sessions are meant: those of one app, all but one. */
export interface RevocationScope {
  readonly app?: string;
  readonly except?: SessionRef;
}

/** Live sessions of a subject under every tag that it can have. */
export async function listSubject(engine: Engine, subjectId: string, current: SessionRef | undefined): Promise<readonly SessionSummary[]> {
  const lists = await Promise.all(engine.ids.tagsOf(subjectId).map((tag) => engine.settings.store.list(tag)));
  return lists.flat().map((one) => summary(one, current));
}

/** Ends the sessions of a subject under every tag that it can have, each tag in one atomic step. */
export async function revokeSubject(
  engine: Engine,
  subjectId: string,
  only: RevocationScope,
  reason: EndReason = 'session_revoked',
): Promise<RevokeResult> {
  const results = await Promise.all(engine.ids.tagsOf(subjectId).map((tag) => engine.settings.store.endAll(tag, reason, only)));
  return together(results);
}

/** All sessions under a subject's id nearly always are of one kind, and end in one step; of two kinds, each is ended by itself. */
export async function revokeKind(engine: Engine, subject: Subject, only: RevocationScope): Promise<RevokeResult> {
  const lists = await Promise.all(engine.ids.tagsOf(subject.id).map((tag) => engine.settings.store.list(tag)));
  const all = lists.flat();
  const meant = all.filter(({ record }) => record.subject?.kind === subject.kind);
  if (meant.length === all.length) return revokeSubject(engine, subject.id, only);
  const inScope = meant.filter(({ ref }) => (only.app === undefined || ref.app === only.app) && ref.digest !== only.except?.digest);
  return together(await Promise.all(inScope.map(({ ref }) => engine.settings.store.end(ref, 'session_revoked'))));
}

function together(results: readonly RevokeResult[]): RevokeResult {
  return {
    ended: results.reduce((sum, one) => sum + (one.ended ?? 0), 0),
    durable: results.every((one) => one.durable),
  };
}

function summary({ ref, record }: ListedSession, current: SessionRef | undefined): SessionSummary {
  return {
    handle: `${ref.app}/${ref.profile}/${ref.tag}/${ref.digest}`,
    app: ref.app,
    profile: ref.profile,
    subject: record.subject,
    client: record.client,
    createdAt: record.createdAt,
    authenticatedAt: record.authenticatedAt,
    lastActiveAt: record.lastActiveAt,
    current: current?.digest === ref.digest,
  };
}

function parseHandle(handle: string): SessionRef {
  const [, app, profile, tag, digest] = HANDLE.exec(handle) ?? [];
  if (app === undefined || profile === undefined || tag === undefined || digest === undefined) {
    throw new TypeError('session must be a handle from list(); a session id is not one');
  }
  return { app, profile, tag, digest };
}

function checkQuery(query: SessionQuery): void {
  const { subject, session, app, all } = query ?? {};
  const unknown = Object.keys(query ?? {}).filter((key) => !['subject', 'session', 'app', 'all'].includes(key));
  const targets = [subject, session, all, subject === undefined ? app : undefined].filter((target) => target !== undefined);
  if (unknown.length > 0 || targets.length !== 1 || (app !== undefined && (typeof app !== 'string' || app === '*'))) {
    throw new TypeError(
      "say which sessions: { subject: 'u1' }, { subject: 'u1', app: 'shop' }, { session: handle }, { app: 'shop' } or { all: true }",
    );
  }
  if (subject !== undefined && (typeof idOf(subject) !== 'string' || idOf(subject) === ''))
    throw new TypeError('subject must be an id, or { id, kind }');
}

function idOf(subject: string | Subject): string {
  return typeof subject === 'object' && subject !== null ? subject.id : subject;
}

/** Whether a session is of the kind of subject that was asked for; an id alone stands for every kind. */
export function matchesKind(one: SessionSummary, subject: string | Subject | undefined): boolean {
  return typeof subject !== 'object' || one.subject?.kind === subject.kind;
}
