import { INVALID, NOTHING, type Presented } from './presented.ts';
import type { SignedIds } from './signed-id.ts';

/** How a token is presented: as one for whoever has it (RFC 6750), or for whoever has its key, too (RFC 9449). */
export type TokenScheme = 'Bearer' | 'DPoP';

/** A token in an `Authorization` header. */
export interface PresentedToken {
  readonly scheme: TokenScheme;
  /** `undefined` for what does not have the form of a token. */
  readonly token: string | undefined;
}

const SCHEME = /^(bearer|dpop)(?: +|$)/i;
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;
/** A session id and its signature have far less. */
const LONGEST = 1_024;

/** The token in an `Authorization` header; `undefined` for a header without one, or of another scheme. */
export function presentedToken(header: string | undefined): PresentedToken | undefined {
  const [prefix, scheme] = SCHEME.exec(header ?? '') ?? [];
  if (header === undefined || prefix === undefined) return undefined;
  const token = header.slice(prefix.length);
  return { scheme: scheme?.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer', token: TOKEN.test(token) ? token : undefined };
}

/**
 * The session id in an `Authorization` header, of the scheme `Bearer` (RFC 6750 section 2.1) or `DPoP` (RFC 9449 section 7.1). Whether it is
 * good under that scheme is for the check of the session's key.
 */
export function readSessionHeader(header: string | undefined, ids: SignedIds): Presented {
  if (header === undefined) return NOTHING;
  const token = header.length > LONGEST ? undefined : presentedToken(header)?.token;
  return token === undefined ? INVALID : ids.verify(token);
}
