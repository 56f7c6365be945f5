import { pageBefore } from '../../answers.ts';
import { isSafe } from '../../cross-site.ts';
import { type Html, html, sendPage } from '../../html-page.ts';
import type { RequestContext } from '../../request-context.ts';
import { isLocalPath, withReturnTo } from '../../return-to.ts';
import { dbscPath } from './dbsc-paths.ts';
import type { BrowserMeans } from './device-challenge.ts';

/** How long the page waits for a proof before it says that there is none; to prove a known key takes one request. */
const PATIENCE_MS: Readonly<Record<BrowserMeans, number>> = {
  asked: 5_000,
  'under-way': 4_000,
  refresh: 2_000,
  exhausted: 0,
  stale: 0,
  nothing: 0,
};

const CAN_PROVE = 'Chrome and Edge on Windows and macOS can do that';
const REFUSED: Readonly<Record<BrowserMeans, string>> = {
  asked: `This is open only to a browser that can prove that it is the one which signed in. ${CAN_PROVE}; this one has not.`,
  'under-way': `This is open only to a browser that can prove that it is the one which signed in. ${CAN_PROVE}; this one has not.`,
  refresh: 'This session belongs to the browser that signed in, and this one has not shown that it is the same.',
  exhausted: 'Your browser has had to prove itself too often in a short time. Please try again in ten minutes.',
  stale: `This is open only to a browser that can prove that it is the one which signed in. ${CAN_PROVE}, a short while after you have signed in.`,
  nothing: 'This is open only to a device that has proved to be yours, in a way that this browser cannot.',
};
const REFUSED_TITLE = 'Device not accepted';
const NOT_ENROLLED = 'This is open only on a device that you have enrolled as yours, and this one is not.';

/**
 * A page in the place of the one that was asked for. Its script waits for the proof and opens that one; without scripts its links do. A form
 * that was sent is not sent again by itself: the person is told that nothing was done.
 */
export function sendDevicePage(context: RequestContext, means: BrowserMeans, otherWay: string | undefined): void {
  const { res, engine, runtime, req } = context;
  const waits = PATIENCE_MS[means] > 0;
  const isRead = isSafe(req.method);
  const body = html`${!isRead && html`<p class="what">What you sent has not been taken: nothing was done.</p>`}${waits && waiting(context, means, isRead, otherWay)}
<div id="refused" data-title="${REFUSED_TITLE}">${refused(context, means, isRead, otherWay)}</div>`;
  const script = waits ? dbscPath(runtime.app, 'script') : undefined;
  sendPage(res, 403, { title: waits ? 'Checking your browser' : REFUSED_TITLE, body: String(body), script }, engine.settings.layout);
}

/** Hidden until the script is there, which hides the rest. */
function waiting({ runtime }: RequestContext, means: BrowserMeans, isRead: boolean, otherWay = ''): Html {
  const after = isRead ? 'open' : 'stay';
  return html`<div id="waiting" hidden data-check="${dbscPath(runtime.app, 'check')}" data-patience="${PATIENCE_MS[means]}" data-after="${after}" data-ask-again="${String(means === 'under-way')}" data-other-way="${otherWay}">
<p role="status">One moment: your browser is showing that it is the one that signed in.</p></div>
<div id="proved" hidden><p role="status">Your browser has shown that it is the one that signed in. Go back and send it again.</p></div>`;
}

function refused(context: RequestContext, means: BrowserMeans, isRead: boolean, otherWay: string | undefined): Html {
  const { engine, runtime, now, decision } = context;
  const { app } = runtime;
  const isEnrolment = decision.requirement?.device?.trust.value === 'known';
  const page = pageOf(context);
  const signed = app.profile.shared ? undefined : engine.returnTo.sign(app.name, { path: page, asked: undefined }, now);
  return html`<p>${isEnrolment ? NOT_ENROLLED : REFUSED[means]}</p>
<p>${otherWay !== undefined && html`<a class="button first" href="${otherWay}">Confirm that it's you</a> `}<a class="button" href="${page}">${isRead ? 'Try again' : 'Go back'}</a> ${!isEnrolment && html`<a class="button" href="${withReturnTo(app.loginUrl, signed)}">Sign in again</a>`}</p>`;
}

/** The page that was asked for, or the one that a form stood on. */
function pageOf(context: RequestContext): string {
  const page = pageBefore(context);
  return isLocalPath(page) ? page : '/';
}
