import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../support/source-tree.ts';
import { type CodeBlock, codeBlocks, readDocument } from './markdown.ts';

/** Where programs find the packages of the project, and no tool of the project looks. */
const PLACE = join(ROOT, 'node_modules/.cache');
const LIBRARY = join(ROOT, 'lib/index.ts');

/** The programs of the README, written to files as they stand there. */
export interface ReadmeCode {
  readonly folder: string;
  /** Loads a program, by the name that its first line says. */
  load(name: string): Promise<Record<string, unknown>>;
  /** Ends the Redis clients that the programs opened, and removes the files. */
  remove(): Promise<void>;
}

/** Files that the programs import and that the README leaves to its reader. */
const PEOPLE = `
export const checkPassword = async (name, password) => (password === 'demo' ? { id: name } : undefined);
export const checkCode = async (_id, code) => code === '123456';
`;
const CLIENTS = `
import { Redis as Client } from 'ioredis';
export const clients = [];
export class Redis extends Client {
  constructor(...options) {
    super(...options);
    clients.push(this.on('error', () => undefined));
  }
}
`;

/** Blocks of a language that say in their first line which file they are. */
export function namedBlocks(text: string, language: string): ReadonlyMap<string, string> {
  const blocks = codeBlocks(text).filter((block) => block.language === language);
  return new Map(blocks.map((block) => [nameOf(block), block.text]));
}

function nameOf({ text }: CodeBlock): string {
  const name = /^(?:\/\/|#) (\S+\.\w+)\n/.exec(text)?.[1];
  if (name === undefined) throw new Error(`a block of code does not say which file it is:\n${text}`);
  return name;
}

/** Writes every program and policy file of the README to a folder of its own. */
export async function readmeCode(): Promise<ReadmeCode> {
  const readme = await readDocument('README.md');
  await mkdir(PLACE, { recursive: true });
  const folder = await mkdtemp(join(PLACE, 'readme-'));
  const write = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);
  await write('people.js', PEOPLE);
  await write('clients.js', CLIENTS);
  await write('package.json', '{ "type": "module" }');
  for (const [name, text] of namedBlocks(readme, 'yaml')) await write(name, text);
  for (const language of ['js', 'ts']) for (const [name, text] of namedBlocks(readme, language)) await write(name, here(text, folder));
  return {
    folder,
    load: async (name) => (await import(join(folder, name))) as Record<string, unknown>,
    remove: async () => {
      const { clients } = (await import(join(folder, 'clients.js'))) as { clients: { disconnect(): void }[] };
      for (const client of clients) client.disconnect();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The program against this source, with files of its folder; instead of listening it hands over its app. */
function here(program: string, folder: string): string {
  return program
    .replace("from 'express-session-policy'", `from '${LIBRARY}'`)
    .replace("from 'express-session-policy/step-up/passkey'", `from '${join(ROOT, 'lib/step-up/passkey/passkey.ts')}'`)
    .replace("from 'ioredis'", "from './clients.js'")
    .replace("'session-policy.yaml'", `'${join(folder, 'session-policy.yaml')}'`)
    .replace(/^app\.listen\(3000\);$/m, 'export { app };');
}
