import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { builtClient } from './built-client.ts';

test('the browser module, minified as it is published, takes less than 4 KB with gzip, and imports nothing', async () => {
  const text = await builtClient();
  expect(text).not.toMatch(/\bimport\b/);
  expect(gzipSync(text, { level: 9 }).length).toBeLessThan(4_096);
});

test('it parses no markup and has nothing inline that a strict content security policy refuses', async () => {
  expect(await builtClient()).not.toMatch(
    /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|\.style\b|\bon\w+="/,
  );
});
