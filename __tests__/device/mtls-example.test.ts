import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { closeExamples, type RunningExample, startExample } from '../examples/example.ts';
import { bearer, TlsClient } from './mtls-world.ts';

afterEach(closeExamples);

/** A client with one of the certificates that the example has made. */
async function clientOf({ url, directory }: RunningExample & { readonly directory: string }, name?: string): Promise<TlsClient> {
  const read = (file: string) => readFile(join(directory, file), 'utf8');
  const certified = name === undefined ? undefined : { key: await read(`${name}.key`), cert: await read(`${name}.pem`) };
  return new TlsClient({ port: Number(new URL(url).port) }, certified, { ca: await read('ca.pem'), keepAlive: false });
}

describe('the example mtls', () => {
  test('a token that was copied opens nothing without the certificate', async () => {
    const lines: string[] = [];
    const running = (await startExample('mtls', { log: (line) => lines.push(line) })) as RunningExample & { directory: string };
    expect(lines).toEqual([`Certificates are in ${running.directory}`]);
    const [ann, eve, nobody] = await Promise.all(['ann', 'eve', undefined].map((name) => clientOf(running, name)));
    const token = bearer((await ann?.post('/token')) as never);
    expect(await ann?.get('/me', token)).toMatchObject({ status: 200, body: { who: 'ann', trust: 'bound' } });
    for (const thief of [eve, nobody]) {
      expect(await thief?.get('/me', token)).toMatchObject({ status: 401, body: { reason: 'device_proof_missing' } });
    }
    expect((await nobody?.post('/token'))?.status).toBe(401);
  });
});
