import type { Request } from 'express';

/** The query as the client sent it, however the application lets Express read queries. */
export function queryOf({ originalUrl }: Request): URLSearchParams {
  const at = originalUrl.indexOf('?');
  return new URLSearchParams(at === -1 ? '' : originalUrl.slice(at));
}

/** In the query of the start: the provider shall ask anew, whoever it knows already. It asks for more, so anybody may add it. */
export const SIGN_IN_AGAIN: string = 'sign_in_again';
