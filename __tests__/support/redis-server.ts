import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { freePort } from './free-port.ts';
import { type ClientOptions, ClientPool, newClient } from './redis-clients.ts';
import { type RedisProcess, startRedisProcess } from './redis-process.ts';

const PORT_ATTEMPTS = 5;

/** A redis-server of the test's own, on a port and in a folder of its own. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** Of the process that runs now; changes with `restart`. */
  readonly pid: number;
  /** A client, closed by `stop`. */
  client(options?: ClientOptions): Redis;
  /** Freezes the process (SIGSTOP): connections stay open and nothing answers. */
  pause(): void;
  resume(): void;
  /** Ends the process like a crash (SIGKILL). */
  kill(): Promise<void>;
  /** Starts it again on the same port; data is kept only if the arguments make Redis store it. */
  restart(): Promise<void>;
  /** Ends it, closes its clients and removes its data. */
  stop(): Promise<void>;
}

/**
 * Starts a real redis-server, empty and without persistence.
 *
 * @param args Further arguments, such as `['--maxmemory', '2mb']`; the last value of an option counts.
 * @throws {Error} if there is no redis-server, with what to install.
 */
export async function startRedis(args: readonly string[] = []): Promise<RedisServer> {
  return startConfigured((port) => [...DEFAULTS, '--port', String(port), ...args]);
}

const DEFAULTS = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--enable-debug-command', 'local'] as const;

/** Starts a server whose arguments depend on its port; tries another port if the first is taken meanwhile. */
export async function startConfigured(
  argsFor: (port: number, folder: string) => readonly string[] | Promise<readonly string[]>,
): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'redis-test-'));
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const args = await argsFor(port, folder);
    const launch = (): Promise<RedisProcess> => startRedisProcess(port, folder, placed(args, folder));
    try {
      return new OwnRedis(port, folder, launch, await launch());
    } catch (error) {
      if (attempt < PORT_ATTEMPTS) continue;
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }
}

/** A configuration file has to stay the first argument. */
function placed(args: readonly string[], folder: string): readonly string[] {
  return args[0]?.startsWith('--') === false ? args : ['--dir', folder, ...args];
}

class OwnRedis implements RedisServer {
  readonly port: number;
  readonly url: string;
  readonly #folder: string;
  readonly #launch: () => Promise<RedisProcess>;
  readonly #clients = new ClientPool<Redis>();
  #process: RedisProcess;

  constructor(port: number, folder: string, launch: () => Promise<RedisProcess>, running: RedisProcess) {
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
    this.#folder = folder;
    this.#launch = launch;
    this.#process = running;
  }

  get pid(): number {
    return this.#process.pid;
  }

  client(options: ClientOptions = {}): Redis {
    return this.#clients.add(newClient({ host: '127.0.0.1', port: this.port, ...options }));
  }

  pause(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  kill(): Promise<void> {
    return this.#process.kill();
  }

  async restart(): Promise<void> {
    await this.kill();
    this.#process = await this.#launch();
  }

  async stop(): Promise<void> {
    this.#clients.closeAll();
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
