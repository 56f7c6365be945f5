/** What can be wrong with the way the middleware is set up. The code is part of the API. */
export type SetupErrorCode =
  | 'ERR_OPTIONS_INVALID'
  | 'ERR_SECRET_WEAK'
  | 'ERR_STORE_MISSING'
  | 'ERR_COOKIE_INSECURE'
  | 'ERR_MIDDLEWARE_MISSING'
  | 'ERR_MOUNTED_TWICE'
  | 'ERR_TRUST_PROXY';

/** A mistake in setting up; the message says what to change. */
export class SetupError extends Error {
  override readonly name: string = 'SetupError';
  readonly code: SetupErrorCode;
  readonly status = 500;

  constructor(code: SetupErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
