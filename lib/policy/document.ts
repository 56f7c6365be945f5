import type { Duration } from './duration.ts';

/** Who stands behind a session: a person, a service account, or an agent acting for somebody. */
export type SubjectKind = 'user' | 'service' | 'agent';

/** How much is known about the device, each level implying the ones before it. */
export type DeviceTrust = 'none' | 'known' | 'bound' | 'attested' | 'managed';

/** Names of the built-in profiles that a profile starts from. */
export type PresetName = 'public-web' | 'staff-web' | 'admin' | 'mobile' | 'kiosk' | 'api' | 'workload' | 'agent';

/** Whether a session is needed at all. */
export type Access = 'public' | 'authenticated';

/**
 * A demand for fresh authentication. Freshness is the time since the subject last authenticated actively (OIDC `auth_time`),
 * at the level and with the methods asked for; see RFC 9470.
 */
export interface StepUpDocument {
  /** Longest time since that authentication. Without it, the profile's `stepUpMaxAge` applies. */
  readonly maxAge?: Duration;
  /** Lowest assurance level that counts: one of the document's `assurance`. */
  readonly level?: string;
  /** Authentication methods (RFC 8176) that must all have been used within `maxAge`. */
  readonly amr?: readonly string[];
  /** One authentication opens this once: the next time asks again. */
  readonly once?: boolean;
}

/** A demand on the device that the session is used from. */
export interface DeviceDocument {
  readonly trust: DeviceTrust;
  /** Longest time since the device last proved it. */
  readonly maxAge?: Duration;
}

/** How proofs of possession of native clients are taken (DPoP, RFC 9449). */
export interface DpopDocument {
  /** Oldest proof that is accepted. Default, and at most: `60s`. */
  readonly window?: Duration;
  /** Whether a proof has to carry a nonce of ours: no proof can then be made in advance. Default `optional`. */
  readonly nonce?: 'required' | 'optional';
}

/** Device Bound Session Credentials of browsers. */
export interface DbscDocument {
  /** How long one proof of the browser counts: from `5m` to `10m`, the default. */
  readonly proofLifetime?: Duration;
}

/** What a phone may go on with while it has no connection. */
export interface OfflineDocument {
  /** Longest time without one. */
  readonly lease: Duration;
  /** What may be done meanwhile, in names of the application. */
  readonly scopes: readonly string[];
}

/** How many sessions one subject may have in one app, and what happens to one more. */
export interface ConcurrentDocument {
  readonly max: number;
  /** `deny` refuses the sign-in, `end-oldest` (the default) ends the oldest session. */
  readonly onLimit?: 'deny' | 'end-oldest';
}

/** Outer limits that no exception may pass. */
export interface CeilingDocument {
  readonly idle?: Duration;
  readonly absolute?: Duration;
  readonly stepUpMaxAge?: Duration;
  /** Longest time from an exception's approval to its expiry. */
  readonly exceptionLifetime?: Duration;
  /** Longest time from an exception's approval to its next review. */
  readonly exceptionReview?: Duration;
}

/** How the session cookie is sent. The lifetime of a session never depends on it. */
export interface CookieDocument {
  /** Name without prefix; `__Host-` is put in front of it on https. Default: the app's name. */
  readonly name?: string;
  readonly sameSite?: 'strict' | 'lax';
  /** `auto` follows the connection and is the default outside production; in production the default is `true`. */
  readonly secure?: boolean | 'auto';
  /** Keep the cookie when the browser closes, until the absolute limit. Default `false`. */
  readonly persistent?: boolean;
}

/** Which other origins may send unsafe requests with the session cookie. */
export interface CrossSiteDocument {
  /** Origins like `https://idp.example.com`, for sign-in answers that are posted back. */
  readonly trustedOrigins?: readonly string[];
}

/** Limits of the tokens that a workload presents. */
export interface TokenDocument {
  readonly lifetime?: Duration;
  readonly audience?: string;
  readonly issuers?: readonly string[];
}

/** The session rule for a kind of client. What is not given comes from the preset. */
export interface ProfileDocument {
  readonly preset?: PresetName;
  /** How the session id travels: a cookie, or `Authorization: Bearer` for native clients. */
  readonly transport?: 'cookie' | 'header';
  readonly access?: Access;
  /** Kinds of subject that may hold a session here. */
  readonly subjects?: readonly SubjectKind[];
  /** Idle timeout: longest time between two activities. It ends the session. */
  readonly idle?: Duration;
  /** Absolute timeout: longest life of a session, whatever happens in it. */
  readonly absolute?: Duration;
  /** What the absolute timeout is counted from. Default `sign-in`. */
  readonly absoluteFrom?: 'sign-in' | 'reauthentication';
  /** Fresh authentication asked for on every request of the app; `refused` turns away what needs a step-up. */
  readonly stepUp?: StepUpDocument | 'refused';
  /** Longest age that any step-up on this profile accepts, and the age used where a step-up names none. */
  readonly stepUpMaxAge?: Duration;
  readonly device?: DeviceDocument;
  /** What a browser without device-bound sessions can do about a demand for a bound device: nothing (the default), or use a passkey. */
  readonly deviceFallback?: 'refuse' | 'passkey';
  /** What enrolling a device as known asks of the person. Default: an authentication within 15 minutes, or what `stepUpMaxAge` says if that is less. */
  readonly enrolment?: StepUpDocument;
  /** Device Bound Session Credentials, or `false` for none. Default: offered where a bound device is asked for or recommended. */
  readonly dbsc?: DbscDocument | false;
  readonly dpop?: DpopDocument;
  readonly offline?: OfflineDocument;
  readonly concurrent?: ConcurrentDocument;
  /** Several people use the device, one after the other: nothing of the last one may be left for the next. Default `false`. */
  readonly shared?: boolean;
  readonly cookie?: CookieDocument;
  readonly crossSite?: CrossSiteDocument;
  /** helmet's options for the answers of the app, or `false` for none. */
  readonly headers?: Readonly<Record<string, unknown>> | false;
  /** What a public page does while the store is out: answer 503, or go on without a session. */
  readonly onStoreError?: 'unavailable' | 'anonymous';
  readonly token?: TokenDocument;
  readonly ceiling?: CeilingDocument;
  /** Why this profile departs from a normative number (OWASP ASVS 7.1.1). */
  readonly because?: string;
}

/** A rule for some requests of an app. It can only tighten what the profile says; `access: public` is the one thing it can open. */
export interface RouteDocument {
  readonly id: string;
  /** Path pattern in the syntax of Express 5, below the host. */
  readonly path: string;
  /** Methods it is for; all, without it. */
  readonly methods?: readonly string[];
  readonly access?: Access;
  readonly idle?: Duration;
  readonly stepUp?: StepUpDocument;
  readonly device?: DeviceDocument;
  readonly subjects?: readonly SubjectKind[];
  /** `passive` requests do not count as activity of the person: polling, heartbeats. */
  readonly activity?: 'active' | 'passive';
}

/** Which requests belong to an app. Everything, if it is the only app and nothing is given. */
export interface MatchDocument {
  /** Host names, or `*.example.com` for every name below one. */
  readonly hosts?: readonly string[];
  /** Path prefixes, on segment boundaries. */
  readonly paths?: readonly string[];
  /** Order among apps that match the same request: the lowest wins. */
  readonly order?: number;
}

/** One application of the portfolio. */
export interface AppDocument<ProfileName extends string = string> {
  readonly profile: ProfileName;
  readonly owner?: string;
  readonly tags?: readonly string[];
  readonly match?: MatchDocument;
  readonly routes?: readonly RouteDocument[];
  /** Where a person signs in: a path (public by itself) or a URL. Default: the option `loginUrl`. */
  readonly loginUrl?: string;
  /** Where a person confirms who they are. Default: the option `reauthenticateUrl`. */
  readonly reauthenticateUrl?: string;
  /** Below which path the middleware answers browsers that prove their device. Default: `/device`, below the app's own path. */
  readonly deviceUrl?: string;
  /** Where `sessionEndpoints()` is mounted: a path. With it, nobody is asked to confirm who they are before they can sign out. */
  readonly sessionUrl?: string;
  /** Where a person goes on, on a device of their own, with what this app refuses because it would need a step-up: an https URL. */
  readonly ownDeviceUrl?: string;
}

/** What a condition looks at. All that is given must hold. */
export interface WhenDocument {
  readonly apps?: readonly string[];
  readonly profiles?: readonly string[];
  /** The app has at least one of these tags. */
  readonly tags?: readonly string[];
  readonly methods?: readonly string[];
  readonly subjects?: readonly SubjectKind[];
  /** The address of the client, in CIDR ranges. An address that is not known is in no range. */
  readonly network?: { readonly in?: readonly string[]; readonly notIn?: readonly string[] };
}

/** What a condition asks for. */
export interface RequireDocument {
  readonly idle?: Duration;
  readonly absolute?: Duration;
  readonly stepUp?: StepUpDocument;
  readonly device?: DeviceDocument;
  readonly subjects?: readonly SubjectKind[];
  /** Turns the request away. */
  readonly block?: true;
}

/** Conditional access: `when` selects, `require` only tightens. */
export interface ConditionDocument {
  readonly id: string;
  readonly when: WhenDocument;
  readonly require: RequireDocument;
  /** `report` only says what `enforce` would have done. Default `enforce`. */
  readonly mode?: 'enforce' | 'report';
}

/** Fields that an exception can loosen. */
export interface AllowDocument {
  readonly idle?: Duration;
  readonly absolute?: Duration;
  readonly stepUp?: { readonly maxAge: Duration };
}

/** The only thing that loosens: named fields, for a named scope, for a finite time, approved by somebody else. */
export interface ExceptionDocument {
  readonly id: string;
  readonly app: string;
  /** Routes of the app; all of it, without them. */
  readonly routes?: readonly string[];
  readonly allow: AllowDocument;
  readonly reason: string;
  readonly owner: string;
  readonly approvedBy: string;
  /** Dates like `2026-11-01`, taken as the start of that day in UTC, or instants like `2026-11-01T12:00:00Z`. */
  readonly approvedAt: string;
  readonly reviewBy?: string;
  readonly expires: string;
  /** What must hold in return; without it the exception does not apply. */
  readonly compensating?: { readonly device?: DeviceDocument };
}

/** The whole policy: one reviewed document for all applications. */
export interface PolicyDocument {
  readonly version: 1;
  /** Assurance levels, lowest first. */
  readonly assurance?: readonly string[];
  readonly profiles: Readonly<Record<string, ProfileDocument>>;
  readonly apps: Readonly<Record<string, AppDocument>>;
  readonly conditions?: readonly ConditionDocument[];
  readonly exceptions?: readonly ExceptionDocument[];
}
