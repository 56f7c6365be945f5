import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { SERVER_CORE, pinned } from './cores.ts';
import type { Row } from './rows.ts';
import { PAGE_PATH, SIGN_IN_PATH } from './site.ts';

const LOADER = new URL('../support/typescript-loader.mjs', import.meta.url).href;
const PROGRAM = fileURLToPath(new URL('serve.ts', import.meta.url));

/** A server of the benchmark that runs in a process of its own, with a session to use it with. */
export interface ServerProcess {
  readonly row: Row;
  readonly origin: string;
  /** Values of the `Cookie` header of visitors who have signed in; none where there are no sessions. */
  readonly cookies: readonly string[];
  /** Processor time used so far, in microseconds. */
  cpu(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts the server of a row on the core for servers, and signs visitors in, with a session each. */
export async function startServer(row: Row, redisUrl: string, visitors: number): Promise<ServerProcess> {
  const [command, ...args] = pinned(SERVER_CORE, [process.execPath, '--import', LOADER, PROGRAM, row.name, redisUrl]);
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env: withoutNodeEnv() });
  const { port } = (await answerOf(child, row)) as { port: number };
  const origin = `http://127.0.0.1:${port}`;
  return {
    row,
    origin,
    cookies: row.store === 'none' ? [] : await signInAll(origin, row, visitors),
    async cpu() {
      child.send('cpu');
      const { cpu } = (await answerOf(child, row)) as { cpu: NodeJS.CpuUsage };
      return cpu.user + cpu.system;
    },
    async stop() {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

/** What the test runner sets must not change how the servers work. */
function withoutNodeEnv(): NodeJS.ProcessEnv {
  const { NODE_ENV: _unwanted, ...rest } = process.env;
  return rest;
}

async function answerOf(child: ChildProcess, row: Row): Promise<unknown> {
  const ended = new AbortController();
  const exit = (): void => ended.abort(new Error(`the server of "${row.name}" ended`));
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

async function signInAll(origin: string, { name }: Row, visitors: number): Promise<readonly string[]> {
  const cookies: string[] = [];
  for (let visitor = 0; visitor < visitors; visitor += 1) {
    const answer = await fetch(`${origin}${SIGN_IN_PATH}?visitor=${visitor}`);
    const cookie = answer.headers
      .getSetCookie()
      .map((line) => line.split(';')[0] as string)
      .join('; ');
    const page = await fetch(origin + PAGE_PATH, { headers: { cookie } });
    const seen: unknown = await page.json();
    if ((seen as { signedIn?: boolean }).signedIn !== true)
      throw new Error(`"${name}" did not sign in: ${answer.status}, ${JSON.stringify(seen)}`);
    cookies.push(cookie);
  }
  return cookies;
}
