/** The classes of fault that the threat model names. */
export type Threat = 'routing' | 'proxies' | 'sessions' | 'step-up' | 'tokens' | 'data' | 'redis';

/**
 * A weakened twin: the same code with one safeguard taken out, and the test that has to notice. A test that also passes on the
 * twin does not protect what it says it does.
 */
export interface Twin {
  /** Unique; says what the twin does wrong. */
  readonly name: string;
  readonly threat: Threat;
  /** Source file, from the root of the repository. */
  readonly file: string;
  /** Text that occurs exactly once in it. */
  readonly find: string;
  readonly replace: string;
  /** Test file, from the root of the repository. */
  readonly test: string;
  /** Regular expression for the full names of the tests that must fail. */
  readonly pattern: string;
}
