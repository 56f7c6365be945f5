import type { NextFunction } from 'express';
import type { Decision } from '../../policy/decision.ts';
import type { Reason } from '../../policy/reason.ts';
import { actionDigest } from './action.ts';
import { enforce } from '../admission.ts';
import { answerRefusal, answerOutside } from '../answers.ts';
import { auditDecision, auditRefusal } from '../auditing.ts';
import { isConfirmable } from '../device/browser/device-fallback.ts';
import { html, type PageView, sendPage } from '../html-page.ts';
import { asked, type PendingRequest, KEPT_MS } from './interruption.ts';
import { giveBody, hasOwnBody, type KeptBody } from './kept-body.ts';
import { CANCEL_PARAMETER, resumptionIn, withoutResumption, withResumption } from './resumption-parameter.ts';
import type { RequestContext } from '../request-context.ts';
import type { Asked } from '../return-to.ts';
import { peekNote, sessionMark, takeNote } from './session-notes.ts';

/** What a request asks to go on with: the note of a kept request, if we signed its name for this session and this very address. */
export interface Resumption {
  readonly note: string | undefined;
}

/** The path on which a person sees what they began, and sends it. */
export function pathToResume(
  { engine, runtime, now }: Pick<RequestContext, 'engine' | 'runtime' | 'now'>,
  given: Asked,
): string | undefined {
  if (given.keptPath === undefined || given.note === undefined) return undefined;
  const target = actionDigest('POST', given.keptPath);
  return withResumption(given.keptPath, engine.resumptions.sign([runtime.app.name, target, given.session, given.note, now + KEPT_MS]));
}

/** What a request asks to go on with. `undefined`: nothing, also where a parameter of that name is none of ours. */
export function resumptionOf(context: RequestContext): Resumption | undefined {
  const { engine, loaded, now, req, runtime } = context;
  const text = resumptionIn(req.originalUrl);
  const value = text === undefined ? undefined : engine.resumptions.read(text);
  if (!Array.isArray(value)) return undefined;
  const [app, target, session, note, until] = value as [string, string, string, string, number];
  const isHere = app === runtime.app.name && target === actionDigest('POST', withoutResumption(req.originalUrl));
  const isOurs = loaded !== undefined && session === sessionMark(loaded) && now < until;
  return { note: isHere && isOurs ? note : undefined };
}

/** Shows a kept request to the person who began it, or lets it go on when they say so: once. */
export async function resume(context: RequestContext, { note }: Resumption, decision: Decision, next: NextFunction): Promise<void> {
  const { req } = context;
  const method = context.facts.method;
  const isOver = context.loaded?.record.subject === undefined || decision.session !== 'keep';
  if (isOver || decision.outcome === 'deny') return enforce(context, decision, next);
  if (method === 'GET' || method === 'HEAD') return show(context, note);
  if (method !== 'POST' || hasOwnBody(req)) return expired(context);
  if (isCancelled(req.originalUrl)) return cancel(context, note);
  if (decision.outcome !== 'allow') return stillRefused(context, note, decision, next);
  const pending = await kept(context, takeNote, note);
  if (pending === undefined) return expired(context);
  giveBody(req, pending.body);
  context.facts.forgetBody();
  if (context.facts.overrideMethods.length > 1) return refuseOutside(context, 'method_ambiguous');
  return enforce(context, context.decide(context.now), next);
}

/** The kept request stays: the person was sent here before the confirmation that it needs, or it has grown old meanwhile. */
async function stillRefused(context: RequestContext, note: string | undefined, decision: Decision, next: NextFunction): Promise<void> {
  const pending = isConfirmable(context, decision) ? await kept(context, peekNote, note) : undefined;
  if (pending === undefined) return enforce(context, decision, next);
  auditDecision(context, decision);
  answerRefusal(context, decision, asked(context, decision, pending, note, pending.url));
}

async function show(context: RequestContext, note: string | undefined): Promise<void> {
  const { engine, req, res } = context;
  const pending = await kept(context, peekNote, note);
  if (pending === undefined) return expired(context);
  sendPage(res, 200, confirmationPage(pending, req.originalUrl), engine.settings.layout);
}

function confirmationPage({ description, from, url }: PendingRequest, here: string): PageView {
  const what = description ?? `You were about to send a form to ${withoutResumption(url).split('?')[0]}.`;
  const body = html`<p>Nothing has been sent yet.</p>
<p class="what">${what}</p>
<form class="plain" method="post" action="${here}"><button class="first">Send it now</button></form>
<form class="plain" method="post" action="${here}&${CANCEL_PARAMETER}"><button>Cancel</button></form>
<p><a href="${from}">Back to the page</a></p>`;
  return { title: 'Go on with this?', body: String(body) };
}

async function cancel(context: RequestContext, note: string | undefined): Promise<void> {
  const pending = await kept(context, takeNote, note);
  if (pending === undefined) return expired(context);
  context.res.statusCode = 303;
  context.res.setHeader('Location', pending.from);
  context.res.end();
}

type KeptRequest = PendingRequest & { readonly body: KeptBody };

/** The kept request of a note. */
async function kept(context: RequestContext, read: typeof peekNote, note: string | undefined): Promise<KeptRequest | undefined> {
  const pending = note === undefined ? undefined : ((await read(context, 'pending', note)) as PendingRequest | undefined);
  return pending?.body === undefined ? undefined : { ...pending, body: pending.body };
}

function expired(context: RequestContext): void {
  refuseOutside(context, 'request_expired');
}

function refuseOutside({ engine, facts, req, res, runtime }: RequestContext, reason: Reason): void {
  auditRefusal(engine, facts, runtime.app, reason);
  answerOutside(req, res, reason, engine.settings.layout);
}

function isCancelled(url: string): boolean {
  return new URLSearchParams(url.slice(url.indexOf('?'))).has(CANCEL_PARAMETER);
}
