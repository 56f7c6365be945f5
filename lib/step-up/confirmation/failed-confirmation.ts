import type { RequestContext } from '../../express/request-context.ts';
import { problemOf, send } from '../../express/answers.ts';

/** Why a confirmation came to nothing; the `reason` of a problem+json. Part of the API. */
export type FailedReason =
  | 'confirmation_refused'
  | 'confirmation_malformed'
  | 'attempts_exhausted'
  | 'passkey_missing'
  | 'passkey_unknown'
  | 'passkey_refused'
  | 'passkey_synced'
  | 'passkey_other'
  | 'challenge_expired';

const STATUS: Readonly<Record<FailedReason, number>> = {
  confirmation_refused: 400,
  confirmation_malformed: 400,
  attempts_exhausted: 429,
  passkey_missing: 403,
  passkey_unknown: 403,
  passkey_refused: 403,
  passkey_synced: 403,
  passkey_other: 403,
  challenge_expired: 403,
};

/**
 * A try that came to nothing; the session is as it was before. A confirmation page shows it where it was tried. Where a method is mounted
 * without one, it goes to the error handler of the application.
 */
export class FailedConfirmation extends Error {
  override readonly name: string = 'FailedConfirmation';
  readonly code = 'ERR_CONFIRMATION_FAILED';
  readonly status: number;
  /** Id of the method. */
  readonly method: string;
  readonly reason: FailedReason;
  /** Whole seconds, where the person has to wait. */
  readonly retryAfter: number | undefined;

  /** @param text For the person: nothing that helps to guess. */
  constructor(method: string, reason: FailedReason, text: string, retryAfter?: number) {
    super(text);
    this.method = method;
    this.reason = reason;
    this.status = STATUS[reason];
    this.retryAfter = retryAfter;
  }
}

/** Answers a program, which is told in JSON. */
export function sendFailed({ req, res }: RequestContext, { message, reason, retryAfter, status }: FailedConfirmation): void {
  res.setHeader('Cache-Control', 'no-store');
  if (retryAfter !== undefined) res.setHeader('Retry-After', String(retryAfter));
  send(req, res, problemOf(reason, { status, title: 'Not confirmed', detail: message }));
}
