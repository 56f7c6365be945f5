import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { INVALID } from '../../lib/proofs/presented.ts';
import { SignedIds } from '../../lib/proofs/signed-id.ts';
import { deriveKey } from '../../lib/sessions/session-id.ts';

const newest = deriveKey('the newest secret of this test', 'test');
const older = deriveKey('an older secret of this test', 'test');
const foreign = deriveKey('a secret of somebody else', 'test');

describe('signed ids', () => {
  test('are signed with the newest key and accepted under every key in use', () => {
    const ids = new SignedIds([newest, older]);
    expect(ids.verify(ids.sign('one'))).toBe('one');
    expect(ids.verify(new SignedIds([older]).sign('two'))).toBe('two');
    expect(new SignedIds([older]).verify(ids.sign('one'))).toBe(INVALID);
    expect(ids.verify(new SignedIds([foreign]).sign('three'))).toBe(INVALID);
  });

  test('once accepted are accepted again, and nothing that differs from them is', () => {
    const ids = new SignedIds([newest]);
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, maxLength: 80 }),
        fc.nat(),
        fc.string({ minLength: 1, maxLength: 1 }),
        (id, position, other) => {
          const signed = ids.sign(id);
          expect([ids.verify(signed), ids.verify(signed)]).toEqual([id, id]);
          const at = position % signed.length;
          const changed = signed.slice(0, at) + other + signed.slice(at + 1);
          if (changed !== signed) expect(ids.verify(changed)).toBe(INVALID);
        },
      ),
    );
  });

  test('are told apart after more of them than are remembered', () => {
    const ids = new SignedIds([newest]);
    const signed = Array.from({ length: 9_000 }, (_, index) => ids.sign(`id ${index}`));
    signed.forEach((one, index) => expect(ids.verify(one)).toBe(`id ${index}`));
    expect(ids.verify(signed[0] as string)).toBe('id 0');
    expect(ids.verify(new SignedIds([foreign]).sign('id 0'))).toBe(INVALID);
  });

  test.each(['', '.', 'no dot', `${'x'.repeat(600)}.y`])('%j is none', (text) => {
    expect(new SignedIds([newest]).verify(text)).toBe(INVALID);
  });
});
