import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { transform } from 'esbuild';
import { ROOT } from '../support/source-tree.ts';

/** The script of the confirmation page as browsers get it, from its source. */
export async function pageScript(): Promise<string> {
  const source = await readFile(join(ROOT, 'lib/client/passkey-page.ts'), 'utf8');
  return (await transform(source, { loader: 'ts', format: 'esm', target: 'es2022', minify: true })).code;
}
