import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLError } from 'yaml';
import type { PolicyFault } from './errors.ts';
import { shown } from './text-forms.ts';
import type { Locate } from './validation/findings.ts';

/** What a text says, and where. */
export interface YamlText {
  readonly value: unknown;
  readonly faults: readonly PolicyFault[];
  /** The text is so broken that its value means nothing. */
  readonly unreadable: boolean;
  readonly locate: Locate;
}

const LONGEST_TEXT = 1_048_576;
const DEEPEST = 64;
const MOST_ALIASES = 1_000;

const OPTIONS = {
  version: '1.2',
  schema: 'core',
  merge: false,
  resolveKnownTags: false,
  stringKeys: true,
  uniqueKeys: true,
  strict: true,
  prettyErrors: false,
  logLevel: 'error',
} as const;

/** Faults after which the rest of the text still means what it says. */
const HARMLESS: ReadonlySet<string> = new Set(['DUPLICATE_KEY', 'TAG_RESOLVE_FAILED']);

/** Reads YAML 1.2 by its core schema, of which JSON is a part. */
export function readYaml(text: string, format: 'yaml' | 'json'): YamlText {
  const hostile = hostility(text);
  if (hostile !== undefined) return unreadable([{ path: '', message: hostile }]);
  const lines = new LineCounter();
  const document = parseDocument(text, { ...OPTIONS, lineCounter: lines });
  const problems = [...document.errors, ...document.warnings];
  const faults = [
    ...problems.map((problem) => ({ path: '', line: lines.linePos(problem.pos[0]).line, message: describe(problem, text) })),
    ...versionFaults(document),
  ];
  if (problems.some(({ code }) => !HARMLESS.has(code))) return unreadable(faults);
  const notJson = format === 'json' ? jsonFault(text, lines) : undefined;
  return notJson === undefined ? withValue(document, lines, faults) : unreadable([...faults, notJson]);
}

function versionFaults({ directives }: Document.Parsed): readonly PolicyFault[] {
  const { explicit, version } = directives?.yaml ?? {};
  return explicit === true && version !== '1.2' ? [{ path: '', line: 1, message: `is written in YAML ${version}; only 1.2 is read` }] : [];
}

function withValue(document: Document.Parsed, lines: LineCounter, faults: readonly PolicyFault[]): YamlText {
  try {
    const value: unknown = document.toJS({ maxAliasCount: MOST_ALIASES });
    if (value === null) return unreadable([...faults, { path: '', message: 'is empty' }]);
    return { value, faults, unreadable: false, locate: (path) => lineOf(document, lines, path) };
  } catch {
    const message = `has aliases that cannot be resolved, or that stand for more than ${MOST_ALIASES} copies`;
    return unreadable([...faults, { path: '', message }]);
  }
}

/** What must not even be parsed: a parser that follows it would run out of stack or memory. */
function hostility(text: string): string | undefined {
  if (text.length > LONGEST_TEXT) return 'is larger than 1 MiB';
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === 91 || code === 123) depth += 1;
    else if (code === 93 || code === 125) depth -= 1;
    if (depth > DEEPEST) return `is nested deeper than ${DEEPEST} levels`;
  }
  return /(?:[-?:][ \t]+){64}/.test(text) || /^[ \t]{512}/m.test(text) ? `is nested deeper than ${DEEPEST} levels` : undefined;
}

function unreadable(faults: readonly PolicyFault[]): YamlText {
  return { value: undefined, faults, unreadable: true, locate: () => undefined };
}

function describe({ code, message, pos }: YAMLError, text: string): string {
  if (code === 'DUPLICATE_KEY') return `the key ${shown(keyAt(text, pos[0]))} stands here twice`;
  if (code === 'TAG_RESOLVE_FAILED') return `${message.replace(/^Unresolved tag: /, 'has the tag ')}; a policy has plain values only`;
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here; a policy is one document';
  if (code === 'NON_STRING_KEY') return 'a key must be a plain text';
  return `cannot be read: ${message.split('\n')[0]}`;
}

function keyAt(text: string, start: number): string {
  return /^["']?([^"':\n]*)/.exec(text.slice(start, start + 100))?.[1]?.trim() ?? '';
}

function jsonFault(text: string, lines: LineCounter): PolicyFault | undefined {
  try {
    JSON.parse(text.replace(/^\uFEFF/, ''));
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const position = Number(/position (\d+)/.exec(message)?.[1] ?? text.length);
    return {
      path: '',
      line: lines.linePos(position).line || 1,
      message: `is not JSON: ${shown(text.slice(position, position + 20))} is not expected here`,
    };
  }
}

/** The line of the key that a path leads to, or of the innermost thing around it that is there. */
function lineOf(document: Document.Parsed, lines: LineCounter, path: readonly (string | number)[]): number | undefined {
  let node: unknown = document.contents;
  let start: number | undefined = rangeStart(node);
  for (const key of path) {
    const holder = isAlias(node) ? node.resolve(document) : node;
    const pair = isMap(holder) ? holder.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key)) : undefined;
    const item = isSeq(holder) && typeof key === 'number' ? holder.items[key] : undefined;
    if (pair === undefined && item === undefined) break;
    start = rangeStart(pair?.key ?? item) ?? start;
    node = pair?.value ?? item;
  }
  return start === undefined ? undefined : lines.linePos(start).line;
}

function rangeStart(node: unknown): number | undefined {
  return (node as Node | null)?.range?.[0];
}
