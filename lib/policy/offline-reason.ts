/**
 * Why all of what a device brought back from offline is refused. A closed set: a client may switch on it. What was accepted before stays
 * accepted.
 */
export type LeaseReason =
  /** It is no lease with a list of signed texts, or there are more than 1,000 of them. Nothing was taken: it can be put right and sent again. */
  | 'return_malformed'
  /** The lease is none that we signed, or was changed. */
  | 'lease_invalid'
  /** The lease is for another device, app or subject than the session that brings it back. */
  | 'lease_foreign'
  /** The store does not know the lease, or not any more. */
  | 'lease_unknown'
  /** The policy has no offline lease for the app any more. Nothing was taken: it counts if the policy has it again in time. */
  | 'lease_withdrawn'
  /** The session that the lease was for was ended meanwhile: by its owner, by an administrator, or to make room for another. */
  | 'lease_revoked'
  /** It was brought back after its end. */
  | 'lease_overdue';

/** Why one thing that was done offline is refused. A closed set, as `LeaseReason`. */
export type ActionReason =
  /** It is no signed action of the form that we read, or longer than 16 KiB. Its place stays free. */
  | 'action_malformed'
  /** The key that the lease is bound to did not sign it. Its place stays free. */
  | 'action_signature_invalid'
  /** It was done under another lease. Its place stays free. */
  | 'action_of_other_lease'
  /** What was done before it is missing. It counts once that is brought back with it. */
  | 'sequence_gap'
  /** Something else has been brought back under its number. */
  | 'sequence_repeated'
  /** A lease is good for 1,000 actions. */
  | 'too_many_actions'
  /** Its scope is not one of the lease, or not of the policy any more. */
  | 'scope_refused'
  /** The device says that it was done before the lease was given. */
  | 'done_before_lease'
  /** The device says that it will be done later. */
  | 'done_after_return'
  /** The device says that it was done before what it had done before. */
  | 'clock_set_back';

/** Why something that was done offline does not count. */
export type OfflineReason = LeaseReason | ActionReason;
