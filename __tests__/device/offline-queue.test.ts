import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  judgeQueue,
  type LeaseTerms,
  type LeaseUse,
  MOST_OFFLINE_ACTIONS,
  OFFLINE_TOLERANCE_MS,
  type SignedAction,
} from '../../lib/policy/offline-queue.ts';
import type { ActionReason } from '../../lib/policy/offline-reason.ts';

const ISSUED_AT = 1_000_000_000_000;
const NOW = ISSUED_AT + 3_600_000;
const TERMS: LeaseTerms = { now: NOW, issuedAt: ISSUED_AT, scopes: ['notes', 'visits'], refusal: undefined };
const UNUSED: LeaseUse = { taken: [], latestAt: 0 };

function action(seq: number, changes: Partial<SignedAction> = {}): SignedAction {
  return { seq, at: ISSUED_AT + 60_000 * seq, scope: 'notes', digest: `digest of ${seq}`, ...changes };
}

function outcomes(actions: readonly (SignedAction | ActionReason)[], terms: LeaseTerms = TERMS, use: LeaseUse = UNUSED): readonly string[] {
  return judgeQueue(terms, use, actions).verdicts.map(({ outcome, reason }) => reason ?? outcome);
}

describe('a queue from offline', () => {
  test('is accepted in order', () => {
    expect(outcomes([action(0), action(1), action(2)])).toEqual(['accepted', 'accepted', 'accepted']);
  });

  test('is not accepted again', () => {
    const { use } = judgeQueue(TERMS, UNUSED, [action(0), action(1)]);
    expect(outcomes([action(0), action(1), action(2)], TERMS, use)).toEqual(['accepted_before', 'accepted_before', 'accepted']);
  });

  test('has no second action of a number, whether in the same return or a later one', () => {
    const other = action(1, { digest: 'another' });
    expect(outcomes([action(0), action(1), other, action(1), action(2)])).toEqual([
      'accepted',
      'accepted',
      'sequence_repeated',
      'accepted_before',
      'accepted',
    ]);
    expect(outcomes([other], TERMS, judgeQueue(TERMS, UNUSED, [action(0), action(1)]).use)).toEqual(['sequence_repeated']);
  });

  test('waits at a gap until what is missing is there', () => {
    const first = judgeQueue(TERMS, UNUSED, [action(0), action(2), action(3)]);
    expect(first.verdicts.map(({ reason }) => reason)).toEqual([undefined, 'sequence_gap', 'sequence_gap']);
    expect(outcomes([action(1), action(2), action(3)], TERMS, first.use)).toEqual(['accepted', 'accepted', 'accepted']);
  });

  test('goes on after an action that is refused, which stays refused', () => {
    const wide = action(1, { scope: 'payments' });
    const { use, verdicts } = judgeQueue(TERMS, UNUSED, [action(0), wide, action(2)]);
    expect(verdicts.map(({ reason }) => reason)).toEqual([undefined, 'scope_refused', undefined]);
    expect(outcomes([wide], { ...TERMS, scopes: ['notes', 'payments'] }, use)).toEqual(['scope_refused']);
  });

  test('keeps the place free of what was not signed by the device', () => {
    const { use } = judgeQueue(TERMS, UNUSED, [action(0), 'action_signature_invalid', action(2)]);
    expect(use.taken).toHaveLength(1);
  });

  const late = NOW + OFFLINE_TOLERANCE_MS;
  test.each<[string, readonly number[], readonly string[]]>([
    ['a minute before the lease', [ISSUED_AT - OFFLINE_TOLERANCE_MS], ['accepted']],
    ['longer before it', [ISSUED_AT - OFFLINE_TOLERANCE_MS - 1], ['done_before_lease']],
    ['a minute after the return', [late], ['accepted']],
    ['longer after it', [late + 1], ['done_after_return']],
    ['a minute before what was done before', [NOW, NOW - OFFLINE_TOLERANCE_MS], ['accepted', 'accepted']],
    ['longer before it', [NOW, NOW - OFFLINE_TOLERANCE_MS - 1], ['accepted', 'clock_set_back']],
    ['bit by bit before it', [NOW, NOW - 40_000, NOW - 80_000], ['accepted', 'accepted', 'clock_set_back']],
    ['at no time', [Number.NaN], ['done_before_lease']],
  ])('of actions that were done %s', (_when, instants, expected) => {
    expect(outcomes(instants.map((at, seq) => action(seq, { at })))).toEqual(expected);
  });

  test('is not held up by an action from the future, which does not count', () => {
    expect(outcomes([action(0, { at: late + 1 }), action(1)])).toEqual(['done_after_return', 'accepted']);
  });

  test('is refused as a whole, but for what had been accepted', () => {
    const { use } = judgeQueue(TERMS, UNUSED, [action(0)]);
    const refused = judgeQueue({ ...TERMS, refusal: 'lease_revoked' }, use, [action(0), action(1), action(0, { digest: 'another' })]);
    expect(refused.verdicts.map(({ outcome, reason }) => reason ?? outcome)).toEqual(['accepted_before', 'lease_revoked', 'lease_revoked']);
    expect(refused.use).toEqual(use);
  });

  test('has an end', () => {
    const full = Array.from({ length: MOST_OFFLINE_ACTIONS }, (_one, seq) => action(seq, { at: NOW }));
    const { use } = judgeQueue(TERMS, UNUSED, full);
    expect(outcomes([action(MOST_OFFLINE_ACTIONS, { at: NOW })], TERMS, use)).toEqual(['too_many_actions']);
  });
});

describe('any queues, brought back in any way', () => {
  const anyAction: fc.Arbitrary<SignedAction | ActionReason> = fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        seq: fc.nat({ max: 6 }),
        at: fc.integer({ min: ISSUED_AT - 90_000, max: NOW + 90_000 }),
        scope: fc.constantFrom('notes', 'visits', 'payments'),
        digest: fc.constantFrom('a', 'b', 'c'),
      }),
    },
    { weight: 1, arbitrary: fc.constantFrom<ActionReason>('action_malformed', 'action_signature_invalid') },
  );
  const sensible = fc
    .array(fc.constantFrom('notes', 'visits', 'payments'), { maxLength: 8 })
    .map((scopes) => scopes.map((scope, seq) => action(seq, { scope, digest: 'abc'[seq % 3] as string })));
  const anyReturn = fc.record({
    actions: fc.oneof(fc.array(anyAction, { maxLength: 8 }), sensible),
    refusal: fc.option(fc.constantFrom('lease_revoked' as const, 'lease_overdue' as const), { nil: undefined, freq: 4 }),
  });

  test('each number is accepted once, for one action, in order and without gaps', () => {
    fc.assert(
      fc.property(fc.array(anyReturn, { maxLength: 5 }), (returns) => {
        let use = UNUSED;
        const accepted = new Map<number, string>();
        for (const { actions, refusal } of returns) {
          const judged = judgeQueue({ ...TERMS, refusal }, use, actions);
          judged.verdicts.forEach(({ outcome, reason }, index) => {
            const one = actions[index] as SignedAction | ActionReason;
            expect(outcome === 'refused').toBe(reason !== undefined);
            if (typeof one === 'string') return expect(reason).toBe(one);
            if (outcome === 'accepted_before') return expect(accepted.get(one.seq)).toBe(one.digest);
            if (outcome === 'refused') return;
            expect(accepted.has(one.seq)).toBe(false);
            expect(refusal).toBeUndefined();
            expect(['notes', 'visits']).toContain(one.scope);
            expect(one.at).toBeGreaterThanOrEqual(ISSUED_AT - OFFLINE_TOLERANCE_MS);
            expect(one.at).toBeLessThanOrEqual(NOW + OFFLINE_TOLERANCE_MS);
            expect(Math.max(-1, ...accepted.keys())).toBeLessThan(one.seq);
            accepted.set(one.seq, one.digest);
          });
          expect(judged.use.taken.slice(0, use.taken.length)).toEqual(use.taken);
          use = judged.use;
        }
        expect(use.taken.flatMap(({ reason }, seq) => (reason === undefined ? [seq] : []))).toEqual([...accepted.keys()]);
      }),
    );
  });

  test('the same again changes nothing and accepts nothing', () => {
    fc.assert(
      fc.property(anyReturn, ({ actions }) => {
        const { use } = judgeQueue(TERMS, UNUSED, actions);
        // What had to wait for an action that came after it may count now, so until nothing changes any more.
        let settled = use;
        for (;;) {
          const again = judgeQueue(TERMS, settled, actions).use;
          if (again.taken.length === settled.taken.length) break;
          settled = again;
        }
        const last = judgeQueue(TERMS, settled, actions);
        expect(last.use).toEqual(settled);
        expect(last.verdicts.filter(({ outcome }) => outcome === 'accepted')).toEqual([]);
      }),
    );
  });

  test('it makes no difference in how many parts a queue comes back', () => {
    fc.assert(
      fc.property(fc.array(anyAction, { maxLength: 10 }), fc.nat({ max: 10 }), (actions, cut) => {
        const first = judgeQueue(TERMS, UNUSED, actions.slice(0, cut));
        const second = judgeQueue(TERMS, first.use, actions.slice(cut));
        expect({ use: second.use, verdicts: [...first.verdicts, ...second.verdicts] }).toEqual(judgeQueue(TERMS, UNUSED, actions));
      }),
    );
  });
});
