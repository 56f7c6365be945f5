import type { SessionDevice } from '../policy/device.ts';
import type { SubjectKind } from '../policy/document.ts';
import type { Subject } from '../policy/facts.ts';
import type { EndReason } from '../policy/reason.ts';
import { isDataText } from './data-entries.ts';
import { decodeDevice, encodeDevice } from './device-format.ts';
import type { Ended, SessionDraft, SessionRecord, SessionRef } from './session-record.ts';
import { isActionText, isClientText, isDigest } from './store-input.ts';

/*
 * One text per session, made so that a script can change a number in place and a reader needs no JSON for the header:
 *
 *   L1 vvvv ccccccc aaaaaaa lllllll gggggg sssssss {"s":"u1",…}\n{"cart":[],\n"theme":"dark"}   (without the blanks)
 *
 * status and format, version, createdAt, authenticatedAt, lastActiveAt, longestGapMs, spentAt; numbers in base 64 with the digits of
 * base64url in the order of ASCII, instants in epoch milliseconds (until the year 2109). A rotated one starts with R and has rotatedAt
 * after the header. Then one line of JSON about the subject, then the data. A tombstone is X1, a letter for the reason, and the instant.
 */

/** Length of the fixed part. */
const HEADER_LENGTH = 40;
/** Where each number stands: first and last place, counted from 0, the last not included. */
const VERSION = [2, 6] as const;
const CREATED_AT = [6, 13] as const;
const AUTHENTICATED_AT = [13, 20] as const;
const LAST_ACTIVE_AT = [20, 27] as const;
const LONGEST_GAP = [27, 33] as const;
const SPENT_AT = [33, 40] as const;
const ROTATED_AT = [40, 47] as const;
const TOMBSTONE_LENGTH = 10;

const REASON_LETTERS = {
  signed_out: 'o',
  session_revoked: 'r',
  session_rotated: 't',
  session_limit: 'l',
  idle_timeout: 'i',
  absolute_timeout: 'a',
  context_changed: 'c',
  session_invalid: 'v',
} as const satisfies Record<EndReason, string>;
const REASONS = new Map(Object.entries(REASON_LETTERS).map(([reason, letter]) => [letter as string, reason as EndReason]));

const KIND_LETTERS = { user: undefined, service: 's', agent: 'a' } as const satisfies Record<SubjectKind, string | undefined>;
const KINDS = new Map<unknown, SubjectKind>([
  [undefined, 'user'],
  ['s', 'service'],
  ['a', 'agent'],
]);
const META_KEYS: ReadonlySet<string> = new Set(['p', 's', 'k', 'l', 'm', 'd', 'f', 'o', 'c']);

/** What a stored text turned out to be. */
export type DecodedValue = SessionRecord | Ended;

/** A text that is no session: it reads as an ended one. */
export const INVALID: Ended = Object.freeze({ reason: 'session_invalid', at: 0 });

/** Letter of a reason in a tombstone. */
export function reasonLetter(reason: EndReason): string {
  return REASON_LETTERS[reason];
}

/** Reason of a letter, if it is one. */
export function reasonOf(letter: string): EndReason | undefined {
  return REASONS.get(letter);
}

export function isEnded(value: DecodedValue): value is Ended {
  return 'reason' in value;
}

/** Reads a stored text. Never throws: whatever is not a session is `INVALID`. */
export function decodeValue(value: string, ref: SessionRef): DecodedValue {
  const status = value.charCodeAt(0);
  if (value.charCodeAt(1) !== FORMAT_1) return INVALID;
  if (status === LIVE) return decodeRecord(value, ref, HEADER_LENGTH, 0);
  if (status === ROTATED) return decodeRecord(value, ref, ROTATED_AT[1], decodeNumber(value, ROTATED_AT));
  return status === OVER ? decodeTombstone(value) : INVALID;
}

const LIVE = 'L'.charCodeAt(0);
const ROTATED = 'R'.charCodeAt(0);
const OVER = 'X'.charCodeAt(0);
const FORMAT_1 = '1'.charCodeAt(0);

function decodeTombstone(value: string): Ended {
  const reason = reasonOf(value.charAt(2));
  const at = decodeNumber(value, [3, TOMBSTONE_LENGTH]);
  return reason === undefined || at < 0 || value.length !== TOMBSTONE_LENGTH ? INVALID : { reason, at };
}

function decodeRecord(value: string, ref: SessionRef, metaAt: number, rotatedAt: number): DecodedValue {
  const version = decodeNumber(value, VERSION);
  const createdAt = decodeNumber(value, CREATED_AT);
  const authenticatedAt = decodeNumber(value, AUTHENTICATED_AT);
  const lastActiveAt = decodeNumber(value, LAST_ACTIVE_AT);
  const longestGapMs = decodeNumber(value, LONGEST_GAP);
  const spentAt = decodeNumber(value, SPENT_AT);
  // What the numbers must be to each other, whatever the time is.
  const ordered = createdAt > 0 && lastActiveAt >= createdAt && authenticatedAt <= lastActiveAt && spentAt <= authenticatedAt;
  const bounded = longestGapMs <= lastActiveAt - createdAt && (authenticatedAt === 0 || authenticatedAt >= createdAt);
  if (!ordered || !bounded || version < 0 || longestGapMs < 0 || spentAt < 0 || rotatedAt < 0) return INVALID;
  const dataAt = value.indexOf('\n', metaAt) + 1;
  const meta = dataAt === 0 ? undefined : decodeMeta(value.slice(metaAt, dataAt - 1), authenticatedAt);
  const data = value.slice(dataAt);
  if (meta === undefined || !isDataText(data)) return INVALID;
  return {
    app: ref.app,
    profile: ref.profile,
    subject: meta.subject,
    createdAt,
    authenticatedAt,
    lastActiveAt,
    longestGapMs,
    levels: meta.levels,
    methods: meta.methods,
    spentAt,
    authenticatedFor: meta.authenticatedFor,
    device: meta.device,
    origin: meta.origin,
    client: meta.client,
    data,
    version,
    rotatedAt,
  };
}

/** Digits in ascending order, also as text. */
const DIGITS = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz';
const VALUES = Int8Array.from({ length: 128 }, (_, code) => DIGITS.indexOf(String.fromCharCode(code)));

/** A number in base 64; -1 if it is none. */
export function decodeNumber(value: string, [from, to]: readonly [number, number]): number {
  let number = 0;
  for (let at = from; at < to; at += 1) {
    const digit = VALUES[value.charCodeAt(at)] ?? -1;
    if (digit < 0) return -1;
    number = number * 64 + digit;
  }
  return number;
}

function encodeNumber(value: number, width: number): string {
  let text = '';
  for (let left = value; text.length < width; left = Math.floor(left / 64)) text = `${DIGITS.charAt(left % 64)}${text}`;
  return text;
}

type Meta = Pick<SessionRecord, 'subject' | 'levels' | 'methods' | 'authenticatedFor' | 'device' | 'origin' | 'client'>;

/** What a line says about the subject and its authentication; `undefined` if it is not one. */
function decodeMeta(line: string, authenticatedAt: number): Meta | undefined {
  const fields = parseObject(line);
  if (fields === undefined) return undefined;
  for (const key in fields) if (!META_KEYS.has(key)) return undefined;
  const { p: previous, s: id, k: kindLetter, l, m, d, f: authenticatedFor, o: origin, c: client } = fields;
  const kind = KINDS.get(kindLetter);
  const levels = decodeInstants(l, authenticatedAt);
  const methods = decodeInstants(m, authenticatedAt);
  const device = decodeDevice(d);
  const sound = kind !== undefined && (id === undefined || (typeof id === 'string' && id !== '')) && isOptionalText(previous);
  if (authenticatedFor !== undefined && !isActionText(authenticatedFor)) return undefined;
  if (origin !== undefined && !isDigest(origin)) return undefined;
  if (client !== undefined && !isClientText(client)) return undefined;
  if (!sound || levels === undefined || methods === undefined || device === 'invalid') return undefined;
  const subject: Subject | undefined = id === undefined ? undefined : { id: id as string, kind };
  return { subject, levels, methods, authenticatedFor, device, origin, client };
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function isOptionalText(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

const NONE: Readonly<Record<string, number>> = Object.freeze(Object.create(null) as Record<string, number>);

/** Instants by name. 0 stands for the last authentication, which most of them are. Without a prototype: a name may be any word. */
function decodeInstants(stored: unknown, authenticatedAt: number): Readonly<Record<string, number>> | undefined {
  if (stored === undefined) return NONE;
  if (stored === null || typeof stored !== 'object' || Array.isArray(stored)) return undefined;
  const instants = Object.create(null) as Record<string, number>;
  for (const name of Object.keys(stored)) {
    const at = (stored as Record<string, unknown>)[name];
    if (typeof at !== 'number' || !Number.isSafeInteger(at) || at < 0) return undefined;
    instants[name] = at === 0 ? authenticatedAt : at;
  }
  return instants;
}

/** The line about the subject and its authentication. An instant equal to `authenticatedAt` is written as 0. */
export function encodeMeta(record: Meta, authenticatedAt: number, previous?: string): string {
  const { subject, authenticatedFor, device, origin, client } = record;
  return JSON.stringify({
    // Scripts look for it here, as the first field.
    p: previous,
    s: subject?.id,
    k: subject === undefined ? undefined : KIND_LETTERS[subject.kind],
    l: encodeInstants(record.levels, authenticatedAt),
    m: encodeInstants(record.methods, authenticatedAt),
    d: encodeDevice(device),
    f: authenticatedFor,
    o: origin,
    c: client,
  });
}

function encodeInstants(instants: Readonly<Record<string, number>>, authenticatedAt: number): Record<string, number> | undefined {
  const entries = Object.entries(instants).filter(([, at]) => at > 0 || authenticatedAt === 0);
  if (entries.length === 0) return undefined;
  return Object.fromEntries(entries.map(([name, at]) => [name, at === authenticatedAt ? 0 : at]));
}

/** The line of a new session, before it is known when that begins. */
export function encodeDraftMeta(draft: SessionDraft): string {
  const levels = draft.level === undefined ? NONE : { [draft.level]: 0 };
  const methods = Object.fromEntries(draft.methods.map((method) => [method, 0]));
  return encodeMeta({ subject: draft.subject, levels, methods, device: draft.device, client: draft.client }, 0);
}

/** The line about the subject in the text of a live session. */
export function metaOf(value: string): string {
  return value.slice(HEADER_LENGTH, value.indexOf('\n', HEADER_LENGTH));
}

/** The line with another device in it. The rest stays as it is, first of all the field that scripts look for. */
export function replaceDevice(meta: string, device: SessionDevice | undefined): string {
  return JSON.stringify({ ...(JSON.parse(meta) as object), d: encodeDevice(device) });
}

/** The whole text of a record: what the scripts make, for tests and tools. */
export function encodeRecord(record: SessionRecord, previous?: string): string {
  const { version, createdAt, authenticatedAt, lastActiveAt, longestGapMs, spentAt, rotatedAt } = record;
  const instants = [createdAt, authenticatedAt, lastActiveAt].map((at) => encodeNumber(at, 7)).join('');
  const tail = `${encodeNumber(longestGapMs, 6)}${encodeNumber(spentAt, 7)}${rotatedAt === 0 ? '' : encodeNumber(rotatedAt, 7)}`;
  const head = `${rotatedAt === 0 ? 'L' : 'R'}1${encodeNumber(version, 4)}${instants}${tail}`;
  return `${head}${encodeMeta(record, authenticatedAt, previous)}\n${record.data}`;
}

/** The text of a tombstone. */
export function encodeTombstone({ reason, at }: Ended): string {
  return `X1${reasonLetter(reason)}${encodeNumber(at, 7)}`;
}
