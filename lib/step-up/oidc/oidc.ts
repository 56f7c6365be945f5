import express, { type Request, type RequestHandler, type Response } from 'express';
import { SIGN_IN_AGAIN } from './oidc-query.ts';
import { presentedAsked, presentedWayBack } from '../../express/interruption/asked-confirmation.ts';
import { answerFailure } from '../../express/answers.ts';
import { html } from '../../express/html-page.ts';
import type { RequestContext } from '../../express/request-context.ts';
import { contextOf } from '../../express/request-properties.ts';
import { withReturnTo } from '../../express/return-to.ts';
import { withoutActivity } from '../confirmation/confirmation-endpoint.ts';
import { signedHand } from '../confirmation/confirmation-hand.ts';
import { confirmationPage } from '../confirmation/confirmation-page.ts';
import { confirm, flowOf, hasSession, isSignedIn } from './oidc-callback.ts';
import { checkOidcOptions, type OidcOptions, type OidcSettings } from './oidc-options.ts';
import { OidcProvider } from './oidc-provider.ts';
import { OidcRefusal, sendRefusal } from './oidc-refusal.ts';
import { startConfirmation } from './oidc-start.ts';
import { METHOD, type StepUpMethod, type StepUpMethodView } from '../confirmation/step-up-method.ts';

export type { OidcHint, OidcOptions } from './oidc-options.ts';
export type { MethodPlace, StepUpMethod, StepUpMethodView } from '../confirmation/step-up-method.ts';

/**
 * Confirmation of who somebody is by an OpenID Connect provider, on `openid-client`. Mounted at the app's `reauthenticateUrl`, with a page of
 * its own; or listed by `confirmationPage` beside other ways.
 *
 * - `GET oidc` sends a signed-in person to the provider, with `max_age`, `acr_values`, PKCE and a nonce
 * - `GET oidc/callback` takes the answer: signature, issuer, audience, nonce, expiry, `auth_time`, `acr`, `amr`, and that it is the person of
 *   the session; then the session is rotated, and the person goes on where they were
 *
 * Whatever fails, the session stays as it was, and a page says what happened.
 *
 * @throws {SetupError} `ERR_OPTIONS_INVALID` at once, with what to change.
 * @throws {PolicyError} `ERR_DURATION_INVALID` at once.
 * @example
 * import { discovery } from 'openid-client';
 * import { oidc } from 'express-session-policy/step-up/oidc';
 *
 * app.use('/reauthenticate', oidc({
 *   configuration: () => discovery(new URL('https://id.example.com'), 'shop', process.env.OIDC_SECRET),
 *   redirectUri: 'https://shop.example.com/reauthenticate/oidc/callback',
 *   levels: { aal2: ['urn:example:mfa'] },
 *   subject: async ({ iss, sub }) => people.findByProvider(iss, sub),
 * }));
 */
export function oidc(options: OidcOptions): StepUpMethod {
  const settings = checkOidcOptions(options);
  const provider = new OidcProvider(settings);
  const router = express
    .Router()
    .get(
      '/oidc',
      withoutActivity('oidc'),
      answer(settings, (context) => start(context, settings, provider)),
    )
    .get(
      '/oidc/callback',
      withoutActivity('oidc'),
      answer(settings, (context) => comeBack(context, settings, provider)),
    );
  const { home, title } = settings;
  const method = Object.assign(router, {
    [METHOD]: { id: 'oidc', title, level: undefined, amr: undefined, needsScript: false, view: viewOf(title) },
  });
  router.get('/', confirmationPage({ methods: [method], home }));
  return method;
}

/** No form: browsers do not let those of our pages lead to another site. */
function viewOf(title: string): StepUpMethodView['view'] {
  return (_asked, hand, { base }) => html`<section class="way" aria-labelledby="oidc-title">
<h2 id="oidc-title">${title}</h2>
<p>You are asked there who you are, and come back here.</p>
<a class="button first" href="${base}/oidc${hand && `?${hand}`}" aria-describedby="oidc-title">Continue</a>
</section>`;
}

type Answer = (context: RequestContext) => Promise<void>;

/** A handler whose failures are answered as the middleware answers its own, on every version of Express. */
function answer(settings: OidcSettings, work: Answer): RequestHandler {
  return async function oidcStepUp(req: Request, res: Response): Promise<void> {
    const context = contextOf(req) as RequestContext;
    // What looks ahead must not use up what it finds.
    if (req.method !== 'GET') return void res.status(405).set('Allow', 'GET').end();
    try {
      await work(context);
    } catch (error) {
      if (error instanceof OidcRefusal) refuse(context, settings, error, signedHand(context));
      else answerFailure(context, error);
    }
  };
}

async function start(context: RequestContext, settings: OidcSettings, provider: OidcProvider): Promise<void> {
  const { res, runtime } = context;
  res.setHeader('Cache-Control', 'no-store');
  const { loginUrl, profile } = runtime.app;
  // On a shared device, where the last person was going is nothing for the next.
  if (!isSignedIn(context)) return res.redirect(303, profile.shared ? loginUrl : withReturnTo(loginUrl, signedHand(context)));
  if (!isOwnWish(context)) return res.redirect(303, withReturnTo(settings.basePath, signedHand(context)));
  res.redirect(303, await startConfirmation(context, settings, provider));
}

/** No other site may send somebody to their provider: there they would confirm what they never began. The page asks them first. */
function isOwnWish({ req }: RequestContext): boolean {
  const site = req.headers['sec-fetch-site'];
  return site === undefined || site === 'same-origin' || site === 'none';
}

async function comeBack(context: RequestContext, settings: OidcSettings, provider: OidcProvider): Promise<void> {
  const { res } = context;
  // The address holds the code: it is for nobody else.
  res.setHeader('Referrer-Policy', 'no-referrer');
  res.setHeader('Cache-Control', 'no-store');
  if (!hasSession(context, settings)) return;
  const flow = await flowOf(context);
  try {
    res.redirect(303, await confirm(context, settings, provider, flow));
  } catch (error) {
    if (!(error instanceof OidcRefusal)) throw error;
    refuse(context, settings, error, flow.returnTo);
  }
}

/** The way to try again leads by the page: there may be other ways to confirm. */
function refuse(context: RequestContext, settings: OidcSettings, { message, reason }: OidcRefusal, returnTo: string | undefined): void {
  const { engine, runtime } = context;
  if (reason === 'provider_failed')
    engine.settings.log({ code: 'check_failed', message: `OpenID Connect: ${message}`, app: runtime.app.name });
  sendRefusal(context, reason, {
    again: withReturnTo(settings.basePath, returnTo),
    signInAgain: withReturnTo(`${settings.basePath}/oidc?${SIGN_IN_AGAIN}`, returnTo),
    cancel: cancelPath(context, settings, returnTo),
  });
}

/** The page that the person came from, unless that is the one that asked: it would only ask again. */
function cancelPath(context: RequestContext, { home }: OidcSettings, returnTo = ''): string {
  const asked = presentedAsked(context, returnTo);
  return (asked === undefined ? presentedWayBack(context, returnTo)?.path : asked.from) ?? home;
}
