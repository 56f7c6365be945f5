import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { provideRedisBinary, redisEnvironment } from './redis-binary.ts';

/**
 * Runs its arguments and prints their process id. When the pipe to its parent closes, however the parent ended, the server is
 * killed and its folder removed: nothing is left behind by a crash.
 */
const GUARDED = `
folder=$1; shift
exec 3<&0
"$@" >>"$folder/log" 2>&1 3<&- & server=$!
echo $server
{ read -r _ <&3; trap '' TERM; kill -9 $server; rm -rf "$folder"; } >/dev/null 2>&1 & guard=$!
wait $server; kill $guard
`;
const READY_WITHIN_MS = 15_000;

/** A running redis-server process. */
export interface RedisProcess {
  readonly pid: number;
  readonly exited: Promise<void>;
  /** Ends it at once, like a crash. */
  kill(): Promise<void>;
}

/** Starts redis-server on a port; rejects if it ends or if another server answers there. */
export async function startRedisProcess(port: number, folder: string, args: readonly string[]): Promise<RedisProcess> {
  const binary = await provideRedisBinary();
  await appendFile(join(folder, 'log'), '');
  const child = spawn('sh', ['-c', GUARDED, 'sh', folder, binary.path, ...args], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: redisEnvironment(binary),
  });
  const exited = once(child, 'exit').then(() => undefined);
  const pid = await firstNumber(child);
  letGo(child);
  const running: RedisProcess = { pid, exited, kill: () => killAndWait(child, pid, exited) };
  await waitUntilReady(running, port, folder);
  return running;
}

async function firstNumber(child: ChildProcess): Promise<number> {
  const [chunk] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  return Number.parseInt(chunk.toString('utf8'), 10);
}

/** A server that a test forgot does not keep the test process alive. */
function letGo(child: ChildProcess): void {
  child.unref();
  for (const stream of [child.stdin, child.stdout]) (stream as unknown as { unref?: () => void } | null)?.unref?.();
}

async function killAndWait(child: ChildProcess, pid: number, exited: Promise<void>): Promise<void> {
  child.ref();
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
  await exited;
}

async function waitUntilReady(running: RedisProcess, port: number, folder: string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  let ended = false;
  void running.exited.then(() => {
    ended = true;
  });
  while (!ended && Date.now() < deadline) {
    const answered = await processAt(port);
    if (answered === running.pid) return;
    if (answered !== undefined) break;
    await sleep(10);
  }
  await running.kill();
  const log = await readFile(join(folder, 'log'), 'utf8').catch(() => '');
  throw new Error(`redis-server did not start on port ${port}:\n${log.slice(-800)}`);
}

/** The process id of the Redis that answers on a port. */
async function processAt(port: number): Promise<number | undefined> {
  const socket = connect(port, '127.0.0.1');
  socket.setTimeout(500, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.write('INFO server\r\n');
  let reply = '';
  socket.on('data', (chunk) => {
    reply += chunk.toString('latin1');
    if (/process_id:\d+\r/.test(reply)) socket.destroy();
  });
  await new Promise((resolve) => socket.once('close', resolve));
  const id = /process_id:(\d+)/.exec(reply)?.[1];
  return id === undefined ? undefined : Number(id);
}
