import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { ROOT } from '../support/source-tree.ts';

test('the native client signs in, works, is of no use to a thief of its token, renews it and signs out', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(ROOT, 'examples/native-client/client.js')]);
  expect(stderr).not.toContain('Error');
  expect(stdout.trimEnd().split('\n')).toEqual([
    'signed in: the token is of the type DPoP',
    'account: {"name":"ada","balance":120,"device":"bound"}',
    'the token alone: 401 device_proof_missing',
    'the token with a key of the thief: 401 device_proof_missing',
    'renewed: another token, for the same session',
    'account: 200',
    'signed out: signed_out',
  ]);
});
