import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Says that the lock is held, and holds it until its input closes, which the end of the parent does too, however it ended. */
const HOLD = 'echo held; cat >/dev/null';

/** Runs an action while no other process of this machine runs one under the same lock file. Needs flock of util-linux. */
export async function underLock<T>(file: string, action: () => Promise<T>): Promise<T> {
  await mkdir(dirname(file), { recursive: true });
  const holder = spawn('flock', [file, 'sh', '-c', HOLD], { stdio: ['pipe', 'pipe', 'ignore'] });
  const exited = once(holder, 'exit');
  exited.catch(() => undefined);
  await Promise.race([once(holder.stdout, 'data'), exited.then(() => Promise.reject(new Error(`no lock on ${file}`)))]);
  try {
    return await action();
  } finally {
    holder.stdin.end();
    await exited;
  }
}
