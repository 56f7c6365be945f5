import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type Plugin, build } from 'esbuild';
import { ROOT } from '../support/source-tree.ts';
import type { Twin } from '../twins/twin.ts';

/** The browser module as it is published: one minified file. */
export async function builtClient(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, 'lib/client/index.ts')],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false,
    plugins: [weakenedTwin],
  });
  return outputFiles[0]?.text as string;
}

/** What Jest's transform does to the files that run in Node: the twin that is under test, if it is one of the browser module. */
const weakenedTwin: Plugin = {
  name: 'weakened twin',
  setup(bundle) {
    const chosen = process.env['TWIN'] ?? '';
    if (!chosen.startsWith('{')) return;
    const { file, find, replace } = JSON.parse(chosen) as Twin;
    bundle.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      if (relative(ROOT, path) !== file) return { contents: text, loader: 'ts' };
      const parts = text.split(find);
      if (parts.length !== 2) throw new Error(`the text of the twin occurs ${parts.length - 1} times in ${file}, not once`);
      return { contents: parts.join(replace), loader: 'ts' };
    });
  },
};
