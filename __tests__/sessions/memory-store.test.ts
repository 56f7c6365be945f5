import { describe, expect, test } from '@jest/globals';
import { memoryStore } from '../../lib/sessions/memory-store.ts';
import { MemoryUses } from '../../lib/sessions/memory-uses.ts';
import { describeSessionStore, manualClock } from '../../lib/testing/index.ts';
import { dataOf, draft, newRef, RETENTION } from '../../lib/testing/contract-case.ts';

describeSessionStore(
  'memory',
  () => {
    const clock = manualClock();
    const store = memoryStore({ clock: clock.now });
    return { store, advance: (ms) => void clock.advance(ms), close: () => store.close() };
  },
  { describe, test },
);

describe('ids that were used', () => {
  test('are few in memory: those that still count, and a part of those that are over', () => {
    const uses = new MemoryUses();
    let now = 0;
    for (let count = 0; count < 10_000; count += 1) {
      now += 10;
      uses.add('scope', String(count), 1_000, now);
    }
    // 100 still count.
    expect(uses.size).toBeLessThanOrEqual(300);
    expect(uses.add('scope', '9999', 1_000, now)).toBe(false);
    expect(uses.add('scope', '9899', 1_000, now)).toBe(true);
  });
});

describe('memory store', () => {
  test('refuses options that it does not have', () => {
    expect(() => memoryStore({ ttl: 1 } as object)).toThrow('memoryStore has no option "ttl"');
    expect(() => memoryStore({ clock: 1 } as object)).toThrow('clock must be a function');
  });

  test('forgets what nobody can need any more, a little at each new session', async () => {
    const clock = manualClock();
    const store = memoryStore({ clock: clock.now });
    const old = Array.from({ length: 50 }, () => newRef());
    for (const ref of old) await store.create(ref, draft(), RETENTION);
    clock.advance('2d');
    for (let count = 0; count < 50; count += 1) await store.create(newRef(), draft(), RETENTION);
    expect((await store.listApp('*')).length).toBe(50);
    for (const ref of old) expect(await store.list(ref.tag)).toEqual([]);
  });

  test('a session without limits is kept for 400 days after its last use', async () => {
    const clock = manualClock();
    const store = memoryStore({ clock: clock.now });
    const ref = newRef();
    await store.create(ref, draft({ data: dataOf({ a: 1 }) }), { idleMs: undefined, absoluteMs: undefined });
    clock.advance('399d');
    expect((await store.read(ref)).record).toBeDefined();
    clock.advance('2d');
    expect((await store.read(ref)).record).toBeUndefined();
  });

  test('takes another clock', async () => {
    const store = memoryStore();
    store.useClock(() => 5_000);
    expect(await store.now()).toBe(5_000);
  });
});

test('a manual clock moves forwards only', () => {
  const clock = manualClock(1_000);
  expect(clock.advance(500)).toBe(1_500);
  expect(clock.advance('2s')).toBe(3_500);
  for (const by of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) expect(() => clock.advance(by)).toThrow(RangeError);
});
