import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Express } from 'express';
import request from 'supertest';
import { parsePolicy } from '../../lib/index.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { dpopDevice } from '../device/dpop-device.ts';
import { ROOT } from '../support/source-tree.ts';
import { codeBlocks, DOCUMENTS, readDocument, section } from './markdown.ts';
import { namedBlocks, type ReadmeCode, readmeCode } from './readme-code.ts';

const run = promisify(execFile);
const STARTED: readonly string[] = ['server.js', 'portfolio.js', 'bank.js', 'phone.js', 'store.js', 'session-policy.test.js'];
const COMPILED: readonly string[] = ['policy.ts'];
const LONG_MS = 60_000;

let code: ReadmeCode;
let redis: RedisServer;

beforeAll(async () => {
  redis = await startRedis();
  process.env['REDIS_URL'] = redis.url;
  process.env['SESSION_SECRET'] = 'the-secret-of-a-reader-who-tries-the-readme';
  code = await readmeCode();
}, LONG_MS);

afterAll(async () => {
  await code.remove();
  await redis.stop();
});

async function appOf(name: string): Promise<Express> {
  const { app } = await code.load(name);
  return app as Express;
}

describe('the programs of the README', () => {
  test('are all tried here', async () => {
    const readme = await readDocument('README.md');
    expect([...namedBlocks(readme, 'js').keys()].sort()).toEqual([...STARTED].sort());
    expect([...namedBlocks(readme, 'ts').keys()]).toEqual(COMPILED);
    expect(codeBlocks(readme).map(({ language }) => language)).not.toContain('');
  });

  test('the first ten lines ask for a sign-in, remember it, and ask again for the transfer', async () => {
    const visitor = request.agent(await appOf('server.js'));
    const sent = await visitor.get('/').set('Accept', 'text/html').expect(303);
    await visitor
      .post(sent.headers['location'] as string)
      .expect(303)
      .expect('Location', '/');
    expect((await visitor.get('/').expect(200)).text).toBe('Hello u1');
    await visitor.post('/transfer').expect(200, 'transferred');
    await visitor.post('/transfer').set('Sec-Fetch-Site', 'cross-site').expect(403);
  });

  test('the portfolio keeps its applications apart, asks for the second factor, and lets a phone in by token', async () => {
    const said = jest.spyOn(console, 'log').mockImplementation(() => undefined);
    const app = await appOf('portfolio.js');
    expect(said.mock.calls.join('\n')).toMatch(/\/admin\/orders +console \(console\) +authenticated/);
    expect(said.mock.calls.join('\n')).not.toMatch(/NOT |^!/m);
    said.mockRestore();

    const visitor = request.agent(app);
    await visitor.get('/').expect(200, { visitor: 'anonymous' });
    await visitor.get('/account').set('Accept', 'application/json').expect(401);
    await visitor.post('/login').send({ name: 'ada', password: 'demo' }).expect(200);
    await visitor.get('/account').expect(200, { account: 'ada' });
    await visitor.post('/checkout/pay').expect(200);
    expect((await visitor.post('/checkout/pay').expect(401)).body).toMatchObject({ reason: 'reauthentication_required' });
    expect((await visitor.get('/admin/orders').expect(401)).body).toMatchObject({ reason: 'session_missing' });

    await visitor.post('/admin/login').send({ name: 'root', password: 'demo' }).expect(200);
    expect((await visitor.get('/admin/orders').expect(401)).body).toMatchObject({ reason: 'assurance_insufficient', level: 'aal2' });
    await visitor.post('/admin/confirm').send({ code: '123456' }).expect(200);
    await visitor.get('/admin/orders').expect(200);
    expect((await visitor.post('/admin/people/ada/sign-out').expect(200)).body).toEqual({ ended: 1, durable: true });
    expect((await visitor.get('/account').expect(401)).body).toMatchObject({ reason: 'session_revoked' });

    const { token } = (await request(app).post('/api/login').send({ name: 'ada', password: 'demo' }).expect(200)).body as { token: string };
    await request(app).post('/api/pay').set('Authorization', `Bearer ${token}`).expect(200);
    await request(app).post('/api/logout').set('Authorization', `Bearer ${token}`).expect(204);
    await request(app).post('/api/pay').set('Authorization', `Bearer ${token}`).expect(401);
  });

  test('the phone gets nowhere without its key, and takes a lease along', async () => {
    const app = await appOf('phone.js');
    const device = await dpopDevice();
    const post = async (path: string, token?: string, nonce?: string) => {
      const iat = Math.floor(Date.now() / 1_000);
      const proof = await device.prove({ method: 'POST', url: `http://phone.example${path}`, token, nonce, iat });
      const sent = request(app).post(path).set('Host', 'phone.example').set('DPoP', proof);
      return token === undefined ? sent.send({ name: 'ada', password: 'demo' }) : sent.set('Authorization', `DPoP ${token}`);
    };
    const { headers } = await post('/login');
    const nonce = headers['dpop-nonce'];
    const { token, tokenType } = (await post('/login', undefined, nonce)).body as { token: string; tokenType: string };
    expect(tokenType).toBe('DPoP');
    expect((await post('/lease', token, nonce)).body).toMatchObject({ scopes: ['visits:write'] });
    expect((await request(app).get('/account').set('Authorization', `Bearer ${token}`).expect(401)).body).toMatchObject({
      reason: 'device_proof_missing',
    });
  });

  test('the bank asks for a code, and what was begun is sent after it, once', async () => {
    const customer = request.agent(await appOf('bank.js'));
    const post = (path: string, fields: string) => customer.post(path).set('Accept', 'text/html').type('form').send(fields);
    await post('/login', 'name=eve&password=demo').expect(303);
    const asked = (await post('/transfer', 'to=ada&amount=400').expect(303)).headers['location'] as string;
    const page = await customer.get(asked).set('Accept', 'text/html').expect(200);
    expect(page.text).toContain('Send 400 € to ada');
    const form = /action="([^"]*form[^"]*)"/.exec(page.text)?.[1]?.replaceAll('&#38;', '&') as string;
    const at = new URL(form, `http://bank${asked}`);
    const id = /name="([^"]+)" value="code"/.exec(page.text)?.[1] ?? 'method';
    await post(at.pathname + at.search, `${id}=code&code=000000`).expect(400);
    const kept = (await post(at.pathname + at.search, `${id}=code&code=123456`).expect(303)).headers['location'] as string;
    expect((await customer.get(kept).set('Accept', 'text/html').expect(200)).text).toContain('Send 400 € to ada');
    expect((await post(kept, '').expect(200)).text).toBe('sent 400 € to ada');
    await post(kept, '').expect(410);
  });

  test('the answer to a client is the one that the README shows', async () => {
    const shown = section(await readDocument('README.md'), '## What a client gets');
    const [head, body] = codeBlocks(shown).map(({ text }) => text) as [string, string];
    const shopper = request.agent(await appOf('portfolio.js'));
    await shopper.post('/login').send({ name: 'eve', password: 'demo' }).expect(200);
    await shopper.post('/checkout/pay').expect(200);
    const answer = await shopper.post('/checkout/pay');
    for (const line of head.trim().split('\n').slice(1)) {
      const [name, value] = line.split(/: (.*)/) as [string, string];
      expect(answer.headers).toHaveProperty(name.toLowerCase(), value);
    }
    expect(head).toContain(` ${answer.status} `);
    const { reauthenticate, resume, ...rest } = answer.body as Record<string, unknown>;
    expect(resume).toBe(String(reauthenticate).split('=')[1]);
    expect({ ...rest, reauthenticate: String(reauthenticate).replace(/=.*$/, '=…'), resume: '…' }).toEqual(JSON.parse(body));
  });

  test('the store is one that works', async () => {
    const { store } = (await code.load('store.js')) as { store: { ready(): Promise<void> } };
    await expect(store.ready()).resolves.toBeUndefined();
  });

  test('the test of a policy passes', async () => {
    await expect(code.load('session-policy.test.js')).resolves.toBeDefined();
  });

  test(
    'the policy in code compiles, and what it says does not compile does not',
    async () => {
      const strict = { extends: join(ROOT, '__tests__/tsconfig.json'), include: ['*.ts'] };
      await writeFile(join(code.folder, 'tsconfig.json'), JSON.stringify(strict));
      const compile = (): Promise<unknown> => run('npx', ['tsc', '-p', code.folder], { cwd: ROOT });
      await compile();
      const policy = (namedBlocks(await readDocument('README.md'), 'ts').get('policy.ts') as string)
        .replace("from 'express-session-policy'", `from '${join(ROOT, 'lib/index.ts')}'`)
        .replace("{ app: 'shop' }", "{ app: 'shpo' }");
      await writeFile(join(code.folder, 'policy.ts'), policy);
      await expect(compile()).rejects.toMatchObject({ stdout: expect.stringMatching(/"shpo"/) });
    },
    LONG_MS,
  );
});

describe('policy files in the documents', () => {
  test.each(DOCUMENTS)('%s', async (path) => {
    for (const { language, text } of codeBlocks(await readDocument(path))) {
      if (language === 'yaml') expect(() => parsePolicy(text)).not.toThrow();
    }
  });
});
