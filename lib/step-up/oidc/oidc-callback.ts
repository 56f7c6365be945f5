import { pathAfter } from '../../express/interruption/asked-confirmation.ts';
import { html, sendPage } from '../../express/html-page.ts';
import type { RequestContext } from '../../express/request-context.ts';
import { sessionControl } from '../../express/session-control.ts';
import { SessionError, StoreUnavailableError } from '../../sessions/errors.ts';
import { shownAuthentication } from './oidc-claims.ts';
import { type OidcFlow, takeFlow } from './oidc-flow.ts';
import type { OidcSettings } from './oidc-options.ts';
import type { OidcProvider } from './oidc-provider.ts';
import { wholeQueryOf } from './oidc-query.ts';
import { OidcRefusal, sendSignInFirst } from './oidc-refusal.ts';

/** In the address of a callback that has been loaded again from a page of ours. */
const AGAIN = 'loaded_again';

/**
 * Whether a callback can be worked on. If it came without the session, it has been answered: a browser does not send a
 * `SameSite=Strict` cookie with a page that another site leads to, so a page of ours loads the same address again, once.
 */
export function hasSession(context: RequestContext, { basePath }: OidcSettings): boolean {
  if (isSignedIn(context)) return true;
  const query = wholeQueryOf(context.req);
  if (query.has(AGAIN)) sendSignInFirst(context);
  else loadAgain(context, `${basePath}/oidc/callback?${query.toString()}&${AGAIN}=1`);
  return false;
}

/** @throws {SessionError} `ERR_STORE_UNAVAILABLE` if that could not be found out. */
export function isSignedIn({ loaded, sessionUnread }: RequestContext): boolean {
  if (sessionUnread) throw new StoreUnavailableError('the session of a confirmation could not be read');
  return loaded?.record.subject !== undefined;
}

function loadAgain({ engine, res }: RequestContext, address: string): void {
  res.setHeader('Refresh', `0; url=${address}`);
  const body = html`<p>One moment, please.</p><p><a href="${address}">Go on</a></p>`;
  sendPage(res, 200, { title: 'Coming back', body: String(body) }, engine.settings.layout);
}

/**
 * The flow that the provider's answer belongs to. It is over then, whatever comes of the answer.
 *
 * @throws {OidcRefusal} `flow_unknown`
 */
export async function flowOf(context: RequestContext): Promise<OidcFlow> {
  const flow = await takeFlow(context, wholeQueryOf(context.req).get('state'));
  if (flow === undefined) throw new OidcRefusal('flow_unknown');
  return flow;
}

/**
 * Takes the provider's answer for a confirmation of the session.
 *
 * @returns The path on which the person goes on.
 * @throws {OidcRefusal} if it is none; the session is as it was.
 */
export async function confirm(context: RequestContext, settings: OidcSettings, provider: OidcProvider, flow: OidcFlow): Promise<string> {
  const { inForce, now } = context;
  const query = wholeQueryOf(context.req);
  query.delete(AGAIN);
  const claims = await provider.claims(query, flow, query.get('state') as string);
  const { levels, toleranceMs } = settings;
  const shown = shownAuthentication(claims, flow, { levels, assurance: inForce.policy.assurance, toleranceMs, now });
  const subject = await settings.subject(claims);
  if (subject === undefined) throw new OidcRefusal('other_subject');
  // Never undefined: the address of a callback says nothing about what the person was asked.
  const resume = flow.returnTo ?? '';
  await sessionControl(context)
    .reauthenticated({ ...shown, subject, resume })
    .catch(refuseInWords);
  return pathAfter(context, resume) ?? settings.home;
}

function refuseInWords(error: unknown): never {
  const code = error instanceof SessionError ? error.code : undefined;
  if (code === 'ERR_SUBJECT_MISMATCH') throw new OidcRefusal('other_subject');
  if (code === 'ERR_AUTHENTICATION_OLD') throw new OidcRefusal('not_recent');
  throw error;
}
