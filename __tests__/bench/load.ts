import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { LOAD_CORE, onPath, pinned } from './cores.ts';
import type { ServerProcess } from './server-process.ts';
import { PAGE_PATH } from './site.ts';

const run = promisify(execFile);
const AUTOCANNON = fileURLToPath(new URL('load-autocannon.mjs', import.meta.url));
const WRK_SCRIPT = fileURLToPath(new URL('load-wrk.lua', import.meta.url));

/** What the load saw. Latencies in milliseconds. */
export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/** How much load: for a time, or (a check that all works) a number of requests. */
export type Amount = { readonly seconds: number } | { readonly requests: number };

/** The program that makes the load; wrk where it is on PATH, since it takes less from the server. */
export const generator: 'wrk' | 'autocannon' = onPath('wrk') ? 'wrk' : 'autocannon';

const CONNECTIONS = 32;

/** Asks for the page of a server again and again, for one visitor after the other; an answer other than 2xx fails the benchmark. */
export async function load(server: ServerProcess, amount: Amount): Promise<LoadResult> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const cookies = join(folder, 'cookies');
  try {
    await writeFile(cookies, server.cookies.join('\n'));
    const url = server.origin + PAGE_PATH;
    return generator === 'wrk' && 'seconds' in amount ? await wrk(url, cookies, amount.seconds) : await autocannon(url, cookies, amount);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function wrk(url: string, cookies: string, seconds: number): Promise<LoadResult> {
  const options = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--latency', '-s', WRK_SCRIPT];
  const [command, ...args] = pinned(LOAD_CORE, ['wrk', ...options, url, '--', cookies]);
  const { stdout } = await run(command, args);
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`the load was not answered as it should be:\n${stdout}`);
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1]);
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
  return { requests, perSecond, p50: percentile(stdout, 50), p99: percentile(stdout, 99) };
}

function percentile(report: string, rank: number): number {
  const [, value, unit] = new RegExp(`\\s${rank}%\\s+([\\d.]+)(us|ms|s)`).exec(report) as unknown as [string, string, 'us' | 'ms' | 's'];
  return Number(value) * { us: 0.001, ms: 1, s: 1000 }[unit];
}

interface AutocannonReport {
  readonly non2xx: number;
  readonly errors: number;
  readonly duration: number;
  readonly requests: { readonly total: number };
  readonly latency: { readonly p50: number; readonly p99: number };
}

async function autocannon(url: string, cookies: string, amount: Amount): Promise<LoadResult> {
  const size =
    'seconds' in amount
      ? { duration: amount.seconds, connections: CONNECTIONS }
      : { amount: amount.requests, connections: 4, sampleInt: 100 };
  const [command, ...args] = pinned(LOAD_CORE, [process.execPath, AUTOCANNON, JSON.stringify({ url, ...size }), cookies]);
  const { stdout } = await run(command, args);
  const { non2xx, errors, requests, latency, duration } = JSON.parse(stdout) as AutocannonReport;
  if (non2xx + errors > 0) throw new Error(`the load was not answered as it should be:\n${stdout}`);
  return { requests: requests.total, perSecond: requests.total / duration, p50: latency.p50, p99: latency.p99 };
}
