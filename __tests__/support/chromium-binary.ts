import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { downloadFromDebian } from './chromium-download.ts';
import { underLock } from './held-lock.ts';

const run = promisify(execFile);
const CACHE = fileURLToPath(new URL('../../.cache', import.meta.url));
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const WHAT_TO_DO =
  'The browser tests need a real Chromium. Install one (Debian and Ubuntu: apt-get install chromium; macOS: brew install --cask chromium) ' +
  'so that it is on PATH, or set CHROMIUM_PATH to its executable.';

/** How long a first installation of Chromium may take: the timeout of a hook that opens one. */
export const INSTALLATION_MS = 300_000;

/** Where Chromium is looked for and how it is got. The defaults are this machine; tests give others. */
export interface ChromiumSearch {
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly cache?: string;
  readonly isRoot?: boolean;
  /** Runs a command of the system. */
  readonly command?: (file: string, args: readonly string[]) => Promise<unknown>;
  readonly download?: (folder: string) => Promise<void>;
}

/**
 * The path of a Chromium that starts: CHROMIUM_PATH, else one on PATH, else the cache of this project, else installed by apt-get
 * as root, else unpacked from Debian's packages into that cache. Test processes at the same time install it once.
 *
 * @throws Error that says what to install, if there is none and none can be had, or if CHROMIUM_PATH does not start. Never skips.
 */
export async function findChromium(search: ChromiumSearch = {}): Promise<string> {
  const chosen = environmentOf(search)['CHROMIUM_PATH'];
  if (chosen !== undefined && chosen !== '') {
    if (await starts(chosen)) return chosen;
    throw new Error(`CHROMIUM_PATH is ${chosen}, which is no Chromium that starts.\n${WHAT_TO_DO}`);
  }
  return (await installed(search)) ?? (await install(search));
}

/** Another process may have installed it while this one waited for the lock. */
async function install(search: ChromiumSearch): Promise<string> {
  const failures: string[] = [];
  try {
    return await underLock(
      join(cacheOf(search), 'chromium.lock'),
      async () => (await installed(search)) ?? (await provision(search, failures)),
    );
  } catch (error) {
    if (failures.length === 0) failures.push(messageOf(error));
    throw new Error(`${WHAT_TO_DO}\nIt could not be fetched here:\n${failures.join('\n')}`, { cause: error });
  }
}

async function provision(search: ChromiumSearch, failures: string[]): Promise<string> {
  const isRoot = search.isRoot ?? process.getuid?.() === 0;
  for (const attempt of isRoot ? [installAsRoot, unpackIntoCache] : [unpackIntoCache]) {
    try {
      await attempt(search);
      const found = await installed(search);
      if (found !== undefined) return found;
      failures.push(`${attempt.name}: what was installed does not start`);
    } catch (error) {
      failures.push(`${attempt.name}: ${messageOf(error)}`);
    }
  }
  throw new Error('no way to get Chromium worked');
}

async function installAsRoot({ command = systemCommand }: ChromiumSearch): Promise<void> {
  const install = ['-o', 'DPkg::Lock::Timeout=300', '-qq', '-y', '--no-install-recommends', 'install', 'chromium'];
  try {
    await command('apt-get', install);
  } catch {
    // There are no package lists, or they are older than what the mirror still has.
    await command('apt-get', ['-qq', 'update']);
    await command('apt-get', install);
  }
}

async function unpackIntoCache(search: ChromiumSearch): Promise<void> {
  await (search.download ?? downloadFromDebian)(join(cacheOf(search), 'chromium'));
}

async function installed(search: ChromiumSearch): Promise<string | undefined> {
  const folders = (environmentOf(search)['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const onPath = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  for (const path of [...onPath, join(cacheOf(search), 'chromium/chromium')]) if (await starts(path)) return path;
  return undefined;
}

async function starts(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    const { stdout } = await run(path, ['--version'], { timeout: 30_000 });
    return /Chrom(?:e|ium) \d+/.test(stdout);
  } catch {
    return false;
  }
}

function systemCommand(file: string, args: readonly string[]): Promise<unknown> {
  return run(file, [...args], { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, maxBuffer: 64 << 20 });
}

function environmentOf({ environment = process.env }: ChromiumSearch): Readonly<Record<string, string | undefined>> {
  return environment;
}

function cacheOf({ cache = CACHE }: ChromiumSearch): string {
  return cache;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 600) : String(error);
}
