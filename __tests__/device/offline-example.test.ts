import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { ROOT } from '../support/source-tree.ts';

test('the native client goes offline, comes back, repeats itself, and is told what is lost with an ended session', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(ROOT, 'examples/native-client/offline.js')]);
  expect(stderr).not.toContain('Error');
  const lease = ['a lease for visits:write, for 12 hours', '  the application itself says no: the lease is not for payments:write'];
  expect(stdout.trimEnd().split('\n')).toEqual([
    ...lease,
    'back again:',
    '  visit 1: accepted',
    '  visit 2: accepted',
    '  settled; the server knows of 2 visits',
    'the answer was lost, so once more:',
    '  visit 1: accepted_before',
    '  visit 2: accepted_before',
    '  settled; the server knows of 2 visits',
    ...lease,
    'meanwhile the session was ended; the person signs in again, on the same device:',
    '  visit 1: refused, lease_revoked',
    '  visit 2: refused, lease_revoked',
    '  lease_revoked; the server knows of 2 visits',
  ]);
});
