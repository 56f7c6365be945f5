import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { ROOT } from '../support/source-tree.ts';
import { DEVICE_ROWS } from './devices-rows.ts';

const LOADER = new URL('../support/typescript-loader.mjs', import.meta.url).href;
const PROGRAM = fileURLToPath(new URL('devices.ts', import.meta.url));

test('the benchmark of devices measures every proof, and ours asks Redis for nothing more but whether a proof of DPoP is new', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', LOADER, PROGRAM, '--smoke'], { cwd: ROOT });
  const lines = stdout.split('\n');
  for (const { name, server, proof, against } of DEVICE_ROWS) {
    const line = lines.find((text) => text.startsWith(`${name}  `));
    expect(line).toMatch(against === undefined ? /^.+?\s+\d+\s+\d+\s+-?[\d.]+/ : /^.+?\s+\d+\s+\d+\s+[\d.]+(?:\s+-?\d+){3}\s/);
    const commands = /(?:[a-z]+ [\d.]+(?:, )?)*$/.exec(line ?? '')?.[0];
    const asked = proof === 'dpop' ? ['mget 1.00', 'set 1.00'] : ['mget 1.00'];
    expect([name, commands?.split(', ').sort()]).toEqual([name, server.startsWith('own') ? asked : ['']]);
  }
}, 120_000);
