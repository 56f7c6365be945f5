import { join } from 'node:path';
import { ROOT, type SyntaxNode } from '../support/source-tree.ts';
import { type DeclarationFile, type Origin, declarationFile, textOf } from './declarations.ts';

const ENTRIES = {
  'express-session-policy': 'dist/index.d.ts',
  'express-session-policy/client': 'dist/client/index.d.ts',
  'express-session-policy/step-up/oidc': 'dist/step-up/oidc/oidc.d.ts',
  'express-session-policy/step-up/passkey': 'dist/step-up/passkey/passkey.d.ts',
  'express-session-policy/attestation/client': 'dist/proofs/attestation/client-attestation.d.ts',
  'express-session-policy/attestation/app-attest': 'dist/proofs/attestation/app-attest.d.ts',
  'express-session-policy/attestation/play-integrity': 'dist/proofs/attestation/play-integrity.d.ts',
  'express-session-policy/attestation/android-key': 'dist/proofs/attestation/android-key-attestation.d.ts',
  'express-session-policy/attestation/security-key': 'dist/proofs/attestation/security-key-attestation.d.ts',
  'express-session-policy/posture': 'dist/proofs/posture/posture-assertion.d.ts',
  'express-session-policy/testing': 'dist/testing/index.d.ts',
};
const HEAD = `The public interface: what the package exports, and every declaration that these lead to. A change here wants a look by a reviewer, an
entry in the changelog and the right version number. Written by npm run api:update.`;

/** The file in which the surface is recorded. */
export const RECORD: string = join(ROOT, '__tests__/package/api-surface.txt');

/** The public interface of the built package as text. */
export async function apiSurface(): Promise<string> {
  const surface = new Surface();
  const lists: string[] = [];
  for (const [entry, file] of Object.entries(ENTRIES)) {
    const exported = await surface.exportsOf(file);
    for (const origin of exported.values()) await surface.include(origin);
    lists.push(`=== ${entry}\n${[...exported.keys()].sort().join('\n')}`);
  }
  return `${[HEAD, ...lists, ...(await surface.texts())].join('\n\n')}\n`;
}

class Surface {
  readonly #files = new Map<string, Promise<DeclarationFile>>();
  readonly #nodes = new Map<string, readonly SyntaxNode[]>();

  #file(path: string): Promise<DeclarationFile> {
    const known = this.#files.get(path) ?? declarationFile(path);
    this.#files.set(path, known);
    return known;
  }

  async exportsOf(path: string): Promise<ReadonlyMap<string, Origin>> {
    const { exported, everythingOf } = await this.#file(path);
    const all = new Map<string, Origin>();
    for (const other of everythingOf) for (const [name, origin] of await this.exportsOf(other)) all.set(name, origin);
    return new Map([...all, ...exported]);
  }

  /** Takes in a declaration and all that it mentions. */
  async include(origin: Origin): Promise<void> {
    const { file, name } = await this.#declaredAt(origin);
    const key = `${name} (${file.replace(/^dist\/|\.d\.ts$/g, '')})`;
    if (this.#nodes.has(key)) return;
    const { declared, imported, ambient } = await this.#file(file);
    const nodes = [...(declared.get(name) ?? []), ...ambient];
    this.#nodes.set(key, nodes);
    for (const mentioned of new Set(nodes.flatMap((node) => [...identifiers(node)]))) {
      const target = imported.get(mentioned) ?? (declared.has(mentioned) ? { file, name: mentioned } : undefined);
      if (target !== undefined) await this.include(target);
    }
  }

  async #declaredAt({ file, name }: Origin): Promise<Origin> {
    const { declared, imported } = await this.#file(file);
    if (declared.has(name)) return { file, name };
    const elsewhere = (await this.exportsOf(file)).get(name) ?? imported.get(name);
    if (elsewhere === undefined || (elsewhere.file === file && elsewhere.name === name))
      throw new Error(`${file} does not declare ${name}`);
    return this.#declaredAt(elsewhere);
  }

  async texts(): Promise<readonly string[]> {
    const sorted = [...this.#nodes].sort(([a], [b]) => (a < b ? -1 : 1));
    return Promise.all(sorted.map(async ([key, nodes]) => `--- ${key}\n${(await Promise.all(nodes.map(textOf))).join('\n')}`));
  }
}

function* identifiers(value: unknown): Generator<string> {
  if (value === null || typeof value !== 'object') return;
  if ((value as SyntaxNode).type === 'Identifier') yield String((value as SyntaxNode)['value']);
  for (const child of Object.values(value)) yield* identifiers(child);
}
