import { durationFault, likelyDuration } from './duration.ts';

/** A form that some texts of a policy document must have. */
export interface TextForm {
  readonly pattern: RegExp;
  /** What is wrong with a value that does not have it. */
  readonly fault: (value: unknown) => string;
  /** What was probably meant. */
  readonly suggest?: (value: unknown) => string | undefined;
}

const LONGEST_HOST = 300;
const RESERVED = '(?!(?:constructor|prototype)$)';
const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const HOST_NAME = `${LABEL}(?:\\.${LABEL})*`;
const IPV6 = '\\[[0-9a-f:.]+\\]';
const LOOPBACK = '(?:localhost|127\\.0\\.0\\.1|\\[::1\\])';

export const DURATION: TextForm = { pattern: /^[1-9]\d{0,8}[smhd]$/, fault: durationFault, suggest: likelyDuration };

/** Names of apps and profiles go into cookie names and keys of stores. */
export const NAME: TextForm = form(
  new RegExp(`^${RESERVED}[A-Za-z][A-Za-z0-9_-]{0,62}$`),
  'is not a name: write a letter, then letters, digits, "-" or "_", at most 63 in all',
);

export const ID: TextForm = form(
  new RegExp(`^${RESERVED}[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`),
  'is not an id: write a letter or digit, then letters, digits, ".", "-" or "_", at most 100 in all',
);

/** Levels go into `acr_values`, where a space ends one (RFC 9470 section 3). */
export const LEVEL: TextForm = form(
  new RegExp(`^${RESERVED}[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$`),
  'is not a level: write letters, digits, ".", "-", "_", ":" or "/", no spaces',
);

export const TAG: TextForm = form(/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}$/, 'is not a tag: write letters, digits, ".", "-", "_", ":" or "/"');

/** A method as it is in a request (RFC 9110 section 9.1); case is put right. */
export const METHOD: TextForm = form(/^[A-Za-z][A-Za-z-]{0,31}$/, 'is not an HTTP method, like "POST"');

export const HOST: TextForm = form(
  new RegExp(`^(?:(?:\\*\\.)?${HOST_NAME}|${IPV6})$`),
  'is not a host name: lower case, without scheme, port or path; "*." may stand in front for every name below',
  hostIn,
);

export const PATH_PREFIX: TextForm = form(
  /^\/(?:(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~-]+(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~-]+)*\/?)?$/,
  'is not a path prefix: begin with "/", then plain segments, without patterns, encoding or "//"',
  (value) => (/^[A-Za-z0-9]/.test(String(value)) ? `/${String(value)}` : undefined),
);

export const ROUTE_PATH: TextForm = form(
  /^\/[^\s?#]*$/,
  'is not a route path: it begins with "/" and has no spaces, "?" or "#"',
  (value) => (/^[A-Za-z0-9:*{]\S*$/.test(String(value)) ? `/${String(value)}` : undefined),
);

/** What `loginUrl` and `reauthenticateUrl` may be. */
export const ENTRY_URL: TextForm = form(
  /^(?:\/(?![/\\])[^\s?#\\]*|https?:\/\/[^/\s\\][^\s\\]*)$/,
  'is not a path like "/login" or a URL like "https://id.example.com/login"',
);

/** Read off a screen and typed in elsewhere, so it has no user name, and what is sent there is not sent in the clear. */
export const OWN_DEVICE_URL: TextForm = form(
  new RegExp(`^(?:https://(?:${HOST_NAME}|${IPV6})|http://${LOOPBACK})(?::\\d{1,5})?(?:/[^\\s\\\\]*)?$`),
  'is not an address like "https://my.example.com/orders"; http is for localhost only',
);

export const ORIGIN: TextForm = form(
  new RegExp(`^(?:https://(?:${HOST_NAME}|${IPV6})|http://${LOOPBACK})(?::\\d{1,5})?$`),
  'is not an origin: write "https://host" or "https://host:port", without a path; http is for localhost only',
  originIn,
);

export const INSTANT: TextForm = form(
  /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2}))?$/,
  'is not a date like "2026-11-01" or an instant like "2026-11-01T12:00:00Z"',
);

export const SENTENCE: TextForm = form(/\S/, 'says nothing');

export const TEXT_FORMS: readonly TextForm[] = [
  DURATION,
  NAME,
  ID,
  LEVEL,
  TAG,
  METHOD,
  HOST,
  PATH_PREFIX,
  ROUTE_PATH,
  ENTRY_URL,
  OWN_DEVICE_URL,
  ORIGIN,
  INSTANT,
  SENTENCE,
];

/** A value as it is shown in a message: short, and with nothing in it that could pass for something else. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (value !== null && typeof value === 'object') return 'an object';
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}

function form(pattern: RegExp, fault: string, suggest?: (value: unknown) => string | undefined): TextForm {
  return {
    pattern,
    fault: (value) => `${shown(value)} ${fault}`,
    ...(suggest === undefined ? {} : { suggest: (value) => suited(pattern, suggest(value)) }),
  };
}

/** A suggestion that would be refused again helps nobody. */
function suited(pattern: RegExp, suggestion: string | undefined): string | undefined {
  return suggestion !== undefined && pattern.test(suggestion) ? suggestion : undefined;
}

function hostIn(value: unknown): string | undefined {
  return /^(?:[a-z][a-z0-9+.-]*:\/\/)?([^/?#]*?)(?::\d*)?(?:[/?#].*)?$/i.exec(String(value).slice(0, LONGEST_HOST))?.[1]?.toLowerCase();
}

function originIn(value: unknown): string | undefined {
  const text = String(value)
    .toLowerCase()
    .replace(/^http:\/\/(?!localhost|127\.)/, 'https://');
  const url = /^[a-z]+:\/\//.test(text) ? text : `https://${text}`;
  return URL.canParse(url) ? new URL(url).origin : undefined;
}
