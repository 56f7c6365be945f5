import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { sendBuiltScript } from '../../express/built-script.ts';
import { askedConfirmation } from '../../express/interruption/asked-confirmation.ts';
import { sendPage } from '../../express/html-page.ts';
import type { RequestContext } from '../../express/request-context.ts';
import { contextOf } from '../../express/request-properties.ts';
import { isLocalPath, withReturnTo } from '../../express/return-to.ts';
import { StoreUnavailableError } from '../../sessions/errors.ts';
import { confirmationEndpoint, withoutActivity } from './confirmation-endpoint.ts';
import { handIn, handTo, signedHand } from './confirmation-hand.ts';
import { confirmationView } from './confirmation-view.ts';
import { FailedConfirmation } from './failed-confirmation.ts';
import { invalidOption, refuseUnknownOptions } from './method-options.ts';
import { offeredMethods } from './offered-methods.ts';
import { METHOD, type StepUpMethod } from './step-up-method.ts';

/** Options of `confirmationPage`. */
export interface ConfirmationPageOptions {
  /** Ways of confirming, in the order in which the page lists them: `passkey()`, `oidc()`, `confirmationForm()`. */
  readonly methods: readonly StepUpMethod[];
  /** Where a person goes on who opened the page by themselves: a path. Default `/`. */
  readonly home?: string;
}

const NAME = 'confirmationPage';

/**
 * The page on which people confirm that it's them, to be mounted at the app's `reauthenticateUrl`. It says why they are asked and for which
 * action, and lists the methods that the rule accepts and the person has set up. Without JavaScript, forms and links work. Nobody signed in:
 * 303 to `loginUrl`, with the way back.
 *
 * `layout` of `sessionPolicy` changes its frame. An application can also serve a page of its own, from `req.sessionPolicy.asked()`; the
 * methods then are mounted by themselves, and what goes wrong with a form comes to the error handler as `ERR_CONFIRMATION_FAILED`.
 *
 * @throws {SetupError} `ERR_OPTIONS_INVALID` at once, for options that are unknown or missing, or methods that are none.
 * @example
 * app.use('/reauthenticate', confirmationPage({ methods: [passkey(keys), confirmationForm(totp)] }));
 * @example
 * // A page of one's own, with the forms of the suite behind it.
 * app.get('/reauthenticate', async (req, res) => {
 *   const asked = await req.sessionPolicy.asked();
 *   res.render('confirm', { why: asked?.reason, action: asked?.description, cancel: asked?.cancelPath });
 * });
 * app.use('/reauthenticate', confirmationForm(totp));
 */
export function confirmationPage(options: ConfirmationPageOptions): RequestHandler {
  const settings = checkPageOptions(options);
  const router = express.Router().use(withoutActivity(NAME));
  router.get(
    '/',
    confirmationEndpoint((context) => showPage(context, settings)),
  );
  router.get(
    '/page.js',
    confirmationEndpoint(({ res }) => sendBuiltScript(res, 'passkey-page.js')),
  );
  for (const method of settings.methods) router.use(method);
  return router.use(showFailure(settings));
}

type PageSettings = Required<ConfirmationPageOptions>;

/** @throws {SetupError} `ERR_OPTIONS_INVALID` */
function checkPageOptions(options: ConfirmationPageOptions): PageSettings {
  refuseUnknownOptions(NAME, options, ['methods', 'home']);
  const { home = '/', methods } = options;
  if (!Array.isArray(methods) || methods.length === 0 || !methods.every((method) => typeof method === 'function' && METHOD in method))
    throw invalidOption(NAME, 'needs a list of methods: methods: [passkey({ … }), confirmationForm({ … })]');
  const ids = methods.map((method: StepUpMethod) => method[METHOD].id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw invalidOption(NAME, `lists two methods with the id "${twice}": give one of them another`);
  if (typeof home !== 'string' || !isLocalPath(home)) throw invalidOption(NAME, "needs a path of the site as home: home: '/account'");
  return { home, methods };
}

async function showPage(context: RequestContext, settings: PageSettings, failure?: FailedConfirmation): Promise<void> {
  if (context.sessionUnread) throw new StoreUnavailableError('the session of a confirmation could not be read');
  if (context.loaded?.record.subject === undefined) return signInFirst(context);
  const { engine, res } = context;
  const base = basePath(context);
  const asked = await askedConfirmation(context);
  const hand = handIn(context) ?? handTo(context, settings.home);
  const methods = await offeredMethods(context, settings.methods, asked);
  const cancel = asked === undefined || asked.cancelPath === '/' ? settings.home : asked.cancelPath;
  const { sessionUrl } = context.runtime.app;
  const signOut = sessionUrl === undefined ? undefined : `${sessionUrl}/sign-out`;
  const body = confirmationView({ asked, hand, base, cancel, signOut, methods, failure });
  const script = methods.some(({ needsScript }) => needsScript) ? `${base}/page.js` : undefined;
  if (failure?.retryAfter !== undefined) res.setHeader('Retry-After', String(failure.retryAfter));
  const heading = asked?.reason === 'device_trust_insufficient' ? DEVICE_TITLE : TITLE;
  const title = failure === undefined ? heading : `Not confirmed: ${heading.toLowerCase()}`;
  sendPage(res, failure?.status ?? 200, { title, body: String(body), script }, engine.settings.layout);
}

const TITLE = 'Please confirm it’s you';
const DEVICE_TITLE = 'Confirm this device with a passkey';

/** They go to where they were going, but not on a shared device: that may have been another person. What this session was asked is over. */
function signInFirst(context: RequestContext): void {
  const { res, runtime } = context;
  const { loginUrl, profile } = runtime.app;
  res.statusCode = 303;
  res.setHeader('Cache-Control', 'no-store');
  res.setHeader('Location', profile.shared ? loginUrl : withReturnTo(loginUrl, signedHand(context)));
  res.end();
}

/** Where browsers see the page; a proxy in front may have taken a part of the path away from us. */
function basePath({ runtime }: RequestContext): string {
  return new URL(runtime.app.reauthenticateUrl, 'http://origin.invalid').pathname.replace(/\/+$/, '');
}

function showFailure(settings: PageSettings): (error: unknown, req: Request, res: Response, next: NextFunction) => void {
  return function confirmationFailure(error: unknown, req: Request, res: Response, next: NextFunction): void {
    if (contextOf(req) === undefined || !(error instanceof FailedConfirmation)) return next(error);
    void confirmationEndpoint((context) => showPage(context, settings, error))(req, res, next);
  };
}
