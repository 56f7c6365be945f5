/** What a verifier of evidence is told, and where it keeps what it has to remember. */
export interface EvidenceContext {
  /** The store's clock, epoch milliseconds. */
  readonly now: number;
  /** Thumbprint of the key that the session is bound to: what the evidence has to be about. The request has proved that key. */
  readonly key: string;
  /**
   * The challenge that was given out for this session and is taken back now. It is `undefined` only for verifiers that say that they can do
   * without: for all others, evidence is refused where no challenge is still good.
   */
  readonly challenge: string | undefined;
  /**
   * Remembers an id for `ttlMs`, at most 400 days: of any number of calls in that time, in any process, one gets `true`. Verifiers of
   * different names don't meet.
   *
   * @throws {SessionError} `ERR_STORE_UNAVAILABLE`
   */
  readonly once: (id: string, ttlMs: number) => Promise<boolean>;
  readonly memory: EvidenceMemory;
}

/** What verifiers of one name remember, in all processes: the counter of a device, a key that was vouched for. Forgotten after 400 days. */
export interface EvidenceMemory {
  /** @throws {SessionError} `ERR_STORE_UNAVAILABLE` */
  read(id: string): Promise<string | undefined>;
  /**
   * Remembers a text in place of `from`, or of nothing.
   *
   * @returns `false` if something else is remembered by now, which stays.
   * @throws {SessionError} `ERR_STORE_UNAVAILABLE`
   */
  replace(id: string, from: string | undefined, to: string): Promise<boolean>;
}

/** What somebody vouches for, after their signature was verified. */
export interface DeviceVerdict {
  /** Thumbprint of the key that it is about. */
  readonly key: string;
  /** When they said so, epoch milliseconds. */
  readonly at: number;
  /** When it stops being true. It counts for 400 days at most. */
  readonly until: number;
}

/**
 * Somebody who vouches for keys, and how what they say is verified. Made by the adapters, or by an application for a vendor of its own, which
 * then answers for it: whatever key and time its verdict names is believed.
 *
 * @example
 * const vendor: DeviceVerifier = {
 *   name: 'vendor',
 *   trust: 'attested',
 *   verify: async (evidence, { challenge, key, now }) => {
 *     const { issuedAt } = await vendorSdk.verify(evidence, { nonce: `${challenge}.${key}` });
 *     return { key, at: issuedAt, until: now + 86_400_000 };
 *   },
 * };
 */
export interface DeviceVerifier {
  /** For messages and evidence: `app-attest`. Lower-case letters, digits and `-`, at most 32. */
  readonly name: string;
  /** What it is worth. */
  readonly trust: 'attested' | 'managed';
  /**
   * `'none'`: what it verifies contains no challenge, and the one that was given out stays good. `'optional'`: it says itself what needs one.
   * Default: all of it does.
   */
  readonly challenge?: 'none' | 'optional';
  /**
   * @throws {EvidenceError} for evidence that is none. The first 200 characters of its message are logged: nothing of what was presented may be
   * among them. Of any other error, which also refuses the evidence, only name and code are logged.
   * @throws {VerifierUnavailableError} if the evidence can't be looked at now. Its message is logged in the same way.
   */
  verify(evidence: unknown, context: EvidenceContext): Promise<DeviceVerdict>;
}
