import { afterEach, describe, expect, test } from '@jest/globals';
import { definePolicy } from '../../../lib/policy/define-policy.ts';
import { parsePolicy } from '../../../lib/policy/parse-policy.ts';
import { validatePolicy } from '../../../lib/policy/validate.ts';
import { changed, faultsOf, type Loose, validDocument } from './documents.ts';

afterEach(() => {
  expect(({} as Loose).preset).toBeUndefined();
});

describe('texts', () => {
  const MINIMAL = 'version: 1\nprofiles: { web: { preset: admin } }\napps: { shop: { profile: web } }\n';

  const TEXTS: readonly (readonly [what: string, text: string, message: RegExp, line?: number])[] = [
    ['an empty text', '', /is empty/],
    ['only a comment', '# nothing\n', /is empty/],
    ['a number', '5', /5 is not an object/, 1],
    ['a list', '- 1\n', /a list is not an object/, 1],
    ['more than a mebibyte', `${MINIMAL}#${'x'.repeat(1_048_576)}`, /larger than 1 MiB/],
    ['brackets without end', '['.repeat(1_000_000), /nested deeper/],
    ['braces without end', '{"a":'.repeat(200_000), /nested deeper/],
    ['dashes without end', '- '.repeat(500_000), /nested deeper/],
    ['question marks without end', '? '.repeat(500_000), /nested deeper/],
    ['deeper and deeper lines', Array.from({ length: 600 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'), /nested deeper/],
    ['an unclosed list', 'apps: [', /cannot be read/, 1],
    ['a tab as indentation', 'a:\n\tb: 1', /cannot be read: Tabs/, 2],
    ['a key that stands twice', `${MINIMAL}version: 1\n`, /the key "version" stands here twice/, 4],
    ['a key that is no text', `${MINIMAL}? [a]\n: b\n`, /a key must be a plain text/, 4],
    ['a second document', `${MINIMAL}---\nversion: 1\n`, /second document/, 4],
    ['YAML 1.1', `%YAML 1.1\n---\n${MINIMAL}`, /YAML 1.1; only 1.2/, 1],
    ['a tag of its own', MINIMAL.replace('1', '!!js/function 1'), /has the tag .*js\/function/, 1],
    ['a timestamp', MINIMAL.replace('admin', '!!timestamp 2026-01-01'), /has the tag .*timestamp/, 2],
    ['an alias of nothing', `${MINIMAL}conditions: *none\n`, /cannot be read|cannot be resolved/],
    [
      'a merge key',
      'version: 1\nprofiles: { a: &a { preset: admin }, web: { <<: *a } }\napps: { shop: { profile: web } }\n',
      /unknown key/,
      2,
    ],
    ['an object that contains itself', `${MINIMAL}conditions: &c [*c]\n`, /contains itself/, 4],
    [
      '__proto__',
      'version: 1\nprofiles: { web: { preset: admin }, __proto__: { preset: api } }\napps: { shop: { profile: web } }\n',
      /not a key/,
      2,
    ],
    [
      'a quoted __proto__',
      'version: 1\nprofiles: { web: { preset: admin, "__proto__": { preset: api } } }\napps: { shop: { profile: web } }\n',
      /not a key/,
      2,
    ],
    ['a NUL', '\u0000', /not an object/, 1],
  ];

  test.each(TEXTS.map((row) => [row[0], row] as const))('%s', (_what, [, text, message, line]) => {
    const faults = faultsOf(() => parsePolicy(text));
    expect(faults).toContainEqual(expect.objectContaining({ message: expect.stringMatching(message) }));
    if (line !== undefined) expect(faults.map((fault) => fault.line)).toContain(line);
  });

  test('aliases that multiply are refused before they fill memory', () => {
    const layers = Array.from({ length: 12 }, (_, layer) => `l${layer + 1}: &l${layer + 1} [${Array(9).fill(`*l${layer}`).join(', ')}]`);
    const text = `l0: &l0 [x, x, x]\n${layers.join('\n')}\n`;
    const many = `l0: &l0 x\nl1: [${Array(1_500).fill('*l0').join(', ')}]\n`;
    for (const one of [text, many])
      expect(faultsOf(() => parsePolicy(one))).toEqual([{ path: '', message: expect.stringContaining('aliases') }]);
  });

  test('a few aliases are fine', () => {
    const text = 'version: 1\nprofiles: { web: &web { preset: admin }, two: *web }\napps: { shop: { profile: web } }\n';
    expect(parsePolicy(text).document.profiles['two']).toEqual({ preset: 'admin' });
  });

  test('JSON is JSON: no comments, no bare words, no trailing commas', () => {
    for (const text of ['{ // no\n}', '{ "version": 1, }', '{ version: 1 }', "{ 'version': 1 }"]) {
      expect(faultsOf(() => parsePolicy(text, { format: 'json' }))).toEqual([
        { path: '', line: 1, message: expect.stringMatching(/is not JSON/) },
      ]);
    }
  });

  test('JSON may begin with a byte order mark and be indented with tabs', () => {
    const text = `\uFEFF${JSON.stringify(validDocument(), null, '\t')}`;
    expect(faultsOf(() => parsePolicy(text, { file: 'policy.JSON' }))).toEqual([]);
  });

  test('JSON with a key twice is refused, though JSON.parse would take the last', () => {
    const text =
      '{ "version": 1, "profiles": { "w": { "preset": "admin", "preset": "public-web" } }, "apps": { "a": { "profile": "w" } } }';
    expect(faultsOf(() => parsePolicy(text, { format: 'json' }))).toEqual([
      { path: '', line: 1, message: 'the key "preset" stands here twice' },
    ]);
  });

  test('what a text holds is never shown at length', () => {
    const [fault] = faultsOf(() => parsePolicy(`version: ${'x'.repeat(5_000)}\n`));
    expect(fault?.message.length).toBeLessThan(100);
  });
});

describe('objects', () => {
  test('a getter is not called', () => {
    let called = 0;
    const profile = Object.defineProperty({ preset: 'admin' }, 'idle', { enumerable: true, get: () => `${(called += 1)}m` });
    expect(validatePolicy(changed(validDocument(), { 'profiles.plain': profile })).faults).toEqual([
      { path: 'profiles.plain.idle', message: 'is computed by a getter; a policy holds only data' },
    ]);
    expect(called).toBe(0);
  });

  class Profile {
    readonly preset = 'admin';
  }
  const symbol = Object.assign({ preset: 'admin' }, { [Symbol('x')]: 1 });
  const cycle: Loose = { preset: 'admin', headers: {} };
  cycle.headers.again = cycle;

  test.each<[string, unknown, string, RegExp]>([
    ['an instance of a class', new Profile(), 'profiles.plain', /instance of a class/],
    ['a date', new Date(0), 'profiles.plain', /instance of a class/],
    ['a map', new Map([['preset', 'admin']]), 'profiles.plain', /instance of a class/],
    ['a function', () => 'admin', 'profiles.plain', /a function/],
    [
      'a function inside',
      { preset: 'admin', headers: { crossOriginEmbedderPolicy: () => true } },
      'profiles.plain.headers.crossOriginEmbedderPolicy',
      /a function/,
    ],
    ['a bigint', 1n, 'profiles.plain', /a bigint/],
    ['not a number', { preset: 'admin', concurrent: { max: Number.NaN } }, 'profiles.plain.concurrent.max', /not a finite number/],
    ['a symbol as key', symbol, 'profiles.plain["Symbol(x)"]', /not a key/],
    ['__proto__ as a key', JSON.parse('{ "__proto__": { "preset": "admin" } }'), 'profiles.plain.__proto__', /not a key/],
    ['an inherited preset', Object.create({ preset: 'admin' }), 'profiles.plain', /instance of a class/],
    ['an object that contains itself', cycle, 'profiles.plain.headers.again', /contains itself/],
  ])('%s is refused', (_what, profile, path, message) => {
    const { faults } = validatePolicy(changed(validDocument(), { 'profiles.plain': profile }));
    expect(faults).toEqual([{ path, message: expect.stringMatching(message) }]);
  });

  test.each<[string, Loose]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'version: 1'],
    ['a promise', Promise.resolve(validDocument())],
    [
      'a proxy that throws',
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error('secret');
          },
        },
      ),
    ],
  ])('%s is no document', (_what, document) => {
    const faults = faultsOf(() => definePolicy(document));
    expect(faults).toHaveLength(1);
    expect(JSON.stringify(faults)).not.toContain('secret');
  });

  test('an object without prototype is data', () => {
    expect(validatePolicy(Object.assign(Object.create(null), validDocument())).faults).toEqual([]);
  });

  test('references that multiply, depth and size have bounds', () => {
    let wide: unknown = [1];
    for (let layer = 0; layer < 10; layer += 1) wide = [wide, wide, wide, wide];
    let deep: unknown = 'x';
    for (let layer = 0; layer < 100_000; layer += 1) deep = [deep];
    for (const [value, message] of [
      [wide, /1 MiB/],
      [deep, /deeper than 32/],
      ['x'.repeat(1_048_577), /1 MiB/],
      [Array(2 ** 31), /1 MiB/],
    ] as const) {
      expect(validatePolicy({ ...validDocument(), conditions: value }).faults).toEqual([
        { path: '', message: expect.stringMatching(message) },
      ]);
    }
  });

  test('a thousand apps are checked in time, one more is refused', () => {
    const apps = (count: number): Loose =>
      Object.fromEntries(
        Array.from({ length: count }, (_, index) => [`app${index}`, { profile: 'web', match: { hosts: [`h${index}.example.com`] } }]),
      );
    const policy = (count: number): Loose => ({ version: 1, profiles: { web: { preset: 'staff-web' } }, apps: apps(count) });
    expect(validatePolicy(policy(1_000)).faults).toEqual([]);
    expect(validatePolicy(policy(1_001)).faults).toEqual([{ path: 'apps', message: 'is too much: at most 1000' }]);
  });

  test('hosts and paths that multiply are refused', () => {
    const match = {
      hosts: Array.from({ length: 100 }, (_, index) => `h${index}.example.com`),
      paths: Array.from({ length: 100 }, (_, index) => `/p${index}`),
    };
    const { faults } = validatePolicy(changed(validDocument(), { 'apps.shop.match': match }));
    expect(faults).toEqual([{ path: 'apps', message: expect.stringMatching(/combinations of host and path; at most 4000/) }]);
  });
});
