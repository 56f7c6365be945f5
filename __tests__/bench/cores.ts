import { execFileSync } from 'node:child_process';
import { accessSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, join } from 'node:path';

/** The server has a core to itself; the load and Redis share the other. */
export const SERVER_CORE = 0;
export const LOAD_CORE = 1;

/** Whether processes can be pinned to cores here. */
export const canPin: boolean = availableParallelism() > 1 && onPath('taskset');

/** A command that runs on one core, where that can be had. */
export function pinned(core: number, command: readonly [string, ...string[]]): [string, ...string[]] {
  return canPin ? ['taskset', '-c', String(core), ...command] : [...command];
}

/** Moves a running process to a core. */
export function pin(core: number, pid: number): void {
  if (canPin) execFileSync('taskset', ['-a', '-c', '-p', String(core), String(pid)], { stdio: 'ignore' });
}

/** Whether a program is on PATH. */
export function onPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program));
      return true;
    } catch {
      return false;
    }
  });
}
