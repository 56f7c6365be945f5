import type { SessionChanges } from '../sessions/session-record.ts';
import { SessionError } from '../sessions/errors.ts';

const SEPARATOR = ',\n';
const LARGEST_BYTES = 64 * 1_024;

/** What an application put in `req.session`, apart from the cookie. */
export type SessionEntries = Readonly<Record<string, unknown>>;

/** The object that a stored data text stands for; `undefined` if it is no JSON. The parser's own error would quote what is stored. */
export function parseData(data: string): Record<string, unknown> | undefined {
  if (data === '{}') return {};
  try {
    return JSON.parse(data) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/**
 * The data text of a new session.
 *
 * @throws {SessionError} `ERR_SESSION_UNSERIALIZABLE` for a value that JSON cannot hold, `ERR_SESSION_TOO_LARGE` past 64 KiB.
 */
export function formatData(entries: SessionEntries): string {
  const data = `{${[...entryTexts(entries)].map(([key, text]) => `${JSON.stringify(key)}:${text}`).join(SEPARATOR)}}`;
  refuseLarge(Buffer.byteLength(data));
  return data;
}

/**
 * The top-level entries that differ from what was loaded. Each is written as JSON once; nothing is hashed.
 *
 * @throws {SessionError} `ERR_SESSION_UNSERIALIZABLE` for a value that JSON cannot hold, `ERR_SESSION_TOO_LARGE` past 64 KiB.
 */
export function changedEntries(loaded: string, entries: SessionEntries): SessionChanges {
  const before = new Set(loaded.slice(1, -1).split(SEPARATOR));
  const changes = new Map<string, string | undefined>();
  let bytes = 0;
  const texts = entryTexts(entries);
  for (const [key, text] of texts) {
    const line = `${JSON.stringify(key)}:${text}`;
    bytes += Buffer.byteLength(line);
    if (!before.has(line)) changes.set(key, text);
  }
  if (texts.size < before.size || changes.size > 0) {
    for (const key of Object.keys(parseData(loaded) ?? {})) if (!texts.has(key)) changes.set(key, undefined);
  }
  if (changes.size > 0) refuseLarge(bytes);
  return changes;
}

/** JSON text of every entry that has one: functions and `undefined` are left out, as JSON leaves them out of objects. */
function entryTexts(entries: SessionEntries): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const key of Object.keys(entries)) {
    if (key === 'cookie') continue;
    const text = toJson(key, entries[key]);
    if (text !== undefined) texts.set(key, text);
  }
  return texts;
}

function toJson(key: string, value: unknown): string | undefined {
  try {
    return JSON.stringify(value) as string | undefined;
  } catch (cause) {
    throw new SessionError('ERR_SESSION_UNSERIALIZABLE', 500, `req.session.${key.slice(0, 40)} cannot be written as JSON`, { cause });
  }
}

function refuseLarge(bytes: number): void {
  if (bytes <= LARGEST_BYTES) return;
  throw new SessionError(
    'ERR_SESSION_TOO_LARGE',
    500,
    `req.session has ${bytes} bytes, at most ${LARGEST_BYTES} are kept: store the data elsewhere and keep a reference to it`,
  );
}
