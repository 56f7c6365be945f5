import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ROOT } from '../support/source-tree.ts';
import { type Consumer, type Packed, consumer, pack } from './consumer.ts';

const run = promisify(execFile);
const LONG_MS = 180_000;

let packed: Packed;

beforeAll(async () => {
  packed = await pack();
}, LONG_MS);

afterAll(() => packed.remove());

/** Starts the middleware, asks for a page without a session and says what came back. */
const PROGRAM = `
const app = express();
app.use(sessionPolicy({ profile: 'staff-web', secret: 'a-secret-of-at-least-thirty-two-characters' }));
app.get('/', (req, res) => res.json({ subject: req.sessionPolicy.subject }));
const server = createServer(app).listen(0, '127.0.0.1', async () => {
  const answer = await fetch('http://127.0.0.1:' + server.address().port, { headers: { accept: 'application/json' } });
  console.log(answer.status, answer.headers.get('content-type'), (await answer.json()).reason);
  server.close();
});
`;
const NAMES = 'createServer, sessionPolicy';
const REFUSED = '401 application/problem+json; charset=utf-8 session_missing\n';

const TYPED = `
import express from 'express';
import { Redis } from 'ioredis';
import { type Decision, createServer, definePolicy, memoryStore, redisStore, sessionPolicy, stepUp } from 'express-session-policy';

const policy = definePolicy({ version: 1, profiles: { web: { preset: 'staff-web' } }, apps: { shop: { profile: 'web' } } });
const store = process.env['REDIS_URL'] === undefined ? memoryStore() : redisStore({ client: new Redis(process.env['REDIS_URL']) });
const sessions = sessionPolicy({ policy, store, secret: 'a-secret-of-at-least-thirty-two-characters' });
const app = express();
app.use(sessions);
app.post('/pay', stepUp({ maxAge: '5m' }), (req, res) => {
  const decision: Decision = req.sessionPolicy.decision;
  res.json({ reason: decision.reason, id: req.sessionID });
});
createServer(app);
// @ts-expect-error -- a bare number is no duration
stepUp({ maxAge: 300 });
`;
const COMPILE = ['tsc', '--strict', '--noEmit', '--target', 'es2023', '--module', 'nodenext', '--types', 'node'];

describe.each([
  ['ES modules', 'module', `import express from 'express';\nimport { ${NAMES} } from 'express-session-policy';`],
  ['CommonJS', 'commonjs', `const express = require('express');\nconst { ${NAMES} } = require('express-session-policy');`],
] as const)('in a fresh project with %s', (_name, type, imports) => {
  let project: Consumer;

  beforeAll(async () => {
    project = await consumer(type, packed.tarball, ['express@5', 'ioredis@6', 'typescript@7', '@types/express@5', '@types/node@20']);
  }, LONG_MS);

  afterAll(() => project.remove());

  test('JavaScript runs', async () => {
    await project.write('app.js', imports + PROGRAM);
    expect(await project.run('node', '--disable-warning=ExperimentalWarning', 'app.js')).toBe(REFUSED);
  });

  test(
    'TypeScript compiles, and sees a mistake',
    async () => {
      await project.write('app.ts', TYPED);
      await project.run('npx', ...COMPILE, 'app.ts');
      await project.write('wrong.ts', `${TYPED}stepUp({ maxAge: '5 minutes' });\n`);
      await expect(project.run('npx', ...COMPILE, 'wrong.ts')).rejects.toThrow(/'"5 minutes"'/);
    },
    LONG_MS,
  );

  test('the suite for stores, the browser module and the schema can be reached', async () => {
    const asked = "import('express-session-policy/testing').then((m) => console.log(typeof m.describeSessionStore))";
    expect(await project.run('node', '-e', asked)).toBe('function\n');
    const client = "import('express-session-policy/client').then((m) => console.log(Object.keys(m).join()))";
    expect(await project.run('node', '-e', client)).toBe('fetchWithStepUp,watchSession\n');
    const schema = await project.run('node', '-p', "require('express-session-policy/session-policy.schema.json').$id ?? 'none'");
    expect(schema.trim()).not.toBe('none');
  });
});

describe('what is published', () => {
  test('holds the build and nothing of the workshop', () => {
    expect(packed.files).toEqual(
      expect.arrayContaining(['package.json', 'dist/index.js', 'dist/index.d.ts', 'dist/session-policy.schema.json']),
    );
    const strange = packed.files.filter(
      (file) => !/^(?:dist\/.+\.(?:js|d\.ts|js\.map|json)|package\.json|README\.md|LICENSE|CHANGELOG\.md|SECURITY\.md)$/.test(file),
    );
    expect(strange).toEqual([]);
  });

  test(
    'satisfies publint',
    async () => {
      const { stdout } = await run('npx', ['publint', '--strict', packed.tarball], { cwd: ROOT });
      expect(stdout).toContain('All good!');
    },
    LONG_MS,
  );

  test(
    'has types that resolve as the code does',
    async () => {
      // CommonJS gets the ES module through require(), which every supported Node can; types do not differ.
      await run(
        'npx',
        [
          'attw',
          packed.tarball,
          '--profile',
          'node16',
          '--ignore-rules',
          'cjs-resolves-to-esm',
          '--exclude-entrypoints',
          'session-policy.schema.json',
        ],
        { cwd: ROOT },
      );
    },
    LONG_MS,
  );

  test('needs at run time only what it depends on; what is optional, only where it is asked for', async () => {
    const { dependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { dependencies: Record<string, string> };
    const { stdout } = await run('grep', ['-roE', "^(import|export) .*from '[^.'][^']*'", 'dist', '--include=*.js'], { cwd: ROOT });
    const imports = stdout
      .trim()
      .split('\n')
      .map((line) => ({ file: line.slice(0, line.indexOf(':')), name: packageOf(/'(.*)'$/.exec(line)?.[1] as string) }));
    const undeclared = imports.filter(({ name }) => !name.startsWith('node:') && dependencies[name] === undefined && name !== 'express');
    const optional = undeclared.map(({ file, name }) => `${name} in ${file.split('/').slice(0, -1).join('/')}`);
    expect([...new Set(optional)].sort()).toEqual([
      '@peculiar/asn1-android in dist/proofs/attestation',
      '@peculiar/asn1-schema in dist/proofs/attestation',
      '@peculiar/asn1-x509 in dist/proofs/attestation',
      '@simplewebauthn/server in dist/proofs/attestation',
      '@simplewebauthn/server in dist/step-up/passkey',
      'openid-client in dist/step-up/oidc',
    ]);
  });
});

function packageOf(specifier: string): string {
  const [scope, name] = specifier.split('/') as [string, string | undefined];
  return scope.startsWith('@') ? `${scope}/${name}` : scope;
}
