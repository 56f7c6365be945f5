import type { Reason } from '../policy/reason.ts';
import type { SignedTexts } from './signed-text.ts';

const LONGEST = 2_048;
const VALID_MS = 30 * 60_000;

/** Name of the parameter that carries the way back. */
export const RETURN_TO_PARAMETER: string = 'return_to';

/** What a person is asked to confirm, and for what. Means something to the session that was asked, and to no other. */
export interface Asked {
  /** Mark of that session. */
  readonly session: string;
  readonly reason: Reason;
  readonly level: string | undefined;
  readonly amr: readonly string[];
  readonly maxAgeMs: number | undefined;
  readonly once: boolean;
  /** The one action that the confirmation is for, if it is for one only. */
  readonly boundTo: string | undefined;
  /** Id of the note that says in words what it is for, or keeps the request. */
  readonly note: string | undefined;
  /** Path of the kept request, if one was kept. */
  readonly keptPath: string | undefined;
  /** The page that the person came from, if it is known. */
  readonly from: string | undefined;
}

/** Where a person goes after signing in or confirming who they are. */
export interface WayBack {
  /** A path of this origin. */
  readonly path: string;
  readonly asked: Asked | undefined;
}

/** A way back that was signed at an instant of the store's clock. */
export interface SignedWayBack extends WayBack {
  readonly signedAt: number;
}

/** A path of this very origin: nothing that a browser could read as another host or scheme. */
export function isLocalPath(path: string): boolean {
  // oxlint-disable-next-line no-control-regex -- browsers drop tabs and line breaks inside URLs
  if (path.length > LONGEST || !path.startsWith('/') || /^\/[/\\]|[\\\u0000-\u0020\u007f]/.test(path)) return false;
  try {
    return new URL(path, 'http://origin.invalid').origin === 'http://origin.invalid';
  } catch {
    return false;
  }
}

/** Signs and checks the way back: same origin, for one app, for half an hour. */
export class ReturnTo {
  readonly #texts: SignedTexts;

  constructor(texts: SignedTexts) {
    this.#texts = texts;
  }

  /** The way back as a signed text; `undefined` if the path is not ours to return to. */
  sign(app: string, { path, asked }: WayBack, now: number): string | undefined {
    if (![path, asked?.keptPath, asked?.from].every((one) => one === undefined || isLocalPath(one))) return undefined;
    return this.#texts.sign([app, path, now + VALID_MS, ...(asked === undefined ? [] : [packed(asked)])]);
  }

  /** The way back that we signed for this app and that is still valid. */
  read(text: unknown, app: string, now: number): SignedWayBack | undefined {
    const value = this.#texts.read(text);
    if (!Array.isArray(value)) return undefined;
    const [forApp, path, until, asked] = value as [string, string, number, Packed?];
    if (forApp !== app || !(now < until) || !isLocalPath(path)) return undefined;
    return { path, asked: asked === undefined ? undefined : unpacked(asked), signedAt: until - VALID_MS };
  }
}

/** A URL with the way back as a parameter. */
export function withReturnTo(url: string, signed: string | undefined): string {
  return signed === undefined ? url : `${url}${url.includes('?') ? '&' : '?'}${RETURN_TO_PARAMETER}=${signed}`;
}

/** Without names, since it is a part of a URL. JSON has no `undefined`. */
type Packed = readonly [
  session: string,
  reason: Reason,
  level: string | null,
  amr: readonly string[],
  maxAgeMs: number | null,
  once: 0 | 1,
  boundTo: string | null,
  note: string | null,
  keptPath: string | null,
  from: string | null,
];

function packed(asked: Asked): Packed {
  const { session, reason, level, amr, maxAgeMs, once, boundTo, note, keptPath, from } = asked;
  const rest = [boundTo ?? null, note ?? null, keptPath ?? null, from ?? null] as const;
  return [session, reason, level ?? null, amr, maxAgeMs ?? null, once ? 1 : 0, ...rest];
}

function unpacked([session, reason, level, amr, maxAgeMs, once, boundTo, note, keptPath, from]: Packed): Asked {
  return {
    session,
    reason,
    level: level ?? undefined,
    amr,
    maxAgeMs: maxAgeMs ?? undefined,
    once: once === 1,
    boundTo: boundTo ?? undefined,
    note: note ?? undefined,
    keptPath: keptPath ?? undefined,
    from: from ?? undefined,
  };
}
