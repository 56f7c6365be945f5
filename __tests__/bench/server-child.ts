import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { pinned, SERVER_CORE } from './cores.ts';

const LOADER = new URL('../support/typescript-loader.mjs', import.meta.url).href;

/** A server that is measured, in a process of its own. */
export interface ServerChild {
  readonly port: number;
  /** Processor time used so far, in microseconds. */
  readonly cpu: () => Promise<number>;
  readonly stop: () => Promise<void>;
}

/**
 * Starts a program of this folder on the core for servers, and waits for its port.
 *
 * @throws {Error} which names the server, if it ends before it answers; so does `cpu`.
 */
export async function startChild(name: string, program: string, programArguments: readonly string[]): Promise<ServerChild> {
  const path = fileURLToPath(new URL(program, import.meta.url));
  const [command, ...args] = pinned(SERVER_CORE, [process.execPath, '--import', LOADER, path, ...programArguments]);
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env: withoutNodeEnv() });
  const { port } = (await answerOf(child, name)) as { port: number };
  return {
    port,
    cpu: async () => {
      // A server that has ended takes no message; that it has, the answer tells.
      child.send('cpu', () => undefined);
      const { cpu } = (await answerOf(child, name)) as { cpu: NodeJS.CpuUsage };
      return cpu.user + cpu.system;
    },
    stop: async () => {
      child.kill();
      if (!hasEnded(child)) await once(child, 'exit');
    },
  };
}

/** What the test runner sets must not change how the servers work. */
function withoutNodeEnv(): NodeJS.ProcessEnv {
  const { NODE_ENV: _unwanted, ...rest } = process.env;
  return rest;
}

async function answerOf(child: ChildProcess, name: string): Promise<unknown> {
  const ended = new AbortController();
  const exit = (): void => ended.abort(new Error(`the server of "${name}" ended: ${child.signalCode ?? child.exitCode}`));
  if (hasEnded(child)) exit();
  child.once('exit', exit);
  try {
    const [message] = (await once(child, 'message', { signal: ended.signal })) as [unknown];
    return message;
  } catch (error) {
    throw ended.signal.aborted ? ended.signal.reason : error;
  } finally {
    child.off('exit', exit);
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
