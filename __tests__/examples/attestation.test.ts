import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { ROOT } from '../support/source-tree.ts';

async function linesOf(file: string): Promise<readonly string[]> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(ROOT, 'examples', file)]);
  expect(stderr).toBe('');
  return stdout.trim().split('\n');
}

describe('the example', () => {
  test('attestation: a genuine installation sends money, a script with its attestation does not', async () => {
    expect(await linesOf('attestation/client.js')).toEqual([
      'the phone, not attested: 403 device_trust_insufficient',
      'the phone, attested: attested, 200 sent',
      'the same once more: use_attestation_challenge',
      'a script with the attestation of the phone: invalid_client_attestation, 403 device_trust_insufficient',
    ]);
  });

  test('posture: what the device manager says opens the records, and a push closes them', async () => {
    expect(await linesOf('posture/client.js')).toEqual([
      'a device of which nothing is known: 403 device_trust_insufficient',
      'the device manager calls it compliant: managed, 200 3 records',
      'another device with the same assertion: evidence_invalid, 403 device_trust_insufficient',
      'it is reported: 1 session',
      'the next request: 403 device_trust_insufficient',
      'with what was said before: use_fresh_attestation, 403 device_trust_insufficient',
      'it is reported as stolen: 401 session_revoked',
    ]);
  });
});
