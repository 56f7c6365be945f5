import type { Request } from 'express';

/** The query of an answer of the provider, whole: what it sends may hold a question mark. */
export function wholeQueryOf({ originalUrl }: Request): URLSearchParams {
  const at = originalUrl.indexOf('?');
  return new URLSearchParams(at === -1 ? '' : originalUrl.slice(at));
}

/** In the query of the start: the provider shall ask anew, whoever it knows already. It asks for more, so anybody may add it. */
export const SIGN_IN_AGAIN: string = 'sign_in_again';
