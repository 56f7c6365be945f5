/** Why a session is over, as its tombstone says. */
export type EndReason =
  | 'signed_out'
  | 'session_revoked'
  | 'session_rotated'
  | 'session_limit'
  | 'idle_timeout'
  | 'absolute_timeout'
  | 'context_changed'
  | 'session_invalid';

/** Why a request was let through, challenged or refused. A closed set: a client may switch on it. */
export type Reason =
  | EndReason
  | 'allowed'
  | 'app_unknown'
  | 'path_ambiguous'
  | 'method_ambiguous'
  | 'cross_site_request'
  | 'store_unavailable'
  | 'session_missing'
  | 'subject_kind_refused'
  | 'workload_token_required'
  | 'condition_blocked'
  | 'route_idle_timeout'
  | 'reauthentication_required'
  | 'assurance_insufficient'
  | 'step_up_refused'
  | 'device_trust_insufficient'
  | 'device_proof_missing'
  | 'device_proof_invalid'
  | 'device_nonce_required'
  | 'device_not_enrolled'
  | 'approval_required'
  | 'request_expired';
