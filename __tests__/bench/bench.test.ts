import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { ROOT } from '../support/source-tree.ts';
import { ROWS } from './rows.ts';

const run = promisify(execFile);
const LOADER = new URL('../support/typescript-loader.mjs', import.meta.url).href;
const LONG_MS = 120_000;

test(
  'the benchmark of requests measures every row, and every answer is a good one',
  async () => {
    const report = await smoke('requests.ts');
    for (const { name, store } of ROWS) {
      const line = report.split('\n').find((text) => text.startsWith(`${name}  `));
      expect(line).toMatch(store === 'redis' ? /get|mget|evalsha/ : /^.+?\s+\d+\s+\d/);
    }
  },
  LONG_MS,
);

test(
  'the benchmark of many sessions lists and ends all sessions of a subject',
  async () => {
    const report = await smoke('million-sessions.ts');
    expect(report.match(/^\d+(?:\s+[\d.]+){4}$/gm)).toHaveLength(3);
    expect(report).toMatch(/connect-redis: \d+ bytes each/);
  },
  LONG_MS,
);

async function smoke(program: string): Promise<string> {
  const path = fileURLToPath(new URL(program, import.meta.url));
  const { stdout } = await run(process.execPath, ['--import', LOADER, path, '--smoke'], { cwd: ROOT });
  return stdout;
}
