import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import express from 'express';
import fc from 'fast-check';
import { memoryStore, redisStore } from '../../lib/index.ts';
import type { SessionStore } from '../../lib/sessions/session-store.ts';
import { manualClock } from '../../lib/testing/manual-clock.ts';
import { openRedis, type SharedRedis } from '../support/redis.ts';
import { type ApprovalWorld, approvalWorld, type Person } from './approval-world.ts';

/** Three people, one of them twice; each may approve what the others ask for. */
const SEATS = ['ann', 'ann', 'bob', 'cyd'] as const;
const MINUTE = 60_000;
const FOR_MS = 15 * MINUTE;
const PENDING_MS = 60 * MINUTE;
const APPROVER_MS = 5 * MINUTE;
const ASKER_MS = 15 * MINUTE;

/** `seat` acts on the newest request of `of`. */
type Step =
  | { readonly do: 'ask' | 'rotate' | 'sign in anew'; readonly seat: number }
  | { readonly do: 'approve' | 'refuse' | 'revoke'; readonly seat: number; readonly of: number }
  | { readonly do: 'wait'; readonly ms: number };

const seat = fc.nat({ max: SEATS.length - 1 });
// Seven odd seconds each: no sum is a whole number of minutes, so that a real clock, which moves meanwhile, meets no limit by chance.
const wait = fc.constantFrom(1, 3, 6, 14, 25).map((minutes): Step => ({ do: 'wait', ms: minutes * MINUTE + 7_000 }));
const decision = fc.record({ do: fc.constantFrom('approve', 'refuse', 'revoke'), seat, of: seat }) as fc.Arbitrary<Step>;
const approval = fc.record({ do: fc.constant('approve'), seat, of: seat }) as fc.Arbitrary<Step>;
const own = fc.record({ do: fc.constantFrom('ask', 'ask', 'rotate', 'rotate', 'sign in anew'), seat }) as fc.Arbitrary<Step>;
/** What leads somewhere, more often than chance would: asked, approved after a while, perhaps taken back, and looked at until it has ended, and approved too late. */
const story = fc
  .record({ of: seat, by: seat, before: wait, back: fc.option(seat), after: fc.array(wait, { maxLength: 3 }) })
  .map(({ of, by, before, back, after }): readonly Step[] => [
    { do: 'rotate', seat: of },
    { do: 'ask', seat: of },
    before,
    { do: 'rotate', seat: by },
    { do: 'approve', seat: by, of },
    ...(back === null ? [] : [{ do: 'revoke', seat: back, of } as const]),
    ...after,
    { do: 'rotate', seat: by },
    { do: 'approve', seat: by, of },
  ]);
const anything = fc.oneof(own, own, approval, decision, wait).map((step): readonly Step[] => [step]);
const steps = fc
  .array(fc.oneof({ weight: 4, arbitrary: anything }, { weight: 1, arbitrary: story }), { minLength: 2, maxLength: 12 })
  .map((parts) => parts.flat().slice(0, 20));

/** What must be true of one session, worked out from what was done alone. */
interface Expected {
  request: { id: string; state: 'pending' | 'granted' | 'over'; until: number; by: string | undefined } | undefined;
  authenticatedAt: number;
}

let redis: SharedRedis;
beforeAll(async () => {
  redis = await openRedis();
});
afterAll(() => redis.stop());

interface Place {
  readonly stores: readonly SessionStore[];
  readonly now: () => number;
  readonly advance: (ms: number) => void;
}

let places = 0;
/** How often something was open, so that it is known to happen at all. */
let opened = 0;

const PLACES: Readonly<Record<string, () => Place>> = {
  memory() {
    const clock = manualClock();
    const store = memoryStore({ clock: clock.now });
    return { stores: [store, store], now: clock.now, advance: (ms) => void clock.advance(ms) };
  },
  Redis() {
    const offset = manualClock(0);
    places += 1;
    const prefix = `${redis.prefix}${places}:`;
    const store = (): SessionStore => redisStore({ client: redis.client(), prefix, clockOffset: offset.now, deadline: 10_000 });
    return { stores: [store(), store()], now: offset.now, advance: (ms) => void offset.advance(ms) };
  },
};

describe.each([
  ['memory', 30],
  ['Redis', 8],
] as const)('in %s, on two nodes, whatever three people do in whatever order', (where, numRuns) => {
  test('it is open only in the session that asked, after another person approved it, until it ends or is taken back', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (list) => {
        const place = (PLACES[where] as () => Place)();
        const table = await seated(place);
        for (const step of list) {
          await table.take(step);
          await table.check();
        }
        await Promise.all(place.stores.map((store) => store.close()));
      }),
      { numRuns },
    );
  }, 120_000);
});

/** How often one can ask is another matter, but either is a clear answer. */
function asNew(status: number): number {
  return status === 429 ? 429 : 201;
}

async function seated({ stores, now, advance }: Place) {
  const nodes = stores.map((store) => approvalWorld(express, { store, rule: { from: ['ann', 'bob', 'cyd'] } }));
  let turn = 0;
  const node = (): ApprovalWorld => nodes[(turn += 1) % 2] as ApprovalWorld;
  const people: Person[] = [];
  for (const name of SEATS) people.push(await node().person(name));
  const expected = SEATS.map((): Expected => ({ request: undefined, authenticatedAt: now() }));
  const at = (index: number): Person => (people[index] as Person).on(node());

  const act: { readonly [K in Step['do']]: (step: Extract<Step, { do: K }>) => Promise<void> } = {
    wait: async ({ ms }) => {
      advance(ms);
      // Being idle is another matter.
      for (const index of SEATS.keys()) await at(index).agent.get('/desk').expect(200);
    },
    rotate: async ({ seat: index }) => {
      await at(index).agent.post('/desk/reauthenticate').expect(303);
      (expected[index] as Expected).authenticatedAt = now();
    },
    'sign in anew': async ({ seat: index }) => {
      await at(index).agent.post('/desk/logout').expect(204);
      people[index] = await node().person(SEATS[index] as string);
      expected[index] = { request: undefined, authenticatedAt: now() };
    },
    ask: async ({ seat: index }) => {
      const mine = expected[index] as Expected;
      const answer = await at(index).asks();
      const isFresh = now() - mine.authenticatedAt <= ASKER_MS;
      const isOpen = mine.request !== undefined && mine.request.state !== 'over' && now() < mine.request.until;
      expect({ isFresh, isOpen, status: answer.status }).toEqual({
        isFresh,
        isOpen,
        status: isFresh ? (isOpen ? 200 : asNew(answer.status)) : 401,
      });
      if (answer.status === 201) mine.request = { id: answer.body.id, state: 'pending', until: now() + PENDING_MS, by: undefined };
    },
    approve: (step) => decide(step),
    refuse: (step) => decide(step),
    revoke: (step) => decide(step),
  };

  async function decide({ do: verb, seat: index, of }: { do: 'approve' | 'refuse' | 'revoke'; seat: number; of: number }): Promise<void> {
    const request = expected[of]?.request;
    if (request === undefined) return;
    const { status } = await at(index).decides(verb, request.id);
    const isOwn = SEATS[index] === SEATS[of];
    const isFresh = now() - (expected[index] as Expected).authenticatedAt <= APPROVER_MS;
    const live = now() < request.until ? request.state : 'over';
    const isPossible = verb === 'revoke' ? live === 'granted' || (live === 'pending' && isOwn) : live === 'pending';
    const isAllowed = isOwn ? verb === 'revoke' : isFresh;
    expect({ verb, isOwn, isFresh, live, passed: status === 200 }).toEqual({ verb, isOwn, isFresh, live, passed: isAllowed && isPossible });
    if (status !== 200) return;
    request.state = verb === 'approve' ? 'granted' : 'over';
    if (verb === 'approve') request.until = now() + FOR_MS;
  }

  return {
    take: (step: Step): Promise<void> => (act[step.do] as (step: Step) => Promise<void>)(step),
    async check(): Promise<void> {
      for (const [index, { request }] of expected.entries()) {
        const isOpen = request?.state === 'granted' && now() < request.until;
        if (isOpen) opened += 1;
        const { status } = await at(index).deletes();
        expect({ index, isOpen, status }).toEqual({ index, isOpen, status: isOpen ? 200 : 403 });
      }
    },
  };
}
