import type { RequestContext } from '../../express/request-context.ts';
import { sessionMark } from '../../express/interruption/session-notes.ts';
import type { Subject } from '../../policy/facts.ts';
import { ApprovalBook, type ApprovalEntry } from './approval-book.ts';
import { type ApprovalVerb, verbsAt, verbsFor } from './approval-deciding.ts';
import { isSameSubject, type KeptRequest, stateAt } from './approval-request.ts';
import type { ApprovalRule } from './approval-rule.ts';
import { standingOf } from './approval-standing.ts';

/** Somebody, and what the application calls them. */
export type NamedSubject = Subject & { readonly name: string };

/** A request for approval as `approvalEndpoints` tells it. Instants are epoch milliseconds of the store's clock. */
export interface ApprovalView {
  /** For `POST /<id>/approve`. */
  readonly id: string;
  readonly app: string;
  readonly scope: string;
  /** `ended`: nobody decided in time, the time that was granted is over, or the rule has changed since. */
  readonly state: KeptRequest['state'] | 'ended';
  /** Who asks. */
  readonly subject: NamedSubject;
  readonly reason: string | null;
  readonly askedAt: number;
  /** Until when it waits. */
  readonly pendingUntil: number;
  /** How long it is open once it is approved. */
  readonly forSeconds: number;
  /** Who decided, or took it back. */
  readonly decidedBy: NamedSubject | null;
  readonly decidedAt: number | null;
  readonly comment: string | null;
  /** When what was granted ends. */
  readonly endsAt: number | null;
  /** Where the person goes on who asked; told to nobody else. */
  readonly backTo: string | null;
  /** It is for the session of the request that asked. */
  readonly thisSession: boolean;
  /** What whoever asked can do with it now. */
  readonly can: readonly ApprovalVerb[];
}

/** What a person sees: what they asked for, and what they may decide. */
export interface ApprovalList {
  readonly now: number;
  readonly own: readonly ApprovalView[];
  readonly others: readonly ApprovalView[];
}

/** What views are made with. */
export interface Viewing {
  readonly context: RequestContext;
  readonly ruleFor: (scope: string) => ApprovalRule | undefined;
  readonly name: (subject: Subject) => string | Promise<string>;
}

/** The requests that a person has to do with, the newest first. What others asked for is left out once it is over. */
export async function approvalList(viewing: Viewing): Promise<ApprovalList> {
  const { entries, now } = await new ApprovalBook(viewing.context).all();
  const seen = await Promise.all(entries.map((entry) => viewIfConcerned(viewing, entry)));
  const views = seen.filter((one) => one !== undefined).sort((a, b) => b.askedAt - a.askedAt);
  const isOwn = ({ subject }: ApprovalView): boolean => isSameSubject(subject, personOf(viewing.context));
  return { now, own: views.filter(isOwn), others: views.filter((one) => !isOwn(one) && one.can.length > 0) };
}

async function viewIfConcerned(viewing: Viewing, { request, now }: ApprovalEntry): Promise<ApprovalView | undefined> {
  if (request === undefined) return undefined;
  const verbs = await verbsFor(viewing.ruleFor(request.scope), personOf(viewing.context), request);
  return verbs.length === 0 ? undefined : viewOf(viewing, request, verbs, now);
}

/** A request as the person of a request sees it. */
export async function viewOf(
  { context, name, ruleFor }: Viewing,
  request: KeptRequest,
  verbs: readonly ApprovalVerb[],
  now: number,
): Promise<ApprovalView> {
  const { id, app, scope, subject, reason, askedAt, pendingUntil, forMs, decidedBy, decidedAt, comment } = request;
  const rule = ruleFor(scope);
  const isOwn = isSameSubject(subject, personOf(context));
  const possible = verbsAt(rule, request, isOwn, now);
  const { state, endsAt } = await stateUnder(rule, request, now);
  return {
    id,
    app,
    scope,
    state,
    subject: { ...subject, name: await name(subject) },
    reason: reason ?? null,
    askedAt,
    pendingUntil,
    forSeconds: Math.floor(forMs / 1_000),
    decidedBy: decidedBy === undefined ? null : { ...decidedBy, name: await name(decidedBy) },
    decidedAt: decidedAt === 0 ? null : decidedAt,
    comment: comment ?? null,
    endsAt: endsAt === 0 ? null : endsAt,
    backTo: (isOwn && request.backTo) || null,
    thisSession: context.loaded !== undefined && request.session === sessionMark(context.loaded),
    can: verbs.filter((verb) => possible.includes(verb)),
  };
}

/** What the guard would say counts, where the rule is known: it may be another one by now. */
async function stateUnder(
  rule: ApprovalRule | undefined,
  request: KeptRequest,
  now: number,
): Promise<{ readonly state: ApprovalView['state']; readonly endsAt: number }> {
  const state = stateAt(request, now);
  if (rule === undefined || (state !== 'pending' && state !== 'granted')) return { state, endsAt: request.endsAt };
  const standing = await standingOf(rule, request, now);
  if (standing.state === 'granted') return standing;
  return { state: standing.state === 'pending' ? 'pending' : 'ended', endsAt: request.endsAt };
}

function personOf(context: RequestContext): Subject {
  return context.loaded?.record.subject as Subject;
}
