import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { freePort } from '../support/free-port.ts';
import { startRedis } from '../support/redis.ts';
import { ROOT } from '../support/source-tree.ts';

interface Started {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly url: string;
  /** All that it has printed so far. */
  output(): string;
  /** Exit code, and how long the end took from now. */
  ended(): Promise<{ readonly code: number | null; readonly ms: number }>;
}

const children = new Set<Started['child']>();
const MEMORY = { REDIS_URL: '', SESSION_SECRET: '', NODE_ENV: '' };

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});

function run(env: Record<string, string>, args: readonly string[] = []): Started {
  const child = spawn(process.execPath, [join(ROOT, 'examples/portfolio/server.js'), ...args], {
    env: { ...process.env, ...MEMORY, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const closed = once(child, 'close');
  return {
    child,
    url: `http://localhost:${env['PORT']}`,
    output: () => output,
    async ended() {
      const from = performance.now();
      const [code] = (await closed) as [number | null];
      return { code, ms: performance.now() - from };
    },
  };
}

/** Runs it until it says how it can be stopped, which is the last that it prints. */
async function started(env: Record<string, string> = {}, args: readonly string[] = []): Promise<Started> {
  const one = run({ PORT: String(await freePort()), ...env }, args);
  while (!one.output().includes('Stop with Ctrl+C')) {
    const [end] = await Promise.race([once(one.child.stdout, 'data').then(() => [undefined]), once(one.child, 'close')]);
    if (end !== undefined) throw new Error(`it ended: ${one.output()}`);
  }
  return one;
}

describe('npm start', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('prints where it is, serves, and closes within a second on %s', async (signal) => {
    const one = await started();
    expect(one.output()).toContain(`On this machine    ${one.url}`);
    expect(one.output()).toContain('kept in memory');
    expect(one.output()).toContain('made for this run');
    const page = await request(one.url).get('/').set('Accept', 'text/html').expect(200);
    expect(page.text).toContain('Five applications, one policy');
    const provider = /identity provider is (http:\S+),/.exec(one.output())?.[1] as string;
    expect((await fetch(`${provider}/.well-known/openid-configuration`)).status).toBe(200);
    await keepConnection(one.url);
    one.child.kill(signal);
    const { code, ms } = await one.ended();
    expect(code).toBe(0);
    expect(ms).toBeLessThan(1_000);
    await expect(fetch(provider)).rejects.toThrow();
  });

  test('takes its identity provider with it, also when it is killed', async () => {
    const one = await started();
    const provider = /identity provider is (http:\S+),/.exec(one.output())?.[1] as string;
    one.child.kill('SIGKILL');
    await one.ended();
    await gone(provider);
  });

  test('keeps sessions in the Redis of REDIS_URL: they outlive a restart', async () => {
    const redis = await startRedis();
    try {
      const env = { REDIS_URL: redis.url, SESSION_SECRET: 'the-same-secret-for-both-runs-of-the-demonstration' };
      const first = await started(env);
      expect(first.output()).toContain('kept in Redis');
      expect(first.output()).not.toContain(env.SESSION_SECRET);
      const cookie = (await request(first.url).post('/shop/login').type('form').send({ person: 'ada' }).expect(303)).headers[
        'set-cookie'
      ]?.[0] as string;
      first.child.kill('SIGTERM');
      expect((await first.ended()).code).toBe(0);
      const second = await started(env);
      const account = await request(second.url)
        .get('/shop/account')
        .set('Cookie', cookie.split(';')[0] as string)
        .expect(200);
      expect(account.text).toContain('Ada Okafor');
    } finally {
      await redis.stop();
    }
  });

  test('--report prints every route with its rule', async () => {
    const one = await started({}, ['--report']);
    while (!one.output().includes('/about/jobs')) await once(one.child.stdout, 'data');
    expect(one.output()).toMatch(/POST +\/shop\/pay +shop \(web\) .*step-up within 1m \[route:shop\/pay\]/);
  });
});

describe('what stands in the way is said in a sentence', () => {
  test('a port that is taken', async () => {
    const taken = createServer().listen(0);
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const one = run({ PORT: String(port) });
    expect((await one.ended()).code).toBe(1);
    expect(one.output()).toBe(`Port ${port} is taken. Choose another: PORT=${port + 1} npm start\n`);
    taken.close();
  });

  test('a port that is none', async () => {
    const one = run({ PORT: 'three' });
    expect((await one.ended()).code).toBe(1);
    expect(one.output()).toBe('PORT must be a number from 0 to 65535.\n');
  });

  test('a Redis that is not there, without its password', async () => {
    const one = run({ PORT: '0', REDIS_URL: `redis://:a-password@127.0.0.1:${await freePort()}` });
    expect((await one.ended()).code).toBe(1);
    expect(one.output()).toMatch(/^The Redis of REDIS_URL cannot be used\./);
    expect(one.output()).not.toContain('a-password');
  });
});

/** Waits until nobody answers there. */
async function gone(url: string): Promise<void> {
  while ((await fetch(url).catch(() => undefined)) !== undefined) await setTimeout(50);
}

/** Leaves a connection open, as a browser does. */
async function keepConnection(url: string): Promise<void> {
  const agent = new http.Agent({ keepAlive: true });
  const [answer] = (await once(http.get(`${url}/assets/style.css`, { agent }), 'response')) as [http.IncomingMessage];
  answer.resume();
  await once(answer, 'end');
}
