import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const BUFFER = { maxBuffer: 64 << 20 };

/** Debian's own start script has absolute paths in it. Started as `chromium` beside the unpacked packages, this finds them. */
const START = `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
libraries=$(echo "$here"/root/usr/lib/*-linux-gnu "$here"/root/lib/*-linux-gnu "$here"/root/usr/lib/*-linux-gnu/pulseaudio | tr ' ' ':')
export LD_LIBRARY_PATH="$libraries\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export XDG_DATA_DIRS="$here/root/usr/share:\${XDG_DATA_DIRS:-/usr/local/share:/usr/share}"
exec "$here/root/usr/lib/chromium/chromium" "$@"
`;

/**
 * Unpacks Debian's chromium, and those packages it depends on that this machine does not have, into a folder; no root needed.
 * It is done beside the folder and renamed into place: a folder that is there is whole.
 *
 * @param status a list of installed packages in place of the machine's own, for tests of this
 */
export async function downloadFromDebian(folder: string, status?: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  const work = await mkdtemp(`${folder}-fetch-`);
  try {
    await chmod(work, 0o755);
    await downloadPackages(work, status);
    const packages = (await readdir(work)).filter((name) => name.endsWith('.deb'));
    for (const name of packages) await run('dpkg', ['-x', join(work, name), join(work, 'root')]);
    for (const name of packages) await rm(join(work, name));
    await writeFile(join(work, 'chromium'), START, { mode: 0o755 });
    await rm(folder, { recursive: true, force: true });
    await rename(work, folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** With the machine's package lists where they will do, else with lists of our own. */
async function downloadPackages(work: string, status: string | undefined): Promise<void> {
  const apt = join(work, 'apt');
  await mkdir(join(apt, 'lists/partial'), { recursive: true });
  await mkdir(join(apt, 'cache/archives/partial'), { recursive: true });
  const shared = ['-o', `Dir::Cache=${join(apt, 'cache')}`, '-o', 'Debug::NoLocking=1', '-o', 'APT::Sandbox::User=root'];
  if (status !== undefined) {
    await copyFile(status, join(apt, 'status'));
    shared.push('-o', `Dir::State::status=${join(apt, 'status')}`);
  }
  try {
    await downloadMissing(work, shared);
  } catch {
    const own = [...shared, '-o', `Dir::State::lists=${join(apt, 'lists')}`];
    await run('apt-get', [...own, '-qq', 'update'], { cwd: work, ...BUFFER });
    await downloadMissing(work, own);
  } finally {
    await rm(apt, { recursive: true, force: true });
  }
}

/** A simulated installation names what would be installed here. */
async function downloadMissing(work: string, options: readonly string[]): Promise<void> {
  const { stdout } = await run('apt-get', [...options, '-s', '--no-install-recommends', 'install', 'chromium'], BUFFER);
  const missing = [...stdout.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name as string);
  const wanted = missing.includes('chromium') ? missing : [...missing, 'chromium', 'chromium-common'];
  await run('apt-get', [...options, '-qq', 'download', ...wanted], { cwd: work, ...BUFFER });
}
