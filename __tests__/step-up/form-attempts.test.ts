import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type ConfirmationFormOptions, redisStore } from '../../lib/index.ts';
import { manualClock } from '../../lib/testing/manual-clock.ts';
import { memoryStore } from '../../lib/sessions/memory-store.ts';
import { listening } from '../express/bank.ts';
import { openRedis, type SharedRedis } from '../support/redis.ts';
import { confirmationSite, type ConfirmationSite, GOOD_CODE } from './confirmation-site.ts';

const MAX = 3;
const PER_MS = 60_000;
const ATTEMPTS: NonNullable<ConfirmationFormOptions['attempts']> = { max: MAX, per: '1m' };

/** Two nodes with one store, and a person with a session on each. */
interface Nodes {
  readonly sites: readonly ConfirmationSite[];
  login(id: string): Promise<readonly Session[]>;
  close(): Promise<void>;
}

type Session = (code: string) => Promise<number>;

async function nodesOn(siteAt: () => ConfirmationSite): Promise<Nodes> {
  const sites = [siteAt(), siteAt()];
  const nodes = await Promise.all(sites.map(({ app }) => listening(app)));
  return {
    sites,
    login: (id) => Promise.all(nodes.map(({ origin }) => login(origin, id))),
    close: async () => void (await Promise.all(nodes.map((node) => node.close()))),
  };
}

/** The cookie stays that of the sign-in: what a confirmation changes is not followed, and not needed for a wrong value. */
async function login(origin: string, id: string): Promise<Session> {
  const answer = await fetch(`${origin}/phone/login?id=${id}`, { method: 'POST' });
  let { token } = (await answer.json()) as { token: string };
  return async (code) => {
    const response = await fetch(`${origin}/phone/reauthenticate/form?way=code`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ code }),
    });
    const body = (await response.json()) as { token?: string };
    token = body.token ?? token;
    return response.status;
  };
}

function triesOf(sites: readonly ConfirmationSite[]): number {
  return sites.reduce((sum, { tried }) => sum + tried.length, 0);
}

describe('on two nodes with one Redis', () => {
  let redis: SharedRedis;
  let nodes: Nodes;
  beforeAll(async () => {
    redis = await openRedis();
    nodes = await nodesOn(() =>
      confirmationSite(undefined, { store: redisStore({ client: redis.client(), prefix: redis.prefix }), code: { attempts: ATTEMPTS } }),
    );
  });
  afterAll(async () => {
    await nodes?.close();
    await redis?.stop();
  });

  test('of parallel tries in all sessions of a person no more are let through than there are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 1 }), { minLength: 1, maxLength: 16 }), fc.uuid(), async (order, id) => {
        const sessions = await nodes.login(id);
        const before = triesOf(nodes.sites);
        const statuses = await Promise.all(order.map((node) => (sessions[node] as Session)('wrong')));
        expect(triesOf(nodes.sites) - before).toBe(Math.min(order.length, MAX));
        expect(statuses.filter((status) => status === 400)).toHaveLength(Math.min(order.length, MAX));
        expect(statuses.filter((status) => status === 429)).toHaveLength(Math.max(0, order.length - MAX));
      }),
      { numRuns: 25 },
    );
  });

  test('what is not ours in the place of the count lets nobody try', async () => {
    const [session] = (await nodes.login('corrupt')) as [Session];
    await session('wrong');
    const client = redis.client();
    for (const key of await client.keys(`${redis.prefix}*attempts*`)) {
      if ((await client.type(key)) !== 'string') continue;
      const value = await client.get(key);
      await client.set(key, `${value?.slice(0, 9)}{"never":"an array"}`, 'KEEPTTL');
    }
    const before = triesOf(nodes.sites);
    expect(await session(GOOD_CODE)).toBe(429);
    expect(triesOf(nodes.sites)).toBe(before);
  });
});

/** What happens: time goes by, wrong values at the same time, a good one. */
type Step = { readonly waitMs: number } | { readonly wrong: readonly number[] } | { readonly good: number };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    fc.integer({ min: 1, max: PER_MS }).map((waitMs): Step => ({ waitMs })),
    fc.array(fc.nat({ max: 1 }), { minLength: 1, maxLength: 5 }).map((wrong): Step => ({ wrong })),
    fc.nat({ max: 1 }).map((good): Step => ({ good })),
  ),
  { minLength: 1, maxLength: 12 },
);

describe('by the clock of the store', () => {
  test('in no window of time are there more tries than allowed, but for those that a good one made up for', async () => {
    const clock = manualClock();
    const store = memoryStore({ clock: clock.now });
    const nodes = await nodesOn(() => confirmationSite(undefined, { store, clock, code: { attempts: ATTEMPTS } }));
    try {
      await fc.assert(
        fc.asyncProperty(steps, fc.uuid(), async (list, id) => {
          const sessions = await nodes.login(id);
          let counted: number[] = [];
          for (const step of list) {
            if ('waitMs' in step) clock.advance(step.waitMs);
            const recent = (): number => counted.filter((at) => clock.now() - at < PER_MS).length;
            if ('wrong' in step) {
              const left = MAX - recent();
              const statuses = await Promise.all(step.wrong.map((node) => (sessions[node] as Session)('wrong')));
              const passed = statuses.filter((status) => status === 400).length;
              expect(passed).toBe(Math.min(left, step.wrong.length));
              counted.push(...Array.from({ length: passed }, () => clock.now()));
            }
            if ('good' in step) {
              const mayTry = recent() < MAX;
              expect(await (sessions[step.good] as Session)(GOOD_CODE)).toBe(mayTry ? 200 : 429);
              if (mayTry) counted = [];
            }
          }
        }),
        { numRuns: 40 },
      );
    } finally {
      await nodes.close();
    }
  });
});
