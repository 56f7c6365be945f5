import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../support/source-tree.ts';

/** Every document for people, from the root of the repository. */
export const DOCUMENTS = [
  'README.md',
  'SECURITY.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'examples/README.md',
  'lib/policy/README.md',
  'lib/express/README.md',
  'lib/step-up/README.md',
  'lib/express/device/README.md',
] as const;

/** A fenced block of code. */
export interface CodeBlock {
  readonly language: string;
  readonly text: string;
}

/** The text of a document. */
export function readDocument(path: string): Promise<string> {
  return readFile(join(ROOT, path), 'utf8');
}

/** The blocks of code of a text, in order. */
export function codeBlocks(text: string): readonly CodeBlock[] {
  return [...text.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].map(([, language = '', block = '']) => ({ language, text: block }));
}

/** What stands between two marks, `<!-- name -->` and `<!-- /name -->`. */
export function marked(text: string, name: string): string {
  const part = new RegExp(`<!-- ${name} -->([^]*?)<!-- /${name} -->`).exec(text)?.[1];
  if (part === undefined) throw new Error(`the document has no part marked ${name}`);
  return part;
}

/** What stands under a heading, up to the next one of the same or a higher rank. */
export function section(text: string, heading: string): string {
  const rank = /^#+/.exec(heading)?.[0].length ?? 0;
  const start = text.indexOf(`\n${heading}\n`);
  if (start === -1) throw new Error(`the document has no heading ${heading}`);
  const rest = text.slice(start + heading.length + 2);
  const end = rest.search(new RegExp(`^#{1,${rank}} `, 'm'));
  return end === -1 ? rest : rest.slice(0, end);
}

/** The rows of the first table of a text, without its head; a bar in code does not end a cell. */
export function table(text: string): readonly (readonly string[])[] {
  const lines = /(?:^\|.*\|$\n?)+/m.exec(text)?.[0].trim().split('\n') ?? [];
  return lines.slice(2).map((line) =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim()),
  );
}

/** Words in `code` of a text. */
export function codeWords(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(/`([^`]+)`/g)].map(([, word]) => word as string));
}

/** Links of a text, but for those in blocks of code. */
export function links(text: string): readonly string[] {
  return [...text.replace(/^```[^]*?^```$/gm, '').matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target as string);
}

/** The anchors that a viewer makes of the headings. */
export function anchors(text: string): ReadonlySet<string> {
  const headings = [...text.replace(/^```[^]*?^```$/gm, '').matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading as string);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}
