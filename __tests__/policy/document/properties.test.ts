import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compilePolicy } from '../../../lib/policy/compile.ts';
import { explain } from '../../../lib/policy/explain.ts';
import { parsePolicy } from '../../../lib/policy/parse-policy.ts';
import { validatePolicy } from '../../../lib/policy/validate.ts';
import { faultsOf } from './documents.ts';
import { documents } from './mutations.ts';

const HOSTS = ['shop.example.com', 'a.internal.example.com', 'api.example.com', 'else.example'];
const PATHS = ['/', '/account/x', '/checkout/pay', '/console/keys', '/desk', '/other/%2e%2e/desk', '/x'];
const NOW = Date.UTC(2026, 10, 15);

const requests = fc.record({
  method: fc.constantFrom('GET', 'POST'),
  host: fc.constantFrom(...HOSTS),
  path: fc.constantFrom(...PATHS),
  ip: fc.constantFrom('10.1.1.1', '192.0.2.1', '2001:db8::1', 'nonsense'),
});
const sessions = fc.record({
  app: fc.constantFrom('shop', 'console', 'desk', 'interface', 'other'),
  profile: fc.constantFrom('web', 'admin', 'kiosk', 'api', 'plain'),
  subject: fc.constant({ id: 'u1', kind: 'user' } as const),
  createdAt: fc.integer({ min: NOW - 3_600_000, max: NOW }),
  authenticatedAt: fc.integer({ min: NOW - 3_600_000, max: NOW }),
  lastActiveAt: fc.integer({ min: NOW - 600_000, max: NOW }),
  longestGapMs: fc.nat(600_000),
  levels: fc.constant({ aal1: NOW - 60_000 }),
  methods: fc.constant({ pwd: NOW - 60_000 }),
  spentAt: fc.constant(0),
  device: fc.constant({ binding: { by: 'mtls', key: 'key-1', provenAt: NOW }, managed: { at: NOW, until: NOW + 60_000 } } as const),
});

test('a document that is valid compiles and decides without an error', () => {
  let valid = 0;
  fc.assert(
    fc.property(documents, requests, fc.option(sessions, { nil: undefined }), (document, request, session) => {
      const validation = validatePolicy(document);
      if (validation.document === undefined) return expect(validation.faults.length).toBeGreaterThan(0);
      valid += 1;
      const { decision } = explain(compilePolicy(validation.document, validation.notices), { request, session }, NOW);
      expect(['allow', 'challenge', 'deny']).toContain(decision.outcome);
    }),
    { numRuns: 400 },
  );
  expect(valid).toBeGreaterThan(50);
});

test('text and object get the same faults, but for the lines', () => {
  fc.assert(
    fc.property(documents, (document) => {
      const places = (faults: readonly { readonly path: string; readonly message: string }[]): string[] =>
        faults.map(({ path, message }) => `${path} ${message}`).sort();
      const inText = faultsOf(() => parsePolicy(JSON.stringify(document, null, 1)));
      expect(places(inText)).toEqual(places(validatePolicy(document).faults));
      expect(inText.every(({ line }) => line !== undefined)).toBe(true);
    }),
    { numRuns: 150 },
  );
});

test('no fault is told twice', () => {
  fc.assert(
    fc.property(documents, (document) => {
      const told = validatePolicy(document).faults.map(({ path, message }) => `${path} ${message}`);
      expect(new Set(told).size).toBe(told.length);
    }),
    { numRuns: 150 },
  );
});

test('checking changes nothing and says the same again', () => {
  fc.assert(
    fc.property(documents, (document) => {
      const before = JSON.stringify(document);
      const first = validatePolicy(document);
      expect(JSON.stringify(document)).toBe(before);
      expect(validatePolicy(document)).toEqual(first);
    }),
    { numRuns: 150 },
  );
});

test('anything at all is refused or valid, never an exception', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => expect(validatePolicy(value).faults.length).toBeGreaterThan(0)),
    { numRuns: 300 },
  );
  fc.assert(
    fc.property(fc.string({ maxLength: 200, unit: 'binary' }), (text) =>
      expect(faultsOf(() => parsePolicy(text)).length).toBeGreaterThan(0),
    ),
    {
      numRuns: 300,
    },
  );
});
