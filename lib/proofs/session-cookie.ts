import { INVALID, NOTHING, type Presented } from './presented.ts';
import type { SignedIds } from './signed-id.ts';

const SIGNED = 's:';

/** The session id in a `Cookie` header, under exactly this cookie name. */
export function readSessionCookie(header: string | undefined, name: string, ids: SignedIds): Presented {
  if (header === undefined) return NOTHING;
  const raw = findCookie(header, name);
  if (typeof raw !== 'string') return raw;
  const value = decodeCookie(raw);
  return value?.startsWith(SIGNED) === true ? ids.verify(value.slice(SIGNED.length)) : INVALID;
}

/** The value of a session cookie for an id. */
export function writeSessionCookie(id: string, ids: SignedIds): string {
  return SIGNED + ids.sign(id);
}

/** The one value of a cookie. Two different values are nobody's session: one of them was planted. */
export function findCookie(header: string, name: string): string | typeof NOTHING | typeof INVALID {
  let found: string | undefined;
  for (let start = 0; start < header.length; ) {
    const next = header.indexOf(';', start);
    const end = next === -1 ? header.length : next;
    while (header.charCodeAt(start) === 32 || header.charCodeAt(start) === 9) start += 1;
    if (header.startsWith(name, start) && header.charCodeAt(start + name.length) === 61) {
      const value = header.slice(start + name.length + 1, end).trim();
      if (found !== undefined && found !== value) return INVALID;
      found = value;
    }
    start = end + 1;
  }
  return found ?? NOTHING;
}

function decodeCookie(raw: string): string | undefined {
  const value = raw.startsWith('"') && raw.endsWith('"') && raw.length > 1 ? raw.slice(1, -1) : raw;
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}
