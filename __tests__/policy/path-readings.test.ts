import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { pathReadings } from '../../lib/policy/path-readings.ts';

/** What somebody may write for `/admin/keys` and some router or proxy may read as it. */
const DISGUISES = [
  ['as it is', '/admin/keys'],
  ['with a query', '/admin/keys?x=/public'],
  ['with a fragment', '/admin/keys#public'],
  ['in absolute form', 'http://shop.example.com/admin/keys'],
  ['with a trailing slash', '/admin/keys/'],
  ['with double slashes', '//admin//keys'],
  ['with dot segments', '/public/../admin/./keys'],
  ['with encoded dot segments', '/public/%2e%2e/admin/%2E/keys'],
  ['with an encoded slash', '/admin%2fkeys'],
  ['with backslashes', '/admin\\keys'],
  ['with an encoded letter', '/%61dmin/keys'],
  ['encoded twice', '/%2561dmin/keys'],
  ['encoded three times', '/%252561dmin/keys'],
  ['with an encoded question mark', '/admin/keys%3fx'],
  ['with path parameters', '/admin;v=1/keys;x=y'],
  ['with encoded path parameters', '/admin%3bv=1/keys'],
  ['with control characters', '/admin/keys%00'],
  ['with a line terminator', '/admin/keys%0a'],
  ['with an invalid escape beside it', '/%61dmin/keys/%ff/..'],
] as const;

const separator = fc.constantFrom('/', '//', '/./', '/x/../', '/x/y/../../', '\\', '/;p=1/');
const mask = fc.array(fc.boolean(), { minLength: 1, maxLength: 12 });

/** Encodes the characters that the mask chooses, those of earlier encodings included. */
function encodeSome(text: string, chosen: readonly boolean[]): string {
  return Array.from(text, (char, index) => (chosen[index % chosen.length] ? `%${char.charCodeAt(0).toString(16)}` : char)).join('');
}

describe('the readings of a path', () => {
  test.each(DISGUISES)('find the path %s', (_how, target) => {
    expect(pathReadings(target)).toContain('/admin/keys');
  });

  test('find what a server gets that decodes a path which another has tidied before it is decoded', () => {
    // The first one decodes once and resolves the dots it then sees; the second does the same with what it was given.
    expect(pathReadings('/x%252fy/../a%252f..%252fadmin')).toContain('/admin');
  });

  test('find both where dots are resolved with empty segments still there, and after they are gone', () => {
    expect(pathReadings('/admin//../keys')).toEqual(expect.arrayContaining(['/admin/keys', '/keys']));
  });

  test('of a plain path are the path alone', () => {
    expect(pathReadings('/admin/keys')).toEqual(['/admin/keys']);
  });

  test('find the path under any mixture of disguises, encoded up to three times', () => {
    fc.assert(
      fc.property(
        separator,
        separator,
        fc.constantFrom('', '/', '//', '?a=/b', ';v=1'),
        fc.array(mask, { maxLength: 3 }),
        (first, second, tail, masks) => {
          const target = masks.reduce(encodeSome, `${first}admin${second}keys`) + tail;
          expect(pathReadings(target)).toContain('/admin/keys');
        },
      ),
      { numRuns: 500 },
    );
  });

  test('are found quickly however the path is made', () => {
    const longest = `/${'%25'.repeat(5_000)}`;
    const before = performance.now();
    pathReadings(longest);
    pathReadings(`/${'../'.repeat(5_000)}`);
    expect(performance.now() - before).toBeLessThan(500);
  });
});
