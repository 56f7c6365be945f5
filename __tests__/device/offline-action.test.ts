import { createHmac, generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { CompactSign } from 'jose';
import { OfflineActionReader } from '../../lib/proofs/offline-action.ts';
import { type OfflineDevice, offlineDevice } from './offline-device.ts';

const LEASE = 'lease-of-today';
const DONE = { lease: LEASE, seq: 0, at: 1_000_000, scope: 'notes', action: { note: 'seen' } };

let phone: OfflineDevice;
let other: OfflineDevice;
beforeAll(async () => {
  [phone, other] = await Promise.all([offlineDevice(), offlineDevice()]);
});

function read(text: string) {
  return new OfflineActionReader(LEASE, phone.thumbprint).read(text);
}

function part(text: string, index: number): string {
  return text.split('.')[index] as string;
}

function coded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

describe('an action that a device has signed', () => {
  test('is read', async () => {
    expect(await read(await phone.act(DONE))).toEqual({
      seq: 0,
      at: 1_000_000,
      scope: 'notes',
      action: { note: 'seen' },
      digest: expect.stringMatching(/^[\w-]{22}$/),
    });
  });

  test.each(['ES256', 'ES384', 'EdDSA', 'Ed25519', 'PS256', 'RS256'])('may be signed with %s', async (algorithm) => {
    const device = await offlineDevice(algorithm);
    const reader = new OfflineActionReader(LEASE, device.thumbprint);
    const texts = await Promise.all([device.act(DONE), device.act({ ...DONE, seq: 1 })]);
    expect(await Promise.all(texts.map((text) => reader.read(text)))).toEqual([
      expect.objectContaining({ seq: 0 }),
      expect.objectContaining({ seq: 1 }),
    ]);
  });

  test('is the same when it is signed again, and another when anything in it is', async () => {
    const texts = [DONE, DONE, { ...DONE, action: { note: 'not seen' } }].map((done) => phone.act(done));
    const read3 = await Promise.all(texts.map(async (text) => read(await text)));
    const [one, again, another] = read3.map((action) => (action as { digest: string }).digest);
    expect(again).toBe(one);
    expect(another).not.toBe(one);
  });

  test('may be any JSON, and has to be there', async () => {
    for (const action of [null, 0, '', [], false]) expect(await read(await phone.act({ ...DONE, action }))).toMatchObject({ action });
    const { action: _action, ...nothing } = DONE;
    expect(await read(await phone.act(nothing))).toBe('action_malformed');
  });
});

describe('what is none', () => {
  test('signed by the key of another device', async () => {
    expect(await read(await other.act(DONE))).toBe('action_signature_invalid');
  });

  test('signed by another key than the one it names', async () => {
    expect(await read(await other.act(DONE, { jwk: phone.jwk }))).toBe('action_signature_invalid');
    const reader = new OfflineActionReader(LEASE, phone.thumbprint);
    await reader.read(await phone.act(DONE));
    expect(await reader.read(await other.act(DONE, { jwk: phone.jwk }))).toBe('action_signature_invalid');
  });

  test('changed after it was signed', async () => {
    const signed = await phone.act(DONE);
    const changed = [part(signed, 0), coded({ ...DONE, scope: 'payments' }), part(signed, 2)].join('.');
    expect(await read(changed)).toBe('action_signature_invalid');
  });

  test('without a key, or with a secret one', async () => {
    expect(await read(await phone.act(DONE, { jwk: undefined }))).toBe('action_signature_invalid');
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = privateKey.export({ format: 'jwk' });
    const { calculateJwkThumbprint } = await import('jose');
    const text = await new CompactSign(Buffer.from(JSON.stringify(DONE)))
      .setProtectedHeader({ alg: 'ES256', typ: 'offline-action+jwt', jwk: jwk as never })
      .sign(privateKey);
    expect(await new OfflineActionReader(LEASE, await calculateJwkThumbprint(jwk as never)).read(text)).toBe('action_signature_invalid');
  });

  test('with an algorithm that proves nothing', async () => {
    const none = [coded({ alg: 'none', typ: 'offline-action+jwt', jwk: phone.jwk }), coded(DONE), ''].join('.');
    expect(await read(none)).toBe('action_malformed');
    const input = [coded({ alg: 'HS256', typ: 'offline-action+jwt', jwk: phone.jwk }), coded(DONE)].join('.');
    const mac = createHmac('sha256', JSON.stringify(phone.jwk)).update(input).digest('base64url');
    expect(await read(`${input}.${mac}`)).toBe('action_malformed');
  });

  test('of another lease', async () => {
    expect(await read(await phone.act({ ...DONE, lease: 'lease-of-yesterday' }))).toBe('action_of_other_lease');
  });

  test.each<[string, Record<string, unknown>]>([
    ['another type', { typ: 'dpop+jwt' }],
    ['no type', { typ: undefined }],
    ['an extension', { b64: true, crit: ['b64'] }],
  ])('with %s', async (_what, header) => {
    expect(await read(await phone.act(DONE, header))).toBe('action_malformed');
  });

  test.each<[string, unknown]>([
    ['no object', 'null'],
    ['no JSON', '{'],
    ['a negative number', { ...DONE, seq: -1 }],
    ['half a number', { ...DONE, seq: 0.5 }],
    ['a number in a text', { ...DONE, seq: '0' }],
    ['an instant in a text', { ...DONE, at: '1000000' }],
    ['no instant', { ...DONE, at: undefined }],
    ['no scope', { ...DONE, scope: undefined }],
    ['a long scope', { ...DONE, scope: 'x'.repeat(101) }],
    ['no lease', { ...DONE, lease: undefined }],
    ['another prototype', JSON.stringify(DONE).replace('"note"', '"__proto__"')],
    ['more than fits', { ...DONE, action: 'x'.repeat(16_384) }],
  ])('that is %s', async (_what, payload) => {
    expect(await read(await phone.act(payload))).toBe('action_malformed');
  });

  test.each(['', '.', '..', 'a.b.c', 'a.b.c.d.e', '\u0000'])('that is %j', async (text) => {
    expect(await read(text)).toBe('action_malformed');
  });
});
