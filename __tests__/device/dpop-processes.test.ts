import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import request from 'supertest';
import { openRedis, type SharedRedis } from '../support/redis.ts';
import { ROOT } from '../support/source-tree.ts';
import { dpopDevice } from './dpop-device.ts';
import { HOST } from './dpop-world.ts';

const LONG_MS = 60_000;
const running: ChildProcess[] = [];
let redis: SharedRedis;
let ports: readonly string[];

beforeAll(async () => {
  redis = await openRedis();
  ports = await Promise.all([startNode(), startNode()]);
}, LONG_MS);
afterAll(async () => {
  for (const process of running) process.kill('SIGKILL');
  await redis.stop();
});

/** Starts a process that serves the site, and tells its port. */
async function startNode(): Promise<string> {
  const loader = join(ROOT, '__tests__/support/typescript-loader.mjs');
  const file = join(ROOT, '__tests__/device/dpop-process.ts');
  const node = spawn(process.execPath, ['--import', loader, file, redis.url, redis.prefix], { stdio: ['ignore', 'pipe', 'inherit'] });
  running.push(node);
  const [port] = (await once(createInterface(node.stdout), 'line')) as [string];
  return port;
}

/** Sends a request to one of the processes, under the name that both have. */
function send(port: string, method: 'get' | 'post', path: string, proof: string, token?: string): request.Test {
  const asked = request(`http://127.0.0.1:${port}`)[method](path).set('Host', HOST).set('DPoP', proof);
  return token === undefined ? asked : asked.set('Authorization', `DPoP ${token}`);
}

test('a proof is good once, whichever process it comes to first, and if it comes to both at the same time', async () => {
  const [one, other] = ports as [string, string];
  const device = await dpopDevice();
  const proofFor = (method: string, path: string, token?: string): Promise<string> =>
    device.prove({ method, url: `http://${HOST}${path}`, token, iat: Math.floor(Date.now() / 1_000) });
  const { token } = (await send(one, 'post', '/phone/login', await proofFor('POST', '/phone/login'))).body as { token: string };

  const used = await proofFor('GET', '/phone/me', token);
  expect((await send(other, 'get', '/phone/me', used, token)).status).toBe(200);
  expect((await send(one, 'get', '/phone/me', used, token)).status).toBe(401);

  const raced = await proofFor('GET', '/phone/me', token);
  const answers = await Promise.all([one, other, one, other].map((port) => send(port, 'get', '/phone/me', raced, token)));
  expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 401, 401, 401]);
});
