import type { AppMatcher } from './apps.ts';
import type { CompiledCondition } from './conditions.ts';
import type { CookieDocument, DeviceTrust, PolicyDocument, ProfileDocument, SubjectKind } from './document.ts';
import type { CompiledException } from './exceptions.ts';
import type { Clause, Release, StepUpDefaults } from './requirement.ts';
import type { CompiledRoute } from './routes.ts';
import type { Rule } from './rule.ts';

/** A profile with its preset filled in and its durations in milliseconds. */
export interface CompiledProfile {
  readonly name: string;
  readonly document: ProfileDocument;
  readonly transport: 'cookie' | 'header' | 'token';
  readonly subjects: readonly SubjectKind[];
  readonly concurrent: { readonly max: number; readonly onLimit: 'deny' | 'end-oldest' } | undefined;
  /** Several people use the device: nothing of one may be left for the next. */
  readonly shared: boolean;
  readonly cookie: Required<Pick<CookieDocument, 'sameSite' | 'persistent'>> & Pick<CookieDocument, 'name' | 'secure'>;
  readonly trustedOrigins: readonly string[];
  readonly onStoreError: 'unavailable' | 'anonymous';
  readonly deviceFallback: 'refuse' | 'passkey';
  /** What enrolling a device asks. */
  readonly enrolment: NonNullable<Clause['stepUp']>;
  readonly dpop: { readonly windowMs: number; readonly nonceRequired: boolean };
  readonly offline: { readonly leaseMs: number; readonly scopes: readonly string[] } | undefined;
  /** Trust the preset recommends; reported, not enforced. */
  readonly recommendedTrust: DeviceTrust;
  readonly stepUpDefaults: StepUpDefaults;
}

/** How the browsers of an app prove their device. */
export interface CompiledDbsc {
  readonly proofMs: number;
  /** Every sign-in registers the browser; otherwise only where somebody is asked for a bound device. */
  readonly atSignIn: boolean;
}

/** An app of the document, ready to be matched and decided on. */
export interface CompiledApp {
  readonly name: string;
  readonly policyDigest: string;
  readonly profile: CompiledProfile;
  readonly tags: readonly string[];
  readonly owner: string | undefined;
  readonly loginUrl: string;
  readonly reauthenticateUrl: string;
  /** Where a person goes on, on a device of their own, with what needs a step-up. */
  readonly ownDeviceUrl: string | undefined;
  /** Path below which the middleware itself answers what is about the device. */
  readonly deviceUrl: string;
  /** Where `sessionEndpoints()` is mounted, if the document says so. */
  readonly sessionUrl: string | undefined;
  /** Device Bound Session Credentials; `undefined` where they cannot be had or are not wanted. */
  readonly dbsc: CompiledDbsc | undefined;
  /** Paths of sign-in and reauthentication, where they are on the app's own host; with and without a slash at the end. */
  readonly entryPaths: readonly string[];
  /** Paths of `sessionEndpoints()` that nobody may be kept from, and what is not asked there. */
  readonly sessionPaths: ReadonlyMap<string, Release>;
  readonly routes: readonly CompiledRoute[];
  readonly conditions: readonly CompiledCondition[];
  readonly exceptions: readonly CompiledException[];
  /** What the profile alone asks for. */
  readonly rule: Rule;
  /** What its own sign-in and reauthentication pages ask for: they are public by themselves. */
  readonly entryRule: Rule;
  /** Shortest idle limit anywhere in the app: touches are coalesced well below it. */
  readonly smallestIdleMs: number | undefined;
  /** Longest a record can still matter after its last activity, and after its start: for tidying up only. */
  readonly longestIdleMs: number | undefined;
  readonly longestAbsoluteMs: number | undefined;
  /** Another app of the document can answer on the same host. */
  readonly sharesHost: boolean;
}

/**
 * A validated, compiled policy. Made by `definePolicy`, `parsePolicy` or `loadPolicy`; immutable.
 *
 * The type parameters carry the names of the document, so that `revoke({ app: 'stroefront' })` does not compile.
 */
export interface Policy<AppName extends string = string, ProfileName extends string = string, RouteId extends string = string> {
  readonly document: PolicyDocument;
  /** SHA-256 of the canonical document, base64url: two nodes with the same digest enforce the same policy. */
  readonly digest: string;
  readonly assurance: readonly string[];
  readonly apps: ReadonlyMap<string, CompiledApp>;
  readonly matcher: AppMatcher;
  /** Findings that do not stop the policy: recommendations not followed, justified departures. */
  readonly notices: readonly string[];
  /** Only for the compiler: names of apps, profiles and routes. */
  readonly $names?: { readonly app: AppName; readonly profile: ProfileName; readonly route: RouteId };
}
