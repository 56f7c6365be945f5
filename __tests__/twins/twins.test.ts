import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ROOT } from '../support/source-tree.ts';
import { catalogue } from './catalogue.ts';
import { runTwin } from './run-twin.ts';
import type { Twin } from './twin.ts';

const LONG_MS = 60_000;

describe('the catalogue of weakened twins', () => {
  test.each(catalogue)('$name changes one place of a source file, and its test exists', async (twin) => {
    const source = await readFile(join(ROOT, twin.file), 'utf8');
    expect(source.split(twin.find)).toHaveLength(2);
    expect(twin.replace).not.toBe(twin.find);
    await expect(readFile(join(ROOT, twin.test), 'utf8')).resolves.toContain('@jest/globals');
    expect(() => new RegExp(twin.pattern)).not.toThrow();
  });

  test('names no twin twice', () => {
    expect(new Set(catalogue.map(({ name }) => name)).size).toBe(catalogue.length);
  });
});

describe('running a twin', () => {
  const [sample] = catalogue as readonly [Twin];

  test(
    'shows that its test notices',
    async () => {
      expect(await runTwin(sample)).toEqual({ outcome: 'caught', detail: expect.stringMatching(/^[1-9]\d* of \d+ tests failed$/) });
    },
    LONG_MS,
  );

  test(
    'shows that a test which notices nothing is no protection',
    async () => {
      expect(await runTwin({ ...sample, replace: `${sample.find} ` })).toMatchObject({ outcome: 'survived' });
    },
    LONG_MS,
  );

  test.each([
    ['a text that the source does not have', { find: 'text that is not there' }],
    ['a change that does not compile', { replace: ') {' }],
    ['a pattern that selects no test', { pattern: 'no test has this name' }],
  ])(
    'does not take %s for success',
    async (_what, change) => {
      expect(await runTwin({ ...sample, ...change })).toMatchObject({ outcome: 'broken' });
    },
    LONG_MS,
  );
});
