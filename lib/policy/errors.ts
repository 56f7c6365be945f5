/** What can be wrong with a policy, or with a rule given in code. The code is part of the API. */
export type PolicyErrorCode = 'ERR_POLICY_INVALID' | 'ERR_DURATION_INVALID' | 'ERR_RULE_INVALID';

/** One fault of a policy document, with the place where it stands. */
export interface PolicyFault {
  /** Where the document came from, if it came from a file. */
  readonly file?: string;
  /** Line in that file, from 1. */
  readonly line?: number;
  /** The place inside the document, like `profiles.admin.idle` or `exceptions[0].expires`. */
  readonly path: string;
  /** What is wrong, in a sentence. */
  readonly message: string;
  /** What to write instead, where that is known. */
  readonly suggestion?: string;
}

/**
 * A policy, or a rule written in code, that cannot be enforced as it stands. Thrown at start or at `reload`, never on the
 * request path.
 */
export class PolicyError extends Error {
  override readonly name: string = 'PolicyError';
  readonly code: PolicyErrorCode;
  /** Every fault found, not only the first. Empty for a rule given in code. */
  readonly faults: readonly PolicyFault[];

  constructor(code: PolicyErrorCode, message: string, faults: readonly PolicyFault[] = []) {
    super(message);
    this.code = code;
    this.faults = faults;
  }
}
