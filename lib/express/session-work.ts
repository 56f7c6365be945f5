import { SessionError, type SessionErrorCode, StoreUnavailableError } from '../sessions/errors.ts';

/** After these, an answer that tells of success would be false. */
const FAILURES: readonly SessionErrorCode[] = ['ERR_STORE_UNAVAILABLE', 'ERR_SESSION_ENDED'];

/** What a request asks to be done to its session, one thing after the other in the order in which it was asked for. */
export class SessionWork {
  #last: Promise<unknown> | undefined;
  #failure: SessionError | undefined;

  /** Nothing was asked for yet. */
  get isIdle(): boolean {
    return this.#last === undefined;
  }

  /** Does it when everything before it is over, whether that worked or not. A failure to read alone makes no answer false. */
  run<T>(change: () => Promise<T>, does: 'changes' | 'reads' = 'changes'): Promise<T> {
    const result = (this.#last ?? Promise.resolve()).then(change, change);
    this.#last = result.catch((error: unknown) => {
      if (does === 'changes' && error instanceof SessionError && FAILURES.includes(error.code)) this.#failure = error;
    });
    return result;
  }

  /**
   * Waits for all of it.
   *
   * @param statusCode Of the answer that is about to leave.
   * @returns Whether all was done. If not, the application has answered the failure itself.
   * @throws {SessionError} the failure, if the answer would claim what did not happen.
   */
  async finish(statusCode: number): Promise<boolean> {
    await this.#last;
    if (this.#failure === undefined) return true;
    const owned = this.#failure instanceof StoreUnavailableError ? 500 : 400;
    if (statusCode < owned) throw this.#failure;
    return false;
  }
}
