import { html, sendPage } from '../../html-page.ts';
import type { RequestContext } from '../../request-context.ts';
import { enrolmentPath } from './workstation-path.ts';

/** Why a code was not taken. */
export type CodeFault = 'unknown' | 'too-soon';

const FAULTS: Readonly<Record<CodeFault, { readonly status: number; readonly text: string }>> = {
  unknown: {
    status: 403,
    text: 'This code is not good. It may have been mistyped, used already, or older than fifteen minutes. Try again, or ask for a new one.',
  },
  'too-soon': { status: 429, text: 'That was too soon after the last try. Nothing was done; wait a moment and send it again.' },
};

/** The page on which an administrator makes a device a workstation. It needs no script. */
export function sendEnrolmentPage({ runtime, facts, res, engine }: RequestContext, fault?: CodeFault): void {
  const { status, text } = fault === undefined ? { status: 200, text: undefined } : FAULTS[fault];
  const isEnrolled = facts.device?.workstation !== undefined;
  const body = html`${text !== undefined && html`<p class="error" role="alert">${text}</p>`}
${isEnrolled && html`<p class="what">This workstation is set up already. <a href="${runtime.app.loginUrl}">Go on to sign in</a>, or set it up anew:</p>`}
<p>An administrator sets up the devices that several people use here, with a code that is good once.</p>
<form method="post" action="${enrolmentPath(runtime.app)}">
<label for="code">Code</label>
<input id="code" name="code" required maxlength="64" placeholder="XXXX-XXXX-XXXX-XXXX" autocomplete="off" autocapitalize="characters" spellcheck="false" autofocus>
<button class="first">Set up this workstation</button>
</form>`;
  sendPage(res, status, { title: 'Set up this workstation', body: String(body) }, engine.settings.layout);
}
