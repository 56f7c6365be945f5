import type { Requirement } from './requirement.ts';
import type { Reason } from './reason.ts';

/** How a challenge can be met. */
export interface Challenge {
  /**
   * `sign-in`: start a session. `step-up`: authenticate again in this one. `device`: prove the device. `approval`: another person has
   * to approve.
   */
  readonly kind: 'sign-in' | 'step-up' | 'device' | 'approval';
  readonly maxAgeMs: number | undefined;
  readonly level: string | undefined;
  readonly amr: readonly string[];
}

/**
 * What was decided, why, and on which rule. Frozen. The type parameters carry the names of the policy's document, so that comparing with
 * one that stands for nothing does not compile.
 */
export interface Decision<AppName extends string = string, ProfileName extends string = string, RouteId extends string = string> {
  readonly outcome: 'allow' | 'challenge' | 'deny';
  readonly reason: Reason;
  readonly challenge: Challenge | undefined;
  /** What becomes of the session that was presented: `end` writes a tombstone, `none` goes on without one. */
  readonly session: 'keep' | 'end' | 'none';
  readonly requirement: Requirement | undefined;
  readonly app: AppName | undefined;
  readonly profile: ProfileName | undefined;
  /** Ids of the document's routes that the request matched. */
  readonly routes: readonly RouteId[];
  /** The first of them. */
  readonly route: RouteId | undefined;
  /** The exceptions that loosened the rule. */
  readonly exceptions: readonly string[];
  readonly policyDigest: string;
}
