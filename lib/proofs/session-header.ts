import { INVALID, NOTHING, type Presented } from './presented.ts';
import type { SignedIds } from './signed-id.ts';

const BEARER = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i;

/** The session id in an `Authorization: Bearer` header (RFC 6750 section 2.1). */
export function readSessionHeader(header: string | undefined, ids: SignedIds): Presented {
  if (header === undefined) return NOTHING;
  const token = header.length > 1_024 ? undefined : BEARER.exec(header)?.[1];
  return token === undefined ? INVALID : ids.verify(token);
}
