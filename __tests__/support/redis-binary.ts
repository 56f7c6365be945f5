import { execFile } from 'node:child_process';
import { access, chmod, constants, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const CACHE = fileURLToPath(new URL('../../.cache', import.meta.url));
const CACHED = join(CACHE, 'redis');
const PACKAGES = ['redis-server', 'redis-tools'];
const WHAT_TO_DO =
  'The tests need a real redis-server (6.2 or newer). Install one (Debian and Ubuntu: apt-get install redis-server; macOS: brew install redis) so that it is on PATH.';

/** Where redis-server is and what its environment needs. */
export interface RedisBinary {
  readonly path: string;
  readonly libraryPath: string | undefined;
}

/**
 * redis-server from PATH, else from the cache of this project, else fetched from Debian's packages into that cache (no root
 * needed), else installed by apt-get as root. The answer is kept in the environment for child processes.
 */
export async function provideRedisBinary(): Promise<RedisBinary> {
  const known = process.env['TEST_REDIS_SERVER'];
  if (known !== undefined) return { path: known, libraryPath: process.env['TEST_REDIS_LIBRARY_PATH'] };
  const found = (await onPath()) ?? (await inCache()) ?? (await provision());
  process.env['TEST_REDIS_SERVER'] = found.path;
  if (found.libraryPath !== undefined) process.env['TEST_REDIS_LIBRARY_PATH'] = found.libraryPath;
  return found;
}

async function provision(): Promise<RedisBinary> {
  const failures: string[] = [];
  for (const attempt of [fetchFromDebian, installAsRoot]) {
    try {
      const found = await attempt();
      if (found !== undefined) return found;
      failures.push(`${attempt.name}: what was installed does not start`);
    } catch (error) {
      failures.push(`${attempt.name}: ${error instanceof Error ? error.message.slice(0, 600) : String(error)}`);
    }
  }
  throw new Error(`${WHAT_TO_DO}\nIt could not be fetched here:\n${failures.join('\n')}`);
}

async function onPath(): Promise<RedisBinary | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const found = await usable({ path: join(folder, 'redis-server'), libraryPath: undefined });
    if (found !== undefined) return found;
  }
  return undefined;
}

async function inCache(): Promise<RedisBinary | undefined> {
  return usable({ path: join(CACHED, 'usr/bin/redis-server'), libraryPath: await libraryFolder() });
}

async function libraryFolder(): Promise<string | undefined> {
  const folders = await readdir(join(CACHED, 'usr/lib')).catch(() => []);
  const multiarch = folders.find((name) => /-linux-gnu/.test(name));
  return multiarch === undefined ? undefined : join(CACHED, 'usr/lib', multiarch);
}

async function usable(binary: RedisBinary): Promise<RedisBinary | undefined> {
  try {
    await access(binary.path, constants.X_OK);
    const { stdout } = await run(binary.path, ['--version'], { env: redisEnvironment(binary) });
    return /v=(?:6\.[2-9]|[7-9]|\d\d)/.test(stdout) ? binary : undefined;
  } catch {
    return undefined;
  }
}

/** The environment in which the binary finds its libraries. */
export function redisEnvironment({ libraryPath }: RedisBinary): NodeJS.ProcessEnv {
  return libraryPath === undefined ? { ...process.env } : { ...process.env, LD_LIBRARY_PATH: libraryPath };
}

/** Unpacked beside the cache and then renamed into place: two runs at a time do not see each other's half-done work. */
async function fetchFromDebian(): Promise<RedisBinary | undefined> {
  await mkdir(CACHE, { recursive: true });
  const work = await mkdtemp(join(CACHE, 'redis-fetch-'));
  try {
    await chmod(work, 0o755);
    await download(work);
    const root = join(work, 'root');
    for (const file of await readdir(work)) if (file.endsWith('.deb')) await run('dpkg', ['-x', join(work, file), root]);
    await rm(CACHED, { recursive: true, force: true });
    await rename(root, CACHED).catch(() => undefined);
    return await inCache();
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** With the machine's package lists where they will do, else with lists of our own. */
async function download(work: string): Promise<void> {
  const cache = join(work, 'cache');
  await mkdir(join(cache, 'archives/partial'), { recursive: true });
  const shared = ['-o', `Dir::Cache=${cache}`, '-o', 'Debug::NoLocking=1', '-o', 'APT::Sandbox::User=root'];
  try {
    await downloadPackages(work, shared);
  } catch {
    const lists = join(work, 'lists');
    await mkdir(join(lists, 'partial'), { recursive: true });
    const own = [...shared, '-o', `Dir::State::lists=${lists}`];
    await run('apt-get', [...own, '-qq', 'update'], { cwd: work });
    await downloadPackages(work, own);
  }
}

async function downloadPackages(work: string, options: readonly string[]): Promise<void> {
  const libraries = await missingLibraries(options);
  await run('apt-get', [...options, '-qq', 'download', ...PACKAGES, ...libraries], { cwd: work });
}

/** The libraries that the packages depend on and this machine does not have. */
async function missingLibraries(options: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await run('apt-cache', [...options, 'depends', '--important', ...PACKAGES]);
  const wanted = new Set([...stdout.matchAll(/Depends: ((?:lib|lua)[a-z0-9.+-]+)/g)].map((match) => match[1] as string));
  const missing: string[] = [];
  for (const name of wanted) if (!(await isInstalled(name))) missing.push(name);
  return missing;
}

async function isInstalled(name: string): Promise<boolean> {
  const { stdout } = await run('dpkg-query', ['-W', '-f', '${Status}', name]).catch(() => ({ stdout: '' }));
  return stdout.includes('install ok installed');
}

async function installAsRoot(): Promise<RedisBinary | undefined> {
  if (process.getuid?.() !== 0) throw new Error('not root');
  const wait = ['-o', 'DPkg::Lock::Timeout=300'];
  await run('apt-get', [...wait, '-qq', 'update']);
  await run('apt-get', [...wait, '-qq', '-y', '--no-install-recommends', 'install', 'redis-server'], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  return onPath();
}
