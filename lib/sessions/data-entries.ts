import type { SessionChanges } from './session-record.ts';

const SEPARATOR = ',\n';
const OPEN = '{'.charCodeAt(0);
const CLOSE = '}'.charCodeAt(0);
const QUOTE = '"'.charCodeAt(0);

/** Whether a text can be the data of a session. Its inside is the application's own and is not parsed here. */
export function isDataText(data: string): boolean {
  return data.length >= 2 && data.charCodeAt(0) === OPEN && data.charCodeAt(data.length - 1) === CLOSE;
}

/**
 * @throws {TypeError} if the data is not the JSON text of an object with its top-level entries on lines of their own. It would be
 * merged wrongly later.
 */
export function checkDataText(data: string): void {
  const lines = isDataText(data) && !data.includes('\n', data.length - 2) ? data.slice(1, -1).split('\n') : [];
  const sound = lines.every((line, index) => {
    const last = index === lines.length - 1;
    return (line === '' && lines.length === 1) || (line.charCodeAt(0) === QUOTE && last !== line.endsWith(','));
  });
  if (lines.length === 0 || !sound)
    throw new TypeError('session data must be the JSON text of an object, with ",\\n" between its top-level entries');
}

/** @throws {TypeError} if a value is not JSON text on one line. */
export function checkChanges(changes: SessionChanges): void {
  for (const text of changes.values()) {
    if (text === '' || text?.includes('\n') === true) throw new TypeError('a changed entry must be JSON text on one line, or undefined');
  }
}

/** The JSON text of a key as it starts a line. */
export function keyText(key: string): string {
  return JSON.stringify(key);
}

/** Data with the changed entries in the place of the old ones; new ones come last. */
export function mergeEntries(data: string, changes: SessionChanges): string {
  const left = new Map([...changes].map(([key, text]) => [keyText(key), text]));
  const lines: string[] = [];
  for (const line of data === '{}' ? [] : data.slice(1, -1).split(SEPARATOR)) {
    const key = keyOfLine(line);
    const text = left.get(key);
    if (!left.has(key)) lines.push(line);
    else if (text !== undefined) lines.push(`${key}:${text}`);
    left.delete(key);
  }
  for (const [key, text] of left) if (text !== undefined) lines.push(`${key}:${text}`);
  return `{${lines.join(SEPARATOR)}}`;
}

/** The key that a line starts with, as JSON text: up to the first quote that is not escaped. */
function keyOfLine(line: string): string {
  for (let at = 1; at < line.length; at += 1) {
    const char = line[at];
    if (char === '"') return line.slice(0, at + 1);
    if (char === '\\') at += 1;
  }
  return line;
}
