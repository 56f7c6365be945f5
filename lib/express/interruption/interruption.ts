import type { Decision } from '../../policy/decision.ts';
import { answerRefusal, answerUnkept, pageBefore, refererPage } from '../answers.ts';
import { isPage } from '../client-kind.ts';
import { isConfirmable } from '../device/browser/device-fallback.ts';
import { type KeptBody, keepBody } from './kept-body.ts';
import { isLocalPath, type Asked } from '../return-to.ts';
import type { RequestContext } from '../request-context.ts';
import { withoutResumption } from './resumption-parameter.ts';
import { keepNote, sessionMark } from './session-notes.ts';

/** How long a request is kept for its sender to confirm who they are. */
export const KEPT_MS: number = 10 * 60_000;

/** What a guard knows about the action that it stands before. */
export interface ActionInWords {
  /** Digest of the action and its values, if the confirmation has to be for these only. */
  readonly boundTo?: string | undefined;
  /** The action in words, for the person who is asked. */
  readonly description?: string | undefined;
}

/** A request that waits for its sender's confirmation, or what it was about. Encrypted, and bound to the session. */
export interface PendingRequest extends ActionInWords {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly url: string;
  /** Where the form stood that sent it. */
  readonly from: string;
  /** `undefined` where the client keeps the request itself. */
  readonly body?: KeptBody | undefined;
}

/**
 * Answers a request that may not go on before its sender has authenticated again. A form is kept, so that it can go on after that; what
 * the confirmation is for is remembered for those who keep their request themselves.
 */
export function interrupt(context: RequestContext, decision: Decision, about: ActionInWords = {}): Promise<void> | void {
  if (!isConfirmable(context, decision) || context.loaded?.record.subject === undefined) return answerRefusal(context, decision);
  const isForm = context.facts.method === 'POST' && context.runtime.app.profile.transport === 'cookie' && isPage(context.req);
  if (!isForm && about.description === undefined) return answerRefusal(context, decision, asked(context, decision, about));
  return remember(context, decision, about, isForm);
}

async function remember(context: RequestContext, decision: Decision, about: ActionInWords, isForm: boolean): Promise<void> {
  const { facts, req } = context;
  const url = withoutResumption(req.originalUrl);
  const body = isForm && isLocalPath(url) ? await keepBody(req) : undefined;
  const isWorthANote = body !== undefined || about.description !== undefined;
  const pending: PendingRequest = { ...about, method: facts.method, url, from: pageBefore(context), body };
  const note = isWorthANote ? await keepNote(context, 'pending', pending, KEPT_MS) : undefined;
  const what = asked(context, decision, about, note, body === undefined ? undefined : url);
  if (isForm && body === undefined) answerUnkept(context, decision, what);
  else answerRefusal(context, decision, what);
}

/** What the person is asked, for the page that asks them. */
export function asked(context: RequestContext, decision: Decision, { boundTo }: ActionInWords, note?: string, keptPath?: string): Asked {
  const { challenge, reason, requirement } = decision;
  return {
    session: context.loaded === undefined ? '' : sessionMark(context.loaded),
    reason,
    level: challenge?.level,
    amr: challenge?.amr ?? [],
    maxAgeMs: challenge?.maxAgeMs,
    once: requirement?.stepUp?.once !== undefined,
    boundTo,
    note,
    keptPath,
    from: pageLeft(context),
  };
}

/** Where to go without confirming: not where one is asked again, nor where one signs in. */
function pageLeft(context: RequestContext): string | undefined {
  const { req, runtime } = context;
  const page = refererPage(context);
  const isWayOut = page !== undefined && page !== withoutResumption(req.originalUrl) && !runtime.app.entryPaths.includes(pathOf(page));
  return isWayOut ? withoutResumption(page) : undefined;
}

function pathOf(page: string): string {
  return page.split('?')[0] as string;
}
