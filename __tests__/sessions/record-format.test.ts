import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AppEpochs } from '../../lib/sessions/app-epochs.ts';
import { isSameDevice } from '../../lib/sessions/device-format.ts';
import { decodeValue, encodeRecord, encodeTombstone, isEnded, metaOf, replaceDevice } from '../../lib/sessions/record-format.ts';
import type { SessionDevice } from '../../lib/policy/device.ts';
import type { SessionRecord } from '../../lib/sessions/session-record.ts';
import { dataOf } from '../../lib/testing/contract-case.ts';

const REF = { app: 'shop', profile: 'web', tag: 'a'.repeat(16), digest: 'b'.repeat(43) };
const KEY = 'b'.repeat(43);
const ID = 'k'.repeat(22);
const START = Date.UTC(2026, 0, 1);
const LATEST = Date.UTC(2109, 0, 1);

const instant = fc.integer({ min: START, max: LATEST });
const word = fc.string({ unit: 'binary', minLength: 1 });

const any = fc.maxSafeNat();
const voucher = fc.tuple(any, any).map(([one, other]) => ({ at: Math.min(one, other), until: Math.max(one, other) }));
const binding = fc.record({
  by: fc.constantFrom('dbsc', 'dpop', 'mtls', 'passkey'),
  key: fc.stringMatching(/^[A-Za-z0-9_-]{43}$/),
  provenAt: any,
});

const deviceId = fc.stringMatching(/^[A-Za-z0-9_-]{22}$/);
/** Devices as they read: nothing in them says nothing. */
const device: fc.Arbitrary<SessionDevice | undefined> = fc
  .record(
    { known: fc.record({ id: deviceId, at: any }), binding, attested: voucher, managed: voucher, workstation: fc.record({ id: deviceId }) },
    { requiredKeys: [] },
  )
  .map((made) => (Object.keys(made).length === 0 ? undefined : made));

/** Records as stores make them: the instants are in order. */
const record: fc.Arbitrary<SessionRecord> = fc
  .record({
    times: fc.tuple(instant, instant, instant, instant).map((times) => times.sort((a, b) => a - b)),
    fresh: fc.boolean(),
    rotated: fc.boolean(),
    subject: fc.option(fc.record({ id: word, kind: fc.constantFrom('user', 'service', 'agent') }), { nil: undefined }),
    level: word,
    method: word,
    device,
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

  test('gives back every device that is put in the place of another, and all else as it was', () => {
    fc.assert(
      fc.property(record, device, fc.option(fc.constant('c'.repeat(22)), { nil: undefined }), (made, other, previous) => {
        const text = encodeRecord({ ...made, rotatedAt: 0 }, previous);
        const meta = metaOf(text);
        const changed = replaceDevice(meta, other);
        expect(
          decodeValue(
            text.replace(meta, () => changed),
            REF,
          ),
        ).toEqual({ ...made, rotatedAt: 0, device: other });
        // Scripts look for the id of before at the start of the line.
        if (previous !== undefined) expect(changed.startsWith(`{"p":"${previous}"`)).toBe(true);
        expect(isSameDevice(made.device, other)).toBe(JSON.stringify(made.device) === JSON.stringify(other));
      }),
    );
  });

  test('takes few bytes for a device', () => {
    const bytes = (of: SessionDevice): number =>
      encodeRecord({ ...exampleRecord(), device: of }).length - encodeRecord(exampleRecord()).length;
    const key = { key: KEY, provenAt: START };
    expect(bytes({ binding: { by: 'dpop', ...key } })).toBeLessThanOrEqual(73);
    expect(bytes({ binding: { by: 'dbsc', ...key }, attested: { at: START, until: START } })).toBeLessThanOrEqual(103);
    expect(bytes({ known: { id: ID, at: START } })).toBeLessThanOrEqual(46);
    expect(bytes({ workstation: { id: ID } })).toBeLessThanOrEqual(40);
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
    ['a device of a trust that somebody wrote', '{"d":["bound",1]}'],
    ['a device that is no list', `{"d":{"binding":["p","${KEY}",1]}}`],
    ['a device that is nothing', '{"d":null}'],
    ['an empty device', '{"d":[]}'],
    ['a device of nothing but gaps', '{"d":[0,0]}'],
    ['a device with a gap at its end', `{"d":[["${ID}",1],0]}`],
    ['a device with a gap that is not 0', `{"d":[null,["p","${KEY}",1]]}`],
    ['a device with a sixth part', `{"d":[0,0,0,[1,1],["${ID}"],[1,1]]}`],
    ['a known device without an instant', `{"d":[["${ID}"]]}`],
    ['a known device with more than that', `{"d":[["${ID}",1,1]]}`],
    ['a known device of another form', `{"d":[["${ID}k",1]]}`],
    ['a known device of another kind', '{"d":[[7,1]]}'],
    ['a known device enrolled at no whole millisecond', `{"d":[["${ID}",1.5]]}`],
    ['a key of unknown proof', `{"d":[0,["x","${KEY}",1]]}`],
    ['a key whose proof is called like a part of every object', `{"d":[0,["constructor","${KEY}",1]]}`],
    ['a key by the full name of its proof', `{"d":[0,["dpop","${KEY}",1]]}`],
    ['a key without a thumbprint', '{"d":[0,["p","",1]]}'],
    ['a key with a short thumbprint', `{"d":[0,["p","${KEY.slice(1)}",1]]}`],
    ['a key with a long thumbprint', `{"d":[0,["p","${KEY}b",1]]}`],
    ['a key whose thumbprint is no base64url', `{"d":[0,["p","${KEY.slice(1)}+",1]]}`],
    ['a key proven at no time', `{"d":[0,["p","${KEY}",null]]}`],
    ['a key proven before all time', `{"d":[0,["p","${KEY}",-1]]}`],
    ['a key proven after all time', `{"d":[0,["p","${KEY}",9007199254740993]]}`],
    ['a key with more than that', `{"d":[0,["p","${KEY}",1,1]]}`],
    ['a key in the place of a known device', `{"d":[["p","${KEY}",1]]}`],
    ['a voucher without an end', '{"d":[0,0,[1]]}'],
    ['a voucher that ends before it begins', '{"d":[0,0,[2,1]]}'],
    ['a voucher with an end that is a text', '{"d":[0,0,0,[1,"2"]]}'],
    ['a voucher with more than that', '{"d":[0,0,0,[1,2,3]]}'],
    ['a workstation without an id', '{"d":[0,0,0,0,[]]}'],
    ['a workstation of another form', `{"d":[0,0,0,0,["${ID}k"]]}`],
    ['a workstation with more than that', `{"d":[0,0,0,0,["${ID}",1]]}`],
    ['a workstation that is a text', `{"d":[0,0,0,0,"${ID}"]}`],
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
