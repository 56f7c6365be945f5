import { beforeAll, describe, expect, test } from '@jest/globals';
import { importedPath } from '../support/source-tree.ts';
import { readDocument } from './markdown.ts';

const ENTRIES = [
  'lib/index.ts',
  'lib/client/index.ts',
  'lib/step-up/oidc/oidc.ts',
  'lib/step-up/passkey/passkey.ts',
  'lib/proofs/attestation/client-attestation.ts',
  'lib/proofs/attestation/app-attest.ts',
  'lib/proofs/attestation/play-integrity.ts',
  'lib/proofs/attestation/android-key-attestation.ts',
  'lib/proofs/attestation/security-key-attestation.ts',
  'lib/proofs/posture/posture-assertion.ts',
  'lib/testing/index.ts',
];

/** Something that the package exports, and what is said about it. */
interface Documented {
  readonly name: string;
  readonly kind: string;
  /** The comment right before the declaration; empty if there is none. */
  readonly docstring: string;
}

let all: readonly Documented[];

beforeAll(async () => {
  all = (await Promise.all(ENTRIES.map(exportsOf))).flat();
});

/** What a file declares and exports, and what it exports again from others. */
async function exportsOf(file: string): Promise<readonly Documented[]> {
  const source = await readDocument(file);
  const statements = [...source.matchAll(/^export (?:type )?(\{[^}]*\}|\*) from '(\.[^']+)';/gm)];
  const again = statements.map(async ([, names = '', from = '']) => {
    const there = await exportsOf(importedPath(file, from));
    const wanted = names === '*' ? there.map(({ name }) => name) : [...names.matchAll(/\b(?!type\b)\w+/g)].map(([name]) => name);
    return wanted.map((name) => there.find((one) => one.name === name) ?? { name, kind: 'unknown', docstring: '' });
  });
  return [...declarations(source), ...(await Promise.all(again)).flat()];
}

/** Exported declarations of a source. Of an overloaded function the first counts. */
function declarations(source: string): readonly Documented[] {
  const pattern = /(\/\*\*(?:(?!\*\/)[^])*\*\/\n)?^export (?:abstract )?(?:async )?(class|function|const|interface|type) (\w+)/gm;
  const found = new Map<string, Documented>();
  for (const [, docstring = '', kind = '', name = ''] of source.matchAll(pattern)) {
    if (!found.has(name)) found.set(name, { name, kind, docstring });
  }
  return [...found.values()];
}

function without(mark: string): readonly string[] {
  return all.filter(({ kind, docstring }) => kind === 'function' && !docstring.includes(mark)).map(({ name }) => name);
}

describe('what the package exports', () => {
  test('is found', () => {
    expect(all.map(({ name }) => name)).toEqual(expect.arrayContaining(['sessionPolicy', 'PolicyDocument', 'SessionStore', 'manualClock']));
  });

  test('has a docstring each', () => {
    expect(all.filter(({ docstring }) => docstring.trim() === '').map(({ name }) => name)).toEqual([]);
  });

  test('has an example, if it is a function', () => {
    expect(without('@example')).toEqual([]);
  });

  test('says which errors it throws, if it is a function that does', () => {
    const silent = ['decide', 'explain', 'memoryPasskeys', 'passive'];
    expect(without('@throws')).toEqual(expect.arrayContaining(silent));
    expect(without('@throws').filter((name) => !silent.includes(name))).toEqual([]);
  });
});
