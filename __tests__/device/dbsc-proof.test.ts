import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { calculateJwkThumbprint } from 'jose';
import { challengeHeader, readDbscItem, readSkipReason, registrationHeader } from '../../lib/proofs/dbsc-headers.ts';
import { type DbscKey, dbscKey, jwkOf, thumbprintOf } from '../../lib/proofs/dbsc-key.ts';
import { verifyRefresh, verifyRegistration } from '../../lib/proofs/dbsc-proof.ts';
import { type BrowserKey, browserKey, refreshProof, registrationProof } from './software-browser.ts';

describe('the header fields', () => {
  const item = fc.stringMatching(/^[A-Za-z0-9_.-]{1,80}$/);

  test('an item is read bare and quoted, with parameters and without', () => {
    fc.assert(
      fc.property(item, fc.constantFrom('', ';a=1', ' ;a="b"', '; a').map(String), (text, parameters) => {
        const rest = parameters.replace(/^ /, '');
        expect([readDbscItem(text), readDbscItem(` ${text}${rest} `), readDbscItem(`"${text}"${rest}`)]).toEqual([text, text, text]);
      }),
    );
  });

  test('anything else is none', () => {
    const wrong = ['', '""', '"a', 'a"', 'a b', 'a, b', '"a", "b"', ':YQ==:', '(a)', '?1', 'é', 'a\\', '"a\\"b"', 'x'.repeat(8_193)];
    expect(wrong.map((header) => readDbscItem(header))).toEqual(wrong.map(() => undefined));
    expect([readDbscItem(undefined), readDbscItem(['a', 'b'])]).toEqual([undefined, undefined]);
  });

  test('no text of any kind makes reading slow or throw', () => {
    fc.assert(fc.property(fc.string({ maxLength: 300 }), (text) => void [readDbscItem(text), readSkipReason(text)]));
    const before = performance.now();
    readDbscItem(`"${'a'.repeat(8_000)}`);
    expect(performance.now() - before).toBeLessThan(100);
  });

  test('a skip is one of the known reasons, or another', () => {
    const sid = ';session_identifier="x"';
    expect(readSkipReason(`unreachable${sid}, quota_exceeded${sid}`)).toBe('quota_exceeded');
    expect(readSkipReason(`server_error${sid}`)).toBe('server_error');
    expect(readSkipReason('quota_exceeded_or_so')).toBe('other');
    expect(readSkipReason(undefined)).toBeUndefined();
  });

  test('what is sent is quoted', () => {
    expect(registrationHeader('/a"b\\c', 'x')).toBe('(ES256 RS256);path="/a\\"b\\\\c";challenge="x"');
    expect(challengeHeader('x', 'y')).toBe('"x";id="y"');
  });
});

describe('a key', () => {
  test('has the thumbprint of RFC 7638 that everybody else finds for it', async () => {
    for (const algorithm of ['ES256', 'RS256'] as const) {
      const { jwk } = await browserKey(algorithm);
      const key = dbscKey(algorithm, { ...jwk, kid: 'x', use: 'sig' }) as DbscKey;
      expect(await thumbprintOf(key)).toBe(await calculateJwkThumbprint(jwk));
      expect(jwkOf(key)).toEqual(jwk);
    }
  });

  test('of another kind, or in another spelling, is none', async () => {
    const { jwk } = await browserKey();
    const { jwk: rsa } = await browserKey('RS256');
    const wrong: readonly (readonly [unknown, object])[] = [
      ['ES256', rsa],
      ['RS256', jwk],
      ['ES384', jwk],
      ['none', jwk],
      [undefined, jwk],
      ['ES256', { ...jwk, crv: 'P-384' }],
      ['ES256', { ...jwk, x: `${jwk.x}=` }],
      ['ES256', { ...jwk, x: `${jwk.x?.slice(0, -1)}${String.fromCharCode((jwk.x?.charCodeAt(42) ?? 0) + 1)}` }],
      ['ES256', { ...jwk, y: undefined }],
      ['RS256', { ...rsa, n: `AA${rsa.n}` }],
      ['RS256', { ...rsa, e: '' }],
    ];
    expect(wrong.map(([algorithm, one]) => dbscKey(algorithm, one))).toEqual(wrong.map(() => undefined));
  });
});

describe('a proof', () => {
  const short = async (key: BrowserKey): Promise<DbscKey> => dbscKey(key.algorithm, key.jwk) as DbscKey;

  test.each(['ES256', 'RS256'] as const)('with %s holds for its key and challenge', async (algorithm) => {
    const key = await browserKey(algorithm);
    expect(await verifyRegistration(await registrationProof(key, 'c'))).toEqual({ key: await short(key), challenge: 'c' });
    expect(await verifyRefresh(await refreshProof(key, 'c'), await short(key))).toBe('c');
  });

  test('by another key, another algorithm, or of another type holds for nothing', async () => {
    const [key, other, rsa] = await Promise.all([browserKey(), browserKey(), browserKey('RS256')]);
    const mine = await short(key);
    expect(await verifyRefresh(await refreshProof(other, 'c', { header: { jwk: other.jwk } }), mine)).toBeUndefined();
    expect(await verifyRefresh(await refreshProof(rsa, 'c'), mine)).toBeUndefined();
    expect(await verifyRefresh(await refreshProof(key, 'c', { header: { typ: 'jwt' } }), mine)).toBeUndefined();
    expect(await verifyRefresh(await refreshProof(key, 'c', { header: { typ: undefined } }), mine)).toBeUndefined();
    expect(await verifyRegistration(await registrationProof(key, 'c', { header: { jwk: other.jwk } }))).toBeUndefined();
    expect(await verifyRegistration(await registrationProof(key, 'c', { header: { jwk: undefined } }))).toBeUndefined();
  });

  test('with a secret of ours as key (HS256) holds for nothing', async () => {
    const { jwk } = await browserKey();
    const [header, payload] = [{ alg: 'HS256', typ: 'dbsc+jwt', jwk }, { jti: 'c' }].map((part) =>
      Buffer.from(JSON.stringify(part)).toString('base64url'),
    );
    expect(await verifyRegistration(`${header}.${payload}.${Buffer.alloc(32).toString('base64url')}`)).toBeUndefined();
  });

  test('that was changed anywhere holds for nothing', async () => {
    const key = await browserKey();
    const proof = await refreshProof(key, 'a challenge');
    const mine = await short(key);
    await fc.assert(
      fc.asyncProperty(fc.nat(proof.length - 1), fc.constantFrom('A', 'Z', 'a', 'z', '0', '9', '_', '-', '.'), async (at, char) => {
        const changed = proof.slice(0, at) + char + proof.slice(at + 1);
        // The last character of 64 bytes has bits that stand for nothing.
        fc.pre(changed !== proof && at !== proof.length - 1);
        expect(await verifyRefresh(changed, mine)).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  });
});
