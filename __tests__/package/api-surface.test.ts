import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { RECORD, apiSurface } from './api-surface.ts';

test('the public interface is the recorded one; where a change is meant, npm run api:update records it', async () => {
  expect(await apiSurface()).toBe(await readFile(RECORD, 'utf8'));
});
