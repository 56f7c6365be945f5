import type { Request } from 'express';
import type { Configuration, IDToken } from 'openid-client';
import { isLocalPath } from '../../express/return-to.ts';
import { type Duration, durationMs } from '../../policy/duration.ts';
import type { Subject } from '../../policy/facts.ts';
import { checkText, invalidOption, refuseUnknownOptions } from '../confirmation/method-options.ts';
import { AcrLevels } from './oidc-levels.ts';

/** Who is expected at the provider, so that it need not ask (OpenID Connect Core 1.0, section 3.1.2.1). */
export interface OidcHint {
  readonly loginHint?: string;
  /** An ID token that the provider issued for this person before. */
  readonly idTokenHint?: string;
}

/** Options of `oidc`. */
export interface OidcOptions {
  /**
   * The provider and this client, from `discovery` of openid-client; as a function, it is asked for at the first use and again after a
   * failure. The signature of ID tokens is always checked, so the provider needs a `jwks_uri`.
   */
  readonly configuration: Configuration | (() => Promise<Configuration>);
  /** As registered with the provider: the public URL of the reauthentication page, and `/oidc/callback`. */
  readonly redirectUri: string;
  /** The `acr` values of the provider that reach a level of the policy, by level. Any other `acr`, or none, counts as the lowest. */
  readonly levels: Readonly<Record<string, readonly string[]>>;
  /** Which subject of the application it is whom the provider calls `iss` and `sub`; `undefined` if none. It has to be the session's. */
  readonly subject: (claims: IDToken) => Subject | undefined | Promise<Subject | undefined>;
  /** Default: `openid`, which is all that a confirmation needs. */
  readonly scope?: string;
  /** Whom the provider should expect, for a request of theirs. */
  readonly hint?: (req: Request) => OidcHint | undefined | Promise<OidcHint | undefined>;
  /** How far the clocks of the provider and of the session store may be apart, at most `60s`. Default: `5s`. */
  readonly clockTolerance?: Duration;
  /** How long the provider may take for an answer, at most `30s`. Default: `10s`. */
  readonly deadline?: Duration;
  /** What the page calls it. Default: `With your sign-in provider`. */
  readonly title?: string;
  /** Where a person goes on who came by themselves, or who cancels what has no page before it: a path. Default: `/`. */
  readonly home?: string;
}

/** Options that have been checked, with their defaults. */
export interface OidcSettings {
  readonly configuration: OidcOptions['configuration'];
  readonly redirectUri: string;
  readonly levels: AcrLevels;
  readonly subject: OidcOptions['subject'];
  readonly scope: string;
  readonly hint: OidcOptions['hint'];
  readonly toleranceMs: number;
  readonly deadlineMs: number;
  readonly title: string;
  readonly home: string;
  /** The reauthentication page, as browsers see it. */
  readonly basePath: string;
}

const KNOWN = ['configuration', 'redirectUri', 'levels', 'subject', 'scope', 'hint', 'clockTolerance', 'deadline', 'title', 'home'];
const CALLBACK = '/oidc/callback';

/**
 * @throws {SetupError} `ERR_OPTIONS_INVALID` for anything unknown, missing or unsafe, with what to change.
 * @throws {PolicyError} `ERR_DURATION_INVALID`
 */
export function checkOidcOptions(options: OidcOptions): OidcSettings {
  refuseUnknownOptions('oidc', options, KNOWN);
  return {
    basePath: checkRedirectUri(options.redirectUri),
    configuration: checkConfiguration(options.configuration),
    redirectUri: options.redirectUri,
    levels: new AcrLevels(options.levels),
    subject: checkFunction('subject', options.subject),
    scope: checkScope(options.scope ?? 'openid'),
    hint: options.hint === undefined ? undefined : checkFunction('hint', options.hint),
    toleranceMs: atMost('clockTolerance', options.clockTolerance ?? '5s', 60_000),
    deadlineMs: atMost('deadline', options.deadline ?? '10s', 30_000),
    title: checkText('oidc', 'title', options.title ?? 'With your sign-in provider'),
    home: checkHome(options.home ?? '/'),
  };
}

function checkConfiguration(configuration: unknown): OidcOptions['configuration'] {
  const isConfiguration = typeof (configuration as Partial<Configuration> | undefined)?.serverMetadata === 'function';
  if (isConfiguration || typeof configuration === 'function') return configuration as OidcOptions['configuration'];
  throw invalidOption(
    'oidc',
    'needs a configuration from openid-client: configuration: () => discovery(new URL(issuer), clientId, clientSecret)',
  );
}

/** @returns The page below which it is. Nothing else is public by itself; a query would not come back from the provider as it went. */
function checkRedirectUri(uri: unknown): string {
  const url = typeof uri === 'string' && URL.canParse(uri) ? new URL(uri) : undefined;
  const isPlain = url !== undefined && /^https?:$/.test(url.protocol) && url.origin + url.pathname === uri;
  if (isPlain && url.pathname.length > CALLBACK.length && url.pathname.endsWith(CALLBACK)) return url.pathname.slice(0, -CALLBACK.length);
  throw invalidOption(
    'oidc',
    `needs redirectUri to be the public URL of the reauthentication page followed by ${CALLBACK}, like "https://app.example.com/reauthenticate${CALLBACK}"`,
  );
}

function checkScope(scope: unknown): string {
  if (typeof scope === 'string' && scope.split(' ').includes('openid')) return scope;
  throw invalidOption('oidc', 'needs a scope with "openid" in it, or the provider sends no ID token');
}

function checkHome(home: unknown): string {
  if (typeof home === 'string' && isLocalPath(home)) return home;
  throw invalidOption('oidc', "needs a path of the site as home: home: '/account'");
}

function checkFunction<T>(name: string, value: T): T {
  if (typeof value === 'function') return value;
  throw invalidOption('oidc', `needs ${name} to be a function`);
}

function atMost(name: string, duration: Duration, mostMs: number): number {
  const ms = durationMs(duration, `oidc: ${name}`);
  if (ms <= mostMs) return ms;
  throw invalidOption('oidc', `takes at most "${mostMs / 1_000}s" as ${name}`);
}
