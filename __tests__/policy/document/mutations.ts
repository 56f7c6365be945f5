import fc from 'fast-check';
import { type Loose, validDocument } from './documents.ts';

/** Values that fit somewhere in a document, and values that fit nowhere. */
const VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  1,
  1.5,
  -1,
  '',
  'x',
  [],
  {},
  ['x'],
  { trust: 'bound' },
  { lease: '2h', scopes: ['x'] },
  { proofLifetime: '5m' },
  [1],
  'web',
  'admin',
  'kiosk',
  'aal2',
  'refused',
  'public',
  'authenticated',
  '1s',
  '5m',
  '12m',
  '2h',
  '30d',
  '400d',
  '401d',
  '900',
  'shop',
  'console',
  'account',
  '/x',
  '/account',
  '/:id',
  '/*',
  '*',
  '*.example.com',
  'shop.example.com',
  ['GET'],
  ['user'],
  ['agent'],
  '10.0.0.0/8',
  ['10.0.0.0/8'],
  '2026-11-05',
  '2026-02-30',
  'a@example.com',
  'https://x.example',
  'header',
  'cookie',
  'none',
  'passkey',
];
const KEYS = [
  'idle',
  'idel',
  'absolute',
  'stepUp',
  'device',
  'deviceUrl',
  'sessionUrl',
  'dbsc',
  'dpop',
  'offline',
  'enrolment',
  'deviceFallback',
  'preset',
  'match',
  'routes',
  'access',
  'constructor',
  '0',
  'because',
  'maxAge',
  'headers',
  'x',
];

interface Mutation {
  readonly at: number;
  readonly how: 'replace' | 'remove' | 'add';
  readonly key: string;
  readonly value: unknown;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(),
  how: fc.constantFrom('replace', 'remove', 'add'),
  key: fc.constantFrom(...KEYS),
  value: fc.constantFrom(...VALUES),
});

/** Valid documents with a few random changes: some are still valid, most are nearly. */
export const documents: fc.Arbitrary<Loose> = fc
  .array(mutation, { maxLength: 3 })
  .map((mutations) => mutations.reduce(mutate, validDocument()));

function mutate(document: Loose, { at, how, key, value }: Mutation): Loose {
  const places = [...holders(document)];
  const [holder, name] = places[at % places.length] as [Loose, string];
  const own = JSON.parse(JSON.stringify(value));
  if (how === 'replace') holder[name] = own;
  else if (how === 'remove' && Array.isArray(holder)) holder.splice(Number(name), 1);
  else if (how === 'remove') delete holder[name];
  else if (Array.isArray(holder)) holder.push(own);
  else holder[key] = own;
  return document;
}

function* holders(value: Loose): Generator<[Loose, string]> {
  if (value === null || typeof value !== 'object') return;
  for (const key of Object.keys(value)) {
    yield [value, key];
    yield* holders(value[key]);
  }
}
