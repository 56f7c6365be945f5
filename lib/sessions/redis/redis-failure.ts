import { SessionError, StoreUnavailableError } from '../errors.ts';

const CODE = /^([A-Z]{2,24})\b/;

/** The word that a Redis error starts with: `READONLY`, `LOADING`, `OOM`, `NOSCRIPT`, …; empty for any other error. */
export function redisCode(error: unknown): string {
  return error instanceof Error ? (CODE.exec(error.message)?.[1] ?? '') : '';
}

/**
 * What a caller is told. The client's own error is not passed on, not even as a cause: it holds the command with keys and values.
 */
export function storeFailure(error: unknown): SessionError {
  if (error instanceof SessionError) return error;
  const code = redisCode(error);
  return new StoreUnavailableError(code === '' ? 'the connection to Redis failed' : `Redis answered ${code}`);
}
