import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../support/source-tree.ts';

const run = promisify(execFile);
const NPM = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];

/** The package as npm would publish it. */
export interface Packed {
  readonly tarball: string;
  /** Paths in the tarball, without the leading `package/`. */
  readonly files: readonly string[];
  remove(): Promise<void>;
}

/** Packs the built package into a folder of its own. */
export async function pack(): Promise<Packed> {
  const folder = await mkdtemp(join(tmpdir(), 'packed-'));
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: ROOT });
  const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  return {
    tarball: join(folder, packed.filename),
    files: packed.files.map(({ path }) => path),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A project outside this repository that has installed the package. */
export interface Consumer {
  write(file: string, text: string): Promise<void>;
  /** Runs a command there and gives what it prints; rejects with its output if it fails. */
  run(command: string, ...args: readonly string[]): Promise<string>;
  installed(): Promise<readonly string[]>;
  remove(): Promise<void>;
}

/** Makes a fresh project, ES modules or CommonJS, and installs the tarball and what its user would have. */
export async function consumer(type: 'module' | 'commonjs', tarball: string, also: readonly string[] = []): Promise<Consumer> {
  const folder = await mkdtemp(join(tmpdir(), `consumer-${type}-`));
  const inFolder = async (command: string, ...args: readonly string[]): Promise<string> => {
    const environment = { ...process.env };
    delete environment['NODE_ENV'];
    delete environment['NODE_OPTIONS'];
    try {
      return (await run(command, args, { cwd: folder, env: environment })).stdout;
    } catch (error) {
      const { stdout, stderr } = error as { stdout?: string; stderr?: string };
      throw new Error(`${command} ${args.join(' ')} failed:\n${stdout ?? ''}${stderr ?? ''}`, { cause: error });
    }
  };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', version: '1.0.0', private: true, type }));
  await inFolder('npm', 'install', ...NPM, tarball, ...also);
  return {
    write: (file, text) => writeFile(join(folder, file), text),
    run: inFolder,
    installed: async () => readdir(join(folder, 'node_modules')),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
