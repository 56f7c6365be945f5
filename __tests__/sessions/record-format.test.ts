import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AppEpochs } from '../../lib/sessions/app-epochs.ts';
import { decodeValue, encodeRecord, encodeTombstone, isEnded } from '../../lib/sessions/record-format.ts';
import type { SessionRecord } from '../../lib/sessions/session-record.ts';
import { dataOf } from '../../lib/testing/contract-case.ts';

const REF = { app: 'shop', profile: 'web', tag: 'a'.repeat(16), digest: 'b'.repeat(43) };
const START = Date.UTC(2026, 0, 1);
const LATEST = Date.UTC(2109, 0, 1);

const instant = fc.integer({ min: START, max: LATEST });
const word = fc.string({ unit: 'binary', minLength: 1 });

/** Records as stores make them: the instants are in order. */
const record: fc.Arbitrary<SessionRecord> = fc
  .record({
    times: fc.tuple(instant, instant, instant, instant).map((times) => times.sort((a, b) => a - b)),
    fresh: fc.boolean(),
    rotated: fc.boolean(),
    subject: fc.option(fc.record({ id: word, kind: fc.constantFrom('user', 'service', 'agent') }), { nil: undefined }),
    level: word,
    method: word,
    device: fc.option(fc.record({ trust: fc.constantFrom('known', 'bound', 'managed'), provenAt: instant }), { nil: undefined }),
    authenticatedFor: fc.option(fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/), { nil: undefined }),
    client: fc.option(fc.stringMatching(/^[^\p{Cc}\p{Zl}\p{Zp}]{1,64}$/u), { nil: undefined }),
    data: fc.dictionary(fc.string(), fc.jsonValue()),
    version: fc.nat(16_777_215),
  })
  .map(({ times, fresh, rotated, level, method, data, ...rest }) => {
    const [createdAt, spentAt, authenticatedAt, lastActiveAt] = times as [number, number, number, number];
    const longestGapMs = Math.min(lastActiveAt - createdAt, 68_719_476_735);
    const levels = fresh ? { [level]: createdAt } : { [level]: 0 };
    const methods = fresh ? { [method]: authenticatedAt } : {};
    const times2 = fresh ? { authenticatedAt, spentAt } : { authenticatedAt: 0, spentAt: 0 };
    const place = { app: REF.app, profile: REF.profile };
    return {
      ...place,
      createdAt,
      lastActiveAt,
      longestGapMs,
      levels,
      methods,
      ...times2,
      ...rest,
      data: dataOf(data),
      rotatedAt: rotated ? lastActiveAt : 0,
    };
  });

describe('the text of a session', () => {
  test('gives back every record', () => {
    fc.assert(
      fc.property(record, (made) => {
        expect(decodeValue(encodeRecord(made), REF)).toEqual(made);
        expect(decodeValue(encodeRecord(made, 'c'.repeat(22)), REF)).toEqual(made);
      }),
    );
  });

  test('gives back every tombstone', () => {
    for (const reason of [
      'signed_out',
      'session_revoked',
      'session_rotated',
      'session_limit',
      'idle_timeout',
      'absolute_timeout',
      'context_changed',
      'session_invalid',
    ] as const) {
      expect(decodeValue(encodeTombstone({ reason, at: START }), REF)).toEqual({ reason, at: START });
    }
  });

  test('any text at all is a session, a tombstone or invalid, never an exception', () => {
    const start = fc.constantFrom('', 'L1', 'R1', 'X1', 'L1'.padEnd(40, '-'), 'L1'.padEnd(40, 'k'), 'R1'.padEnd(47, 'k'));
    fc.assert(
      fc.property(start, fc.string({ unit: 'binary' }), (head, tail) => {
        const decoded = decodeValue(head + tail, REF);
        if (!isEnded(decoded)) expect(decoded.data).toMatch(/^\{[^]*\}$/);
      }),
      { numRuns: 2_000 },
    );
  });

  test('a record with any one character changed is still a sound record or invalid', () => {
    fc.assert(
      fc.property(record, fc.nat(), fc.string({ minLength: 1, maxLength: 1 }), (made, place, char) => {
        const text = encodeRecord(made);
        const at = place % text.length;
        const decoded = decodeValue(`${text.slice(0, at)}${char}${text.slice(at + 1)}`, REF);
        if (isEnded(decoded)) return;
        expect(decoded.lastActiveAt).toBeGreaterThanOrEqual(decoded.createdAt);
        expect(decoded.authenticatedAt).toBeLessThanOrEqual(decoded.lastActiveAt);
        expect(decoded.spentAt).toBeLessThanOrEqual(decoded.authenticatedAt);
      }),
    );
  });

  test('costs nothing for what a session does not have', () => {
    expect(encodeRecord(exampleRecord())).toHaveLength('L1'.length + 38 + '{}'.length + '\n{}'.length);
  });

  test.each([
    ['a subject that is not a text', '{"s":1}'],
    ['an empty subject', '{"s":""}'],
    ['an unknown kind', '{"s":"u1","k":"root"}'],
    ['a field that nobody knows', '{"s":"u1","admin":true}'],
    ['a prototype', '{"__proto__":{"s":"u1"}}'],
    ['a level reached at no time', '{"l":{"aal1":"now"}}'],
    ['a level reached before all time', '{"l":{"aal1":-1}}'],
    ['a level list', '{"l":["aal1"]}'],
    ['a device of unknown trust', '{"d":["root",1]}'],
    ['a device proven at no time', '{"d":["bound",null]}'],
    ['a device without a time', '{"d":["bound"]}'],
    ['a predecessor that is not a text', '{"p":7}'],
    ['an action that is not a text', '{"f":1}'],
    ['an empty action', '{"f":""}'],
    ['an action that is no digest', '{"f":"a b"}'],
    ['an action that is too long', `{"f":"${'a'.repeat(65)}"}`],
    ['a client that is not a text', '{"c":["Firefox"]}'],
    ['an empty client', '{"c":""}'],
    ['a client on two lines', '{"c":"a\\nb"}'],
    ['a client that is too long', `{"c":"${'a'.repeat(65)}"}`],
    ['a list', '[]'],
    ['nothing', 'null'],
    ['no JSON', '{'],
  ])('refuses %s', (_what, meta) => {
    const sound = encodeRecord(exampleRecord());
    const changed = sound.replace(/\{.*\n/, `${meta}\n`);
    expect(decodeValue(sound, REF)).toMatchObject({ subject: undefined });
    expect(decodeValue(changed, REF)).toEqual({ reason: 'session_invalid', at: 0 });
  });
});

describe('epochs of apps', () => {
  const at = (text: string): string => text.padStart(7, 'k');

  test('cover what was created at their instant or before, for one app or for all', () => {
    const epochs = new AppEpochs();
    epochs.raise('shop', { reason: 'session_revoked', at: 1_000 });
    expect(epochs.endOf('shop', 1_000)).toEqual({ reason: 'session_revoked', at: 1_000 });
    expect([epochs.endOf('shop', 1_001), epochs.endOf('admin', 1_000)]).toEqual([undefined, undefined]);
    epochs.raise('*', { reason: 'signed_out', at: 2_000 });
    expect(epochs.endOf('admin', 1_500)?.reason).toBe('signed_out');
    expect([epochs.floor('shop'), epochs.floor('admin')]).toEqual([2_000, 2_000]);
  });

  test('never move backwards, and are not forgotten', () => {
    const epochs = new AppEpochs();
    epochs.adopt(`shop=${at('z')}r`);
    const floor = epochs.floor('shop');
    epochs.adopt(`shop=${at('a')}r`);
    epochs.adopt(null);
    expect(epochs.floor('shop')).toBe(floor);
  });

  test.each([
    'x',
    'shop=',
    `shop=${at('z')}`,
    `shop=${at('z')}?`,
    `=${at('z')}r`,
    `shop=${at('z')}r\n\n`,
    `sh:op=${at('z')}r`,
    `shop=${at('é')}r`,
  ])('are not guessed at: %j', (text) => {
    expect(() => new AppEpochs().adopt(text)).toThrow(RangeError);
  });
});

function exampleRecord(): SessionRecord {
  const numbers = { createdAt: START, authenticatedAt: START, lastActiveAt: START, longestGapMs: 0, spentAt: 0, version: 1, rotatedAt: 0 };
  return { app: 'shop', profile: 'web', subject: undefined, levels: {}, methods: {}, device: undefined, data: '{}', ...numbers };
}
