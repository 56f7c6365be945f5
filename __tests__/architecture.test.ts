import { readdir } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { ROOT, type SourceFile, type SyntaxNode, importedPath, sourceFiles, syntaxOf } from './support/source-tree.ts';

const ENFORCEMENT = ['policy', 'sessions', 'proofs', 'audit', 'express'];

/** What each part of lib may import of ours, besides itself. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  policy: [],
  sessions: ['policy'],
  proofs: ['policy'],
  audit: ['policy'],
  express: ['policy', 'sessions', 'proofs', 'audit'],
  'step-up': ENFORCEMENT,
  workload: ENFORCEMENT,
  signals: ENFORCEMENT,
  gateway: ENFORCEMENT,
  console: ENFORCEMENT,
  client: [],
  cli: ['policy', 'sessions', 'audit', 'gateway', 'load-policy.ts'],
  testing: ['policy', 'sessions'],
  'load-policy.ts': ['policy'],
};

const TOP_LEVEL = [
  '.ci .github .gitignore .gitattributes .npmrc .oxlintrc.json biome.json package.json package-lock.json tsconfig.json',
  'README.md LICENSE CHANGELOG.md SECURITY.md CONTRIBUTING.md docs lib examples __tests__',
].flatMap((names) => names.split(' '));
const NOT_COMMITTED = ['.git', 'node_modules', 'dist', '.cache', 'coverage'];

/** Packages that compute and do nothing else. */
const PURE_PACKAGES = ['zod', 'ipaddr.js', 'path-to-regexp', 'yaml', '@noble/hashes'];
const IMPURE = [
  'process',
  'performance',
  'crypto',
  'globalThis',
  'global',
  'fetch',
  'console',
  'Buffer',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'eval',
];

let lib: readonly SourceFile[];

beforeAll(async () => {
  lib = await sourceFiles('lib');
});

describe('the arrows of lib', () => {
  test('each part imports only what stands below it', () => {
    expect(lib.flatMap(wrongArrows)).toEqual([]);
  });

  test('every part is one that the arrows know', () => {
    const parts = new Set(lib.map(({ path }) => partOf(path)));
    expect([...parts].filter((part) => part !== 'index.ts' && ARROWS[part] === undefined)).toEqual([]);
  });

  test('an import of any form is seen', async () => {
    const forms = [
      "import { a } from '../express/a.ts';",
      "import type { A } from '../express/a.ts';",
      "export * from '../express/a.ts';",
      "export { a } from '../express/a.ts';",
      "const a = await import('../express/a.ts');",
      "type A = import('../express/a.ts').A;",
    ];
    for (const text of forms) {
      expect(wrongArrows({ path: 'lib/policy/x.ts', text, ...(await syntaxOf(text)) })).toEqual([
        'lib/policy/x.ts imports lib/express/a.ts',
      ]);
    }
  });

  test('the public surface only re-exports', () => {
    const surface = lib.filter(({ path }) => /^lib\/(?:testing\/)?index\.ts$/.test(path));
    const other = surface.flatMap(({ statements }) => statements.filter(({ type }) => !/^Export(?:Named|All)Declaration$/.test(type)));
    expect(other).toEqual([]);
  });
});

describe('lib/policy is pure', () => {
  test('no clock, randomness, process, timer or Node module', () => {
    const policy = lib.filter(({ path }) => partOf(path) === 'policy');
    expect(policy.length).toBeGreaterThan(10);
    expect(policy.flatMap((file) => impurities(file))).toEqual([]);
  });

  test.each([
    ['Date.now()', 'Date.now'],
    ['new Date()', 'new Date()'],
    ['Date()', 'Date()'],
    ['Math.random()', 'Math.random'],
    ["Math['random']()", 'Math.random'],
    ['process.env', 'process'],
    ['performance.now()', 'performance'],
    ['const later = setTimeout', 'setTimeout'],
    ["import 'node:fs'", 'node:fs'],
    ["import { readFile } from 'fs/promises'", 'fs/promises'],
  ])('%s would be seen', async (text, seen) => {
    expect(impurities({ path: 'x.ts', text, ...(await syntaxOf(text)) })).toEqual([`x.ts: ${seen}`]);
  });

  test('a date that is read from a text is no clock', async () => {
    const text = 'const at = Date.parse(x) + new Date(y).getTime() + rule.process.performance;';
    expect(impurities({ path: 'x.ts', text, ...(await syntaxOf(text)) })).toEqual([]);
  });
});

describe('the shape of the repository', () => {
  test('no source file is longer than 300 lines', async () => {
    const files = [...lib, ...(await sourceFiles('examples'))];
    expect(files.filter(({ text }) => text.split('\n').length > 300).map(({ path }) => path)).toEqual([]);
  });

  test('no drawer for things without a place', () => {
    expect(lib.filter(({ path }) => /(?:^|\/)(?:utils?|helpers?|types|misc|common)(?:\/|\.ts$)/.test(path))).toEqual([]);
  });

  test('the top level holds only what has to be there', async () => {
    const names = await readdir(ROOT);
    expect(names.filter((name) => !TOP_LEVEL.includes(name) && !NOT_COMMITTED.includes(name))).toEqual([]);
  });
});

function partOf(path: string): string {
  return path.split('/')[1] as string;
}

function wrongArrows({ path, imports }: SourceFile): readonly string[] {
  const part = partOf(path);
  if (part === 'index.ts') return [];
  const allowed = [part, ...(ARROWS[part] ?? [])];
  return imports
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => importedPath(path, specifier))
    .filter((target) => !allowed.includes(partOf(target)))
    .map((target) => `${path} imports ${target}`);
}

function impurities({ path, nodes, names, imports }: SourceFile): readonly string[] {
  const foreign = imports.filter((name) => !name.startsWith('.') && !PURE_PACKAGES.some((pure) => `${name}/`.startsWith(`${pure}/`)));
  const global = names.filter((name) => IMPURE.includes(name));
  return [...foreign, ...global, ...nodes.flatMap(impureUse)].map((what) => `${path}: ${what}`);
}

function impureUse(node: SyntaxNode): readonly string[] {
  if (node.type === 'MemberExpression') return impureMember(node);
  if (node.type === 'NewExpression' && nameOf(node['callee']) === 'Date' && isEmpty(node['arguments'])) return ['new Date()'];
  if (node.type === 'CallExpression' && nameOf(node['callee']) === 'Date') return ['Date()'];
  return [];
}

function impureMember(node: SyntaxNode): readonly string[] {
  const object = nameOf(node['object']);
  const property = propertyOf(node['property'] as SyntaxNode);
  if (object === 'Date' && property === 'now') return ['Date.now'];
  if (object === 'Math' && property === 'random') return ['Math.random'];
  return [];
}

function nameOf(node: unknown): string | undefined {
  const { type, value } = node as { type: string; value?: unknown };
  return type === 'Identifier' ? String(value) : undefined;
}

function propertyOf(node: SyntaxNode): string {
  return node.type === 'Computed' ? String((node['expression'] as { value?: unknown }).value) : String(node['value']);
}

function isEmpty(list: unknown): boolean {
  return !Array.isArray(list) || list.length === 0;
}
