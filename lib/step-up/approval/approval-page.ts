import { html, type Html, type PageView } from '../../express/html-page.ts';
import type { ApprovalList, ApprovalView } from './approval-view.ts';

/** What the page shows. */
export interface ApprovalPageModel {
  readonly list: ApprovalList;
  /** Path of the page, without a slash at the end: empty at the root. */
  readonly path: string;
  /** What the person came to ask for. */
  readonly asking: AskingFor | undefined;
}

/** What somebody came to ask for, and how that stands. */
export interface AskingFor {
  readonly scope: string;
  readonly reasonNeeded: boolean;
  readonly forMs: number;
  /** The request that there is for this session, if it waits or is open. */
  readonly open: ApprovalView | undefined;
  /** How the last one ended. */
  readonly last: ApprovalView | undefined;
  /** Where the person goes on. */
  readonly backTo: string | undefined;
  /** The signed way back, to be handed on. */
  readonly returnTo: string | undefined;
}

/** The page on which approvals are asked for and decided. Works without a script. */
export function approvalPage({ list, path, asking }: ApprovalPageModel): PageView {
  const above = (asking?.open ?? asking?.last)?.id;
  const own = list.own.filter(({ id }) => id !== above);
  const body = html`${asking !== undefined && askingPart(asking, path, list.now)}
<h2 id="others">For you to decide</h2>
${list.others.length === 0 ? html`<p>Nothing is waiting for you.</p>` : list.others.map((one) => othersCard(one, path, list.now))}
<h2 id="own">What you asked for</h2>
${own.length === 0 ? html`<p>Nothing${above !== undefined && ' else'} in the last hour.</p>` : own.map((one) => ownCard(one, path, list.now))}`;
  const title = asking === undefined ? 'Approvals' : asking.open?.state === 'granted' ? 'Approved' : 'Approval needed';
  return { title, body: String(body) };
}

function askingPart(asking: AskingFor, path: string, now: number): Html {
  const { open, scope, backTo } = asking;
  if (open === undefined) return askForm(asking, path, now);
  if (open.state === 'granted')
    return html`<p class="what">${scope}</p><p role="status">Approved by ${decider(open)}, until ${instant(open.endsAt, now)}.</p>
${backTo !== undefined && html`<p><a class="button first" href="${backTo}">Go on</a></p>`}${actions(open, path)}`;
  return html`<p class="what">${scope}</p><p role="status">You asked ${instant(open.askedAt, now)}. Somebody else has to approve it, until
${instant(open.pendingUntil, now)}.</p>
<p><a class="button first" href="${path || '/'}?scope=${encodeURIComponent(scope)}">Look again</a></p>${actions(open, path)}`;
}

function askForm({ scope, reasonNeeded, forMs, last, returnTo, backTo }: AskingFor, path: string, now: number): Html {
  return html`<p>Another person has to approve this first. It is open for ${length(forMs)} then, in this session only.</p>
${last !== undefined && html`<p class="error" role="status">${outcome(last, now)}</p>`}
<form method="post" action="${path || '/'}">
<p class="what">${scope}</p>
<input type="hidden" name="scope" value="${scope}">
${returnTo !== undefined && html`<input type="hidden" name="return_to" value="${returnTo}">`}
<label for="reason">Why do you need it?${!reasonNeeded && ' (optional)'}</label>
<textarea id="reason" name="reason" rows="3" maxlength="500"${reasonNeeded && html` required`}></textarea>
<button class="first">Ask for approval</button>
</form>
${backTo !== undefined && html`<p><a href="${backTo}">Back to the page</a></p>`}`;
}

function ownCard(one: ApprovalView, path: string, now: number): Html {
  const where = one.thisSession ? '' : ' In another session of yours.';
  return html`<section class="way" aria-label="${one.scope}"><p class="what">${one.scope}</p>
<p>Asked ${instant(one.askedAt, now)}. ${outcome(one, now)}${where}</p>${actions(one, path)}</section>`;
}

function othersCard(one: ApprovalView, path: string, now: number): Html {
  const { subject, scope, app, reason, askedAt, forSeconds, state } = one;
  const row = (label: string, value: Html | string): Html => html`<dt>${label}</dt><dd><bdi>${value}</bdi></dd>`;
  return html`<section class="way" aria-label="${scope}, ${subject.name}"><p class="what">${scope}</p>
<dl>${row('Who', subject.name)}${row('In', app)}${row('Why', reason ?? 'No reason was given.')}${row('Since', instant(askedAt, now))}
${row('For', length(forSeconds * 1_000))}${state === 'granted' && [row('Approved by', decider(one)), row('Open until', instant(one.endsAt, now))]}</dl>
${state === 'granted' ? actions(one, path) : decisionForm(one, path)}</section>`;
}

/** A line break in the comment is no decision: in a field of one line, Enter would press the first button. */
function decisionForm({ id, subject, scope }: ApprovalView, path: string): Html {
  const label = `${scope}, ${subject.name}`;
  return html`<form class="plain" method="post" action="${path}/${id}/refuse">
<label for="c-${id}">Comment (optional)</label><textarea id="c-${id}" name="comment" rows="2" maxlength="500"></textarea>
<button aria-label="Refuse ${label}">Refuse</button>
<button class="first" formaction="${path}/${id}/approve" aria-label="Approve ${label}">Approve</button>
</form>`;
}

function actions({ can, id, scope, state }: ApprovalView, path: string): Html | false {
  const word = state === 'pending' ? 'Withdraw' : 'End it now';
  return (
    can.includes('revoke') &&
    html`<form class="plain" method="post" action="${path}/${id}/revoke"><button aria-label="${word}: ${scope}">${word}</button></form>`
  );
}

function outcome(one: ApprovalView, now: number): Html | string {
  const comment = one.comment === null ? '' : html` They say: <bdi>${one.comment}</bdi>`;
  switch (one.state) {
    case 'pending':
      return 'Nobody has decided yet.';
    case 'granted':
      return html`Approved by ${decider(one)}, until ${instant(one.endsAt, now)}.${comment}`;
    case 'refused':
      return html`Refused by ${decider(one)} ${instant(one.decidedAt, now)}.${comment}`;
    case 'revoked':
      return html`Ended by ${decider(one)} ${instant(one.decidedAt, now)}.${comment}`;
    case 'ended':
      return one.decidedAt === null ? 'Nobody decided in time.' : 'What was approved is over.';
  }
}

function decider({ decidedBy }: ApprovalView): Html {
  return html`<bdi>${decidedBy?.name}</bdi>`;
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** A length of time in words, in the largest unit that says it in whole numbers. */
function length(ms: number): string {
  const [unit, size] = UNITS.find(([, one]) => ms >= one && ms % one === 0) ?? ['second', 1_000];
  const count = Math.floor(ms / size);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** An instant as everybody can read it, and how far off it is; the page knows no time zone of its reader. */
function instant(at: number | null, now: number): Html {
  const iso = new Date(at ?? 0).toISOString();
  const minutes = Math.round(Math.abs((at ?? 0) - now) / 60_000);
  const far = minutes === 0 ? 'now' : (at ?? 0) > now ? `in ${length(minutes * 60_000)}` : `${length(minutes * 60_000)} ago`;
  return html`<time datetime="${iso}">${iso.slice(11, 16)} UTC</time> (${far})`;
}
