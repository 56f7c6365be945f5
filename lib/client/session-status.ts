/** A time limit in force, and where in the policy it comes from. */
export interface LimitStatus {
  readonly seconds: number;
  readonly source: string;
}

/** One value for each limit on the time of a session; `null` where there is no such limit. */
export interface PerLimit<T> {
  /** Without activity the session ends. */
  readonly idle: T | null;
  /** After a longer gap between two activities the route asks for a confirmation. */
  readonly routeIdle: T | null;
  /** The session ends, whatever happens. */
  readonly absolute: T | null;
  /** After that the route asks for a confirmation, or a stronger one. */
  readonly stepUp: T | null;
}

/** What the session endpoints answer: the rule in force for a page, and what was left of it at that moment. Instants are epoch milliseconds. */
export interface SessionStatus {
  readonly app: string;
  readonly profile: string;
  readonly subject: { readonly id: string; readonly kind: 'user' | 'service' | 'agent' };
  readonly now: number;
  readonly createdAt: number;
  /** Last active authentication (OIDC `auth_time`), 0 if there was none. */
  readonly authenticatedAt: number;
  readonly lastActiveAt: number;
  /** What would become of a request for the page now. */
  readonly outcome: 'allow' | 'challenge' | 'deny';
  readonly reason: string;
  readonly rule: PerLimit<LimitStatus>;
  /** Whole seconds. */
  readonly left: PerLimit<number>;
}
