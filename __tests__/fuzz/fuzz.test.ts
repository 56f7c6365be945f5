import { expect, test } from '@jest/globals';
import { fuzz } from './fuzz.ts';

test('two seconds of random requests end neither the process nor in an error of ours', async () => {
  const { sent, statuses, faults } = await fuzz(2_000);
  expect(faults).toEqual([]);
  expect(sent).toBeGreaterThan(200);
  expect(statuses['200']).toBeGreaterThan(0);
  expect(statuses['401']).toBeGreaterThan(0);
}, 20_000);
