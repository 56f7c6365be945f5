import type { Request } from 'express';

/** The query as the client sent it, however the application lets Express read queries. */
export function queryOf({ originalUrl }: Pick<Request, 'originalUrl'>): URLSearchParams {
  return new URLSearchParams(originalUrl.split('?')[1] ?? '');
}
