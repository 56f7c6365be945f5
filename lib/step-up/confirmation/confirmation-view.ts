import type { AskedConfirmation } from '../../express/interruption/asked-confirmation.ts';
import { html, type Html } from '../../express/html-page.ts';
import type { Reason } from '../../policy/reason.ts';
import type { FailedConfirmation } from './failed-confirmation.ts';
import type { StepUpMethodView } from './step-up-method.ts';

/** What the page shows. */
export interface ConfirmationContent {
  readonly asked: AskedConfirmation | undefined;
  readonly hand: string;
  readonly base: string;
  readonly cancel: string;
  /** Where a person signs out who does not want to confirm anything; `undefined` if the app does not say. */
  readonly signOut: string | undefined;
  readonly methods: readonly StepUpMethodView[];
  /** The try that the page answers, if it came to nothing. */
  readonly failure: FailedConfirmation | undefined;
}

const WHY: Partial<Record<Reason, string>> = {
  route_idle_timeout: 'You were away for a while.',
  reauthentication_required: 'What you are about to do needs a confirmation that was made just now.',
  device_trust_insufficient:
    'This needs a device that has been proved to be yours. A passkey that stays on it proves that for ten minutes.',
  assurance_insufficient: 'What you are about to do needs a stronger confirmation than your sign-in.',
};
const BY_THEMSELVES = 'You can confirm here that it’s you, before something asks for it.';

/** Everything between the heading and the end of the page. */
export function confirmationView(content: ConfirmationContent): Html {
  const { asked, base, cancel, failure, hand, methods, signOut } = content;
  const isShown = methods.some(({ id }) => id === failure?.method);
  return html`<p>${asked === undefined ? BY_THEMSELVES : (WHY[asked.reason] ?? 'Please confirm before you go on.')}</p>
${asked !== undefined && actionView(asked)}
${failure !== undefined && !isShown && html`<p class="error" role="alert">${failure.message}</p>`}
${methods.map((method) => method.view(asked, hand, { base, failed: method.id === failure?.method ? failure.message : undefined }))}
${methods.length === 0 && NONE}
<p><a class="button" href="${cancel}">Cancel</a></p>
${signOut !== undefined && html`<form method="post" action="${signOut}"><button>Sign out</button></form>`}`;
}

function actionView({ description, keptRequest, once }: AskedConfirmation): Html {
  return html`${description !== undefined && html`<p class="what" dir="auto">${description}</p>`}
${(keptRequest || description !== undefined) && html`<p>Nothing has been sent yet.${keptRequest && ' After the confirmation you see it once more.'}</p>`}
${once && html`<p>Your confirmation counts for this, once.</p>`}`;
}

const NONE: Html = html`<p class="error" role="alert">None of the ways in which you can confirm here is enough for this. A stronger one has to be set up for your
account first.</p>`;
