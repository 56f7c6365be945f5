import {
  AuthorizationResponseError,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  ClientError,
  type Configuration,
  enableNonRepudiationChecks,
  type IDToken,
  ResponseBodyError,
} from 'openid-client';
import type { OidcFlow } from './oidc-flow.ts';
import type { OidcSettings } from './oidc-options.ts';
import { OidcRefusal, type OidcRefusalReason } from './oidc-refusal.ts';

/** Answers of a provider that a person can do something about (OpenID Connect Core 1.0, section 3.1.2.6, and its extension). */
const ANSWERS: Readonly<Record<string, OidcRefusalReason>> = {
  access_denied: 'cancelled',
  unmet_authentication_requirements: 'requirements_unmet',
  login_required: 'not_authenticated',
  interaction_required: 'not_authenticated',
  account_selection_required: 'not_authenticated',
  consent_required: 'not_authenticated',
};

/** The provider, as far as confirmations need it. Every call ends before the deadline. */
export class OidcProvider {
  readonly #settings: OidcSettings;
  #configuration: Promise<Configuration> | undefined;

  constructor(settings: OidcSettings) {
    this.#settings = settings;
  }

  /** @throws {OidcRefusal} `provider_failed` if it cannot be found out in time; the next call tries again. */
  async configuration(): Promise<Configuration> {
    const pending = (this.#configuration ??= this.#discover());
    try {
      return await this.#inTime(pending);
    } catch (error) {
      if (this.#configuration === pending) this.#configuration = undefined;
      throw failed('discovery', error);
    }
  }

  /**
   * Where to send a person.
   *
   * @throws {OidcRefusal} `provider_failed` if that cannot be found out, or is not https without the application's leave.
   */
  async address(parameters: Readonly<Record<string, string>>): Promise<string> {
    const configuration = await this.configuration();
    try {
      return buildAuthorizationUrl(configuration, parameters).href;
    } catch (error) {
      throw failed('the authorization endpoint', error);
    }
  }

  /**
   * The claims of the ID token that the provider gives for the answer in `parameters`. openid-client has checked `state`, the issuer, the
   * audience, the nonce, that it has not expired, and its signature.
   *
   * @throws {OidcRefusal} if the provider refuses, fails or answers something else.
   */
  async claims(parameters: URLSearchParams, flow: OidcFlow, state: string): Promise<IDToken> {
    const url = new URL(this.#settings.redirectUri);
    url.search = parameters.toString();
    const configuration = await this.configuration();
    const checks = { expectedState: state, expectedNonce: flow.nonce, pkceCodeVerifier: flow.codeVerifier, idTokenExpected: true };
    try {
      const tokens = await this.#inTime(authorizationCodeGrant(configuration, url, checks));
      return tokens.claims() as IDToken;
    } catch (error) {
      if (error instanceof AuthorizationResponseError) throw answered(error.error);
      throw failed('the exchange of the code', error);
    }
  }

  async #discover(): Promise<Configuration> {
    const { configuration } = this.#settings;
    const found = typeof configuration === 'function' ? await configuration() : configuration;
    // TLS alone would do by the specification. A signature is also there where TLS ends before the provider does.
    enableNonRepudiationChecks(found);
    if (found.serverMetadata().jwks_uri === undefined) throw new OidcRefusal('provider_failed', 'the provider has no jwks_uri');
    return found;
  }

  async #inTime<T>(work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new OidcRefusal('provider_failed', 'no answer in time')), this.#settings.deadlineMs);
    });
    try {
      return await Promise.race([work, tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function answered(error: string): OidcRefusal {
  const reason = Object.hasOwn(ANSWERS, error) ? ANSWERS[error] : undefined;
  return reason === undefined ? new OidcRefusal('provider_failed', 'the provider answered with an error') : new OidcRefusal(reason);
}

/** What failed, in words that are safe to log: names and codes of errors, never their texts. */
function failed(what: string, error: unknown): OidcRefusal {
  if (error instanceof OidcRefusal) return new OidcRefusal('provider_failed', `${what}: ${error.message}`);
  return new OidcRefusal('provider_failed', `${what}: ${nameOf(error)}`);
}

function nameOf(error: unknown): string {
  if (error instanceof ResponseBodyError) return `the provider answered ${/^[a-z_]{1,40}$/.test(error.error) ? error.error : 'an error'}`;
  if (error instanceof ClientError) return error.code ?? error.name;
  return error instanceof Error ? error.name : 'unknown error';
}
