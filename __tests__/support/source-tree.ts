import { readFile, readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from '@swc/core';

/** The folder that package.json is in. */
export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url));

/** A node of a syntax tree. */
export interface SyntaxNode {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** A source file, read and parsed. */
export interface SourceFile {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly nodes: readonly SyntaxNode[];
  /** Names used as values or declared, but not those of properties. */
  readonly names: readonly string[];
  /** What it imports or re-exports, types too, as written. */
  readonly imports: readonly string[];
  /** The statements of the file itself. */
  readonly statements: readonly SyntaxNode[];
}

/** Every TypeScript file under a folder of the repository. */
export async function sourceFiles(folder: string): Promise<readonly SourceFile[]> {
  const entries = await readdir(join(ROOT, folder), { recursive: true });
  const paths = entries.filter((entry) => entry.endsWith('.ts')).sort();
  return Promise.all(paths.map((path) => readSource(join(folder, path))));
}

async function readSource(path: string): Promise<SourceFile> {
  const text = await readFile(join(ROOT, path), 'utf8');
  return { path: path.split(sep).join('/'), text, ...(await syntaxOf(text)) };
}

/** The syntax of a TypeScript text. */
export async function syntaxOf(text: string): Promise<Omit<SourceFile, 'path' | 'text'>> {
  const module = await parse(text, { syntax: 'typescript', target: 'es2022' });
  const nodes = [...allNodes(module)];
  return {
    nodes,
    names: [...freeNames(module)],
    imports: nodes.flatMap(importedFrom),
    statements: module.body as unknown as readonly SyntaxNode[],
  };
}

function* allNodes(value: unknown): Generator<SyntaxNode> {
  if (value === null || typeof value !== 'object') return;
  if (typeof (value as { type?: unknown }).type === 'string') yield value as SyntaxNode;
  for (const child of Object.values(value)) yield* allNodes(child);
}

function* freeNames(value: unknown): Generator<string> {
  if (value === null || typeof value !== 'object') return;
  for (const [key, child] of Object.entries(value)) {
    const { type, value: name } = (child ?? {}) as { type?: unknown; value?: unknown };
    if (type === 'Identifier' && !isMemberName(value, key)) yield String(name);
    yield* freeNames(child);
  }
}

/** `a.name`, `{ name: 1 }` and `typeof a.name` name a member, not a variable. */
function isMemberName(parent: object, key: string): boolean {
  return key === 'property' || key === 'key' || (key === 'right' && (parent as SyntaxNode).type === 'TsQualifiedName');
}

function importedFrom(node: SyntaxNode): readonly string[] {
  if (/^(?:Import|Export(?:Named|All)?)Declaration$/.test(node.type)) return literal(node['source']);
  if (node.type === 'TsImportType') return literal(node['argument']);
  const callee = node['callee'] as SyntaxNode | undefined;
  if (node.type !== 'CallExpression' || callee?.type !== 'Import') return [];
  return literal((node['arguments'] as readonly { expression: unknown }[])[0]?.expression);
}

function literal(node: unknown): readonly string[] {
  const value = (node as { value?: unknown } | null | undefined)?.value;
  return typeof value === 'string' ? [value] : [];
}

/** Where a relative import of a file leads, from the root of the repository. */
export function importedPath(from: string, specifier: string): string {
  return relative(ROOT, join(ROOT, from, '..', specifier))
    .split(sep)
    .join('/');
}
