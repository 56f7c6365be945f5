/** The address that a request was sent to, as far as it is known for sure. */
export interface RequestAddress {
  readonly secure: boolean;
  /** With the port, where the client named one. */
  readonly host: string;
  /** Path and query, as they came. */
  readonly target: string;
}

const HOST = /^[^\s/?#@\\]+$/;
/** Nothing that programs read in different ways: other spellings of a slash, a fragment, spaces. */
const PATH = /^\/[^\s#\\]*$/;
/** Steps up or down, which a client resolves before it sends them. */
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:\/|$)/i;
const HTU = /^https?:\/\/[^/\s\\][^\s\\]*$/i;
const ESCAPE = /%[0-9a-f]{2}/gi;
const UNRESERVED = /[A-Za-z0-9\-._~]/;

/** What `htu` has to say for a request (RFC 9449 section 4.3), in one spelling. `undefined` for a request that no proof can be for. */
export function addressOfRequest({ secure, host, target }: RequestAddress): string | undefined {
  const path = target.split('?', 1)[0] as string;
  if (!HOST.test(host) || !PATH.test(path) || DOT_SEGMENT.test(path)) return undefined;
  return normalised(`${secure ? 'https' : 'http'}://${host}${path}`);
}

/** The address that a proof names, in one spelling. `undefined` for what is none. */
export function addressOfProof(htu: unknown): string | undefined {
  return typeof htu === 'string' && HTU.test(htu) ? normalised(htu) : undefined;
}

/**
 * RFC 3986 section 6.2.2 and 6.2.3, without query and fragment: case of scheme and host, default port, empty path and dot segments by the URL
 * parser; escapes in upper case, and none for what needs none.
 */
function normalised(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined;
  const { protocol, username, password, host, pathname } = new URL(address);
  if (username !== '' || password !== '') return undefined;
  return `${protocol}//${host}${pathname.replace(ESCAPE, normalEscape)}`;
}

function normalEscape(escape: string): string {
  const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
  return UNRESERVED.test(character) ? character : escape.toUpperCase();
}
