import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { loadPolicy } from '../../../lib/load-policy.ts';
import { changed, validDocument } from './documents.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'policy-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function file(name: string, content: string | Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

test('a policy comes from a YAML or a JSON file', async () => {
  const yaml = 'version: 1 # the first\nprofiles: { web: { preset: admin } }\napps: { shop: { profile: web } }\n';
  expect([...(await loadPolicy(await file('a.yaml', yaml))).apps.keys()]).toEqual(['shop']);
  expect([...(await loadPolicy(await file('a.json', JSON.stringify(validDocument())))).apps.keys()]).toContain('console');
});

test('a .json file is read as JSON', async () => {
  await expect(loadPolicy(await file('b.json', 'version: 1'))).rejects.toMatchObject({
    code: 'ERR_POLICY_INVALID',
    message: expect.stringContaining('b.json:1 policy: is not JSON'),
  });
});

test('faults name the file', async () => {
  const text = JSON.stringify(changed(validDocument(), { 'profiles.web.idel': '5m' }), null, 2);
  const line = text.slice(0, text.indexOf('"idel"')).split('\n').length;
  const path = await file('c.json', text);
  await expect(loadPolicy(path)).rejects.toMatchObject({
    faults: [{ file: path, line, path: 'profiles.web.idel', suggestion: 'idle' }],
  });
});

test('a file that is not there, is a folder, or is not UTF-8', async () => {
  const cases = [
    [join(folder, 'none.yaml'), /cannot be read: ENOENT/],
    [folder, /cannot be read: EISDIR/],
    [await file('latin1.yaml', Buffer.from([0x23, 0xe9, 0x0a])), /cannot be read: it is not UTF-8/],
  ] as const;
  for (const [path, message] of cases) {
    await expect(loadPolicy(path)).rejects.toMatchObject({
      code: 'ERR_POLICY_INVALID',
      message: expect.stringMatching(message),
      faults: [{ file: path }],
    });
  }
});
