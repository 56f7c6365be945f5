import { calculatePKCECodeChallenge } from 'openid-client';
import { presentedAsked } from '../../express/interruption/asked-confirmation.ts';
import type { RequestContext } from '../../express/request-context.ts';
import type { Asked } from '../../express/return-to.ts';
import { checkLevel } from '../confirmation/confirmation-endpoint.ts';
import { signedHand } from '../confirmation/confirmation-hand.ts';
import { type BegunFlow, beginFlow, type OidcDemand } from './oidc-flow.ts';
import type { OidcSettings } from './oidc-options.ts';
import type { OidcProvider } from './oidc-provider.ts';
import { wholeQueryOf, SIGN_IN_AGAIN } from './oidc-query.ts';
import { OidcRefusal } from './oidc-refusal.ts';

/**
 * Where to send a person who wants to confirm who they are.
 *
 * @throws {OidcRefusal} `provider_failed`, or `requirements_unmet` if nothing that the provider can say would do.
 * @throws {SessionError} `ERR_SESSION_ENDED`, `ERR_LEVEL_UNKNOWN`, `ERR_STORE_UNAVAILABLE`
 */
export async function startConfirmation(context: RequestContext, settings: OidcSettings, provider: OidcProvider): Promise<string> {
  for (const level of settings.levels.names) checkLevel(context, 'oidc', level);
  const returnTo = signedHand(context);
  const demand = demandOf(context, presentedAsked(context, returnTo ?? ''));
  const acrValues = acrValuesFor(demand, settings, context.inForce.policy.assurance);
  const flow = await beginFlow(context, demand, returnTo);
  return provider.address({
    ...(await parametersOf(flow, settings, wholeQueryOf(context.req).has(SIGN_IN_AGAIN))),
    ...(acrValues.length === 0 ? {} : { acr_values: acrValues.join(' ') }),
    ...(await hintsOf(context, settings)),
  });
}

/** Nothing was asked, or something for once: then only what the person does from now on counts. */
function demandOf(context: RequestContext, asked: Asked | undefined): OidcDemand {
  if (asked === undefined) return { level: undefined, amr: [], maxAgeMs: undefined, maxAgeSeconds: 0 };
  const { level, amr, maxAgeMs, once, boundTo } = asked;
  return { level, amr, maxAgeMs, maxAgeSeconds: once || boundTo !== undefined ? 0 : maxAge(context, asked) };
}

/** An authentication that the session knows of already adds nothing, so the provider is asked for a newer one. */
function maxAge({ loaded, now }: RequestContext, { maxAgeMs }: Asked): number {
  const sinceKnown = now - (loaded?.record.authenticatedAt ?? now) - 1;
  return Math.max(0, Math.floor(Math.min(sinceKnown, maxAgeMs ?? sinceKnown) / 1_000));
}

function acrValuesFor({ level }: OidcDemand, { levels }: OidcSettings, assurance: readonly string[]): readonly string[] {
  if (level === undefined || level === assurance[0]) return [];
  const acrs = levels.reaching(level, assurance);
  if (acrs.length === 0) throw new OidcRefusal('requirements_unmet');
  return acrs;
}

async function parametersOf(
  { state, nonce, codeVerifier, demand }: BegunFlow,
  { redirectUri, scope }: OidcSettings,
  anew: boolean,
): Promise<Readonly<Record<string, string>>> {
  return {
    redirect_uri: redirectUri,
    scope,
    state,
    nonce,
    code_challenge: await calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: 'S256',
    max_age: String(demand.maxAgeSeconds),
    // The same in other words, for providers that take 0 for "not given".
    ...(demand.maxAgeSeconds === 0 || anew ? { prompt: 'login' } : {}),
  };
}

async function hintsOf({ req }: RequestContext, { hint }: OidcSettings): Promise<Readonly<Record<string, string>>> {
  const { loginHint, idTokenHint } = (await hint?.(req)) ?? {};
  return {
    ...(loginHint === undefined ? {} : { login_hint: loginHint }),
    ...(idTokenHint === undefined ? {} : { id_token_hint: idTokenHint }),
  };
}
