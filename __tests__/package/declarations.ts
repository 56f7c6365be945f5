import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Module, parse, print } from '@swc/core';
import { ROOT, type SyntaxNode, importedPath } from '../support/source-tree.ts';

/** Something that a declaration file names: declared there, or in another file under another name. */
export interface Origin {
  readonly file: string;
  readonly name: string;
}

/** A declaration file, taken apart. Only what comes from this package is followed. */
export interface DeclarationFile {
  /** Declarations by name; overloads of a function are several. */
  readonly declared: ReadonlyMap<string, readonly SyntaxNode[]>;
  readonly imported: ReadonlyMap<string, Origin>;
  readonly exported: ReadonlyMap<string, Origin>;
  /** Files of which everything is exported again. */
  readonly everythingOf: readonly string[];
  /** `declare global` and the like, which reach users without being exported. */
  readonly ambient: readonly SyntaxNode[];
}

/** Reads and takes apart a declaration file. */
export async function declarationFile(file: string): Promise<DeclarationFile> {
  const { body } = await parse(await readFile(join(ROOT, file), 'utf8'), { syntax: 'typescript', target: 'es2022' });
  const declared = new Map<string, SyntaxNode[]>();
  const imported = new Map<string, Origin>();
  const exported = new Map<string, Origin>();
  const everythingOf: string[] = [];
  const ambient: SyntaxNode[] = [];
  for (const node of body as unknown as SyntaxNode[]) {
    const from = sourceOf(file, node);
    if (node.type === 'ExportAllDeclaration' && from !== undefined) everythingOf.push(from);
    if (node.type === 'ImportDeclaration' && from !== undefined) for (const [name, origin] of named(node, from)) imported.set(name, origin);
    if (node.type === 'ExportNamedDeclaration') for (const [name, origin] of named(node, from ?? file)) exported.set(name, origin);
    if (node.type === 'TsModuleDeclaration' && node['global'] === true) ambient.push(node);
    for (const name of namesDeclaredBy(node)) {
      declared.set(name, [...(declared.get(name) ?? []), node]);
      if (node.type === 'ExportDeclaration') exported.set(name, { file, name });
    }
  }
  return { declared, imported, exported, everythingOf, ambient };
}

function sourceOf(file: string, node: SyntaxNode): string | undefined {
  const specifier = (node['source'] as { value?: string } | null | undefined)?.value;
  return specifier?.startsWith('.') === true ? importedPath(file, specifier).replace(/(?<!\.d)\.[jt]s$/, '.d.ts') : undefined;
}

/** Names in braces, with what they stand for in the other file. */
function named(node: SyntaxNode, file: string): readonly (readonly [string, Origin])[] {
  return (node['specifiers'] as readonly Readonly<Record<string, { value: string } | null>>[]).map(
    ({ local, imported, orig, exported }) => {
      const outside = (orig ?? imported ?? local)?.value as string;
      const inside = (orig === undefined ? local : (exported ?? orig))?.value as string;
      return [inside, { file, name: outside }];
    },
  );
}

function namesDeclaredBy(node: SyntaxNode): readonly string[] {
  const declaration = (node.type === 'ExportDeclaration' ? node['declaration'] : node) as SyntaxNode;
  const list = declaration['declarations'] as readonly { id: { value: string } }[] | undefined;
  if (list !== undefined) return list.map(({ id }) => id.value);
  const name = (declaration['id'] ?? declaration['identifier']) as { type?: string; value?: string } | undefined;
  return name?.type === 'Identifier' && declaration['global'] !== true ? [name.value as string] : [];
}

/** A declaration as text: no comments, always laid out in the same way. */
export async function textOf(node: SyntaxNode): Promise<string> {
  const module = { type: 'Module', span: { start: 0, end: 0, ctxt: 0 }, body: [node], interpreter: null } as unknown as Module;
  return (await print(module, { sourceMaps: false })).code.trim();
}
