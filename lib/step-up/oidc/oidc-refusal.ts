import { html, type Html, sendPage } from '../../express/html-page.ts';
import type { RequestContext } from '../../express/request-context.ts';

/** Why a confirmation by a provider came to nothing. */
export type OidcRefusalReason =
  | 'cancelled'
  | 'not_authenticated'
  | 'requirements_unmet'
  | 'not_recent'
  | 'assurance_insufficient'
  | 'method_missing'
  | 'other_subject'
  | 'flow_unknown'
  | 'provider_failed';

interface Outcome {
  readonly status: 401 | 403 | 502;
  readonly title: string;
  readonly text: string;
}

const OUTCOMES: Readonly<Record<OidcRefusalReason, Outcome>> = {
  cancelled: { status: 401, title: 'Not confirmed', text: 'You left your sign-in provider without confirming that it’s you.' },
  not_authenticated: { status: 401, title: 'Not confirmed', text: 'Your sign-in provider could not ask you who you are.' },
  requirements_unmet: {
    status: 403,
    title: 'Not confirmed',
    text: 'Your sign-in provider could not confirm you in the way that this needs. A stronger way of signing in may have to be set up there first.',
  },
  not_recent: {
    status: 401,
    title: 'Please sign in there anew',
    text: 'Your sign-in provider did not ask you again just now, which this needs.',
  },
  assurance_insufficient: {
    status: 403,
    title: 'Stronger sign-in required',
    text: 'You signed in at your sign-in provider, but not in a way that is strong enough for this.',
  },
  method_missing: {
    status: 403,
    title: 'Another way of signing in required',
    text: 'You signed in at your sign-in provider, but not with everything that this needs.',
  },
  other_subject: {
    status: 403,
    title: 'Not the same account',
    text: 'The account that was signed in there is not the one that you use here. Sign in there with the account that belongs to this one.',
  },
  flow_unknown: {
    status: 403,
    title: 'No longer valid',
    text: 'This confirmation was used already, took too long, or was not begun here.',
  },
  provider_failed: {
    status: 502,
    title: 'Sign-in provider not available',
    text: 'Your sign-in provider could not be reached, or gave an answer that cannot be accepted. Please try again in a moment.',
  },
};

/** A confirmation that came to nothing. The session is as it was before. */
export class OidcRefusal extends Error {
  override readonly name: string = 'OidcRefusal';
  readonly reason: OidcRefusalReason;

  /** @param detail For the operator's log: nothing that came from outside, no token, code or state. */
  constructor(reason: OidcRefusalReason, detail?: string) {
    super(detail ?? reason);
    this.reason = reason;
  }
}

/** Where a person can go on from a refusal. */
export interface WaysOn {
  readonly again: string;
  /** To the provider, which is told to ask anew: its own session would only give the same answer. */
  readonly signInAgain: string;
  readonly cancel: string;
}

const NEEDS_ANOTHER_SIGN_IN: readonly OidcRefusalReason[] = ['other_subject', 'assurance_insufficient', 'method_missing', 'not_recent'];

/** Says in words what happened. All texts are ours: nothing that a provider sent is shown. */
export function sendRefusal({ engine, res }: RequestContext, reason: OidcRefusalReason, { again, signInAgain, cancel }: WaysOn): void {
  const { status, title, text } = OUTCOMES[reason];
  const body = html`<p role="alert">${text}</p>
<p>Nothing has been changed or sent.</p>
<p>${NEEDS_ANOTHER_SIGN_IN.includes(reason) && html`<a class="button first" href="${signInAgain}">Sign in there again</a> `}
<a class="button" href="${again}">Try again</a> <a class="button" href="${cancel}">Cancel</a></p>`;
  sendPage(res, status, { title, body: String(body) }, engine.settings.layout);
}

/** For a person whose session is over when they come back. */
export function sendSignInFirst({ engine, res, runtime }: RequestContext): void {
  const body: Html = html`<p role="alert">Your session has ended meanwhile, so there is nothing to confirm.</p>
<p><a class="button first" href="${runtime.app.loginUrl}">Sign in</a></p>`;
  sendPage(res, 401, { title: 'Session ended', body: String(body) }, engine.settings.layout);
}
