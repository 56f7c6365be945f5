/** What can go wrong with sessions at run time. The code is part of the API. */
export type SessionErrorCode =
  | 'ERR_STORE_UNAVAILABLE'
  | 'ERR_STORE_UNSAFE'
  | 'ERR_SESSION_TOO_LARGE'
  | 'ERR_SESSION_UNSERIALIZABLE'
  | 'ERR_SESSION_LIMIT'
  | 'ERR_SESSION_ENDED'
  | 'ERR_SUBJECT_MISMATCH'
  | 'ERR_AUTHENTICATION_OLD'
  | 'ERR_SUBJECT_KIND'
  | 'ERR_REMEMBERED_REFUSED'
  | 'ERR_LEVEL_UNKNOWN'
  | 'ERR_DEVICE_FOREIGN'
  | 'ERR_DEVICE_UNBOUND'
  | 'ERR_DEVICE_REFUSED'
  | 'ERR_VERIFIER_UNAVAILABLE'
  | 'ERR_DEVICE_PROOF'
  | 'ERR_ENROLMENT_REFUSED'
  | 'ERR_LEASE_REFUSED';

/** An error with a stable `code` and the HTTP status that Express answers with if nobody handles it. */
export class SessionError extends Error {
  override readonly name: string = 'SessionError';
  readonly code: SessionErrorCode;
  readonly status: number;

  constructor(code: SessionErrorCode, status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.status = status;
  }
}

/** Express's own error handler sends these with the status. */
const RETRY_LATER: Readonly<Record<string, string>> = { 'Retry-After': '2', 'Cache-Control': 'no-store' };

/** Who could say whether evidence holds does not answer. */
export class EvidenceUncheckedError extends SessionError {
  override readonly name: string = 'EvidenceUncheckedError';
  readonly headers: Readonly<Record<string, string>> = RETRY_LATER;

  constructor() {
    super('ERR_VERIFIER_UNAVAILABLE', 503, 'the evidence about the device could not be checked now; try again later, with a new challenge');
  }
}

/**
 * The store did not answer in time, or answered that it cannot: what was asked for is not known to have happened.
 * Never carries the command or its arguments.
 */
export class StoreUnavailableError extends SessionError {
  override readonly name: string = 'StoreUnavailableError';
  readonly headers: Readonly<Record<string, string>> = RETRY_LATER;

  constructor(message: string, options?: ErrorOptions) {
    super('ERR_STORE_UNAVAILABLE', 503, message, options);
  }
}
