import { readFile } from 'node:fs/promises';
import { beforeAll, expect, test } from '@jest/globals';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { parseDuration } from '../../../lib/policy/duration.ts';
import { policyJsonSchema } from '../../../lib/policy/json-schema.ts';
import { policyDocumentSchema } from '../../../lib/policy/schema.ts';
import { changed, type Loose, validDocument } from './documents.ts';
import { documents } from './mutations.ts';

let shipped: Loose;
let fits: ValidateFunction;

beforeAll(async () => {
  shipped = JSON.parse(await readFile(new URL('../../../lib/policy/session-policy.schema.json', import.meta.url), 'utf8'));
  fits = new Ajv2020({ strict: true, strictTypes: false }).compile(shipped);
});

test('the shipped schema is the one that is used; else run the script that writes it', () => {
  expect(shipped).toEqual(policyJsonSchema());
  expect(shipped).toMatchObject({ $id: expect.stringMatching(/session-policy\.schema\.json$/), title: 'Session policy' });
});

test('every object of the schema refuses unknown keys', () => {
  const open = objectsOf(shipped).filter((node) => node.properties !== undefined && node.additionalProperties !== false);
  expect(open).toEqual([]);
  expect(objectsOf(shipped).length).toBeGreaterThan(20);
});

test.each<[string, Record<string, unknown>, boolean]>([
  ['the valid document', {}, true],
  ['an unknown key', { 'profiles.web.idel': '5m' }, false],
  ['a bare number', { 'profiles.web.idle': 900 }, false],
  ['a bad name', { 'apps.constructor': { profile: 'web' } }, false],
  ['no apps', { apps: {} }, false],
  ['nothing asked for', { 'conditions.0.require': {} }, false],
  ['headers off', { 'profiles.web.headers': false }, true],
  ['headers on', { 'profiles.web.headers': true }, false],
  ['a step-up that is refused', { 'profiles.web.stepUp': 'refused' }, true],
  ['a step-up that is something else', { 'profiles.web.stepUp': 'never' }, false],
])('both schemas agree about %s', (_what, changes, valid) => {
  const document = changed(validDocument(), changes);
  expect([fits(document), policyDocumentSchema.safeParse(document).success]).toEqual([valid, valid]);
});

test('both schemas take the same documents; only durations past 400 days are left to ours', () => {
  const taken = { true: 0, false: 0 };
  fc.assert(
    fc.property(documents, (document) => {
      const ours = policyDocumentSchema.safeParse(document).success;
      taken[`${ours}`] += 1;
      expect(fits(document)).toBe(ours || hasOnlyLongDurations(document));
    }),
    { numRuns: 1_000 },
  );
  expect(Math.min(taken.true, taken.false)).toBeGreaterThan(150);
});

/** Whether a document would be taken if its durations past 400 days were shorter. */
function hasOnlyLongDurations(document: Loose): boolean {
  const text = JSON.stringify(document).replace(/"(\d+[smhd])"/g, (all, duration: string) =>
    parseDuration(duration) === undefined ? '"1s"' : all,
  );
  return text !== JSON.stringify(document) && policyDocumentSchema.safeParse(JSON.parse(text)).success;
}

function objectsOf(node: Loose): Loose[] {
  if (node === null || typeof node !== 'object') return [];
  const inner = Object.values(node).flatMap(objectsOf);
  return node.type === 'object' ? [node, ...inner] : inner;
}
