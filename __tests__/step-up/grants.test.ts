import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { redisStore } from '../../lib/index.ts';
import { bank, listening } from '../express/bank.ts';
import { openRedis, type SharedRedis } from '../support/redis.ts';

type Action = { readonly path: '/transfer' | '/once' | '/signature'; readonly body: Readonly<Record<string, string>> };

const ACTIONS: readonly Action[] = [
  { path: '/transfer', body: { to: 'ada', amount: '1' } },
  { path: '/transfer', body: { to: 'ada', amount: '2' } },
  { path: '/signature', body: { document: 'x' } },
  { path: '/once', body: {} },
];

/** What a person, or somebody in their browser, does. Actions are named by their place in the list. */
type Step =
  | { readonly do: 'ask'; readonly for: number }
  | { readonly do: 'confirm'; readonly for: number | undefined }
  | { readonly do: 'send'; readonly for: readonly number[] }
  | { readonly do: 'confirm and send at once'; readonly for: number; readonly times: number };

const index = fc.nat({ max: ACTIONS.length - 1 });
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    index.map((one): Step => ({ do: 'ask', for: one })),
    fc.option(index, { nil: undefined }).map((one): Step => ({ do: 'confirm', for: one })),
    fc.array(index, { minLength: 1, maxLength: 6 }).map((list): Step => ({ do: 'send', for: list })),
    fc.tuple(index, fc.integer({ min: 1, max: 4 })).map(([one, times]): Step => ({ do: 'confirm and send at once', for: one, times })),
  ),
  { minLength: 1, maxLength: 12 },
);

let redis: SharedRedis;
let nodes: readonly Awaited<ReturnType<typeof listening>>[];
beforeAll(async () => {
  redis = await openRedis();
  nodes = await Promise.all(
    [1, 2].map(() => listening(bank(undefined, { store: redisStore({ client: redis.client(), prefix: redis.prefix }) }).app)),
  );
});
afterAll(async () => {
  await Promise.all(nodes.map((node) => node.close()));
  await redis.stop();
});

describe('challenge, grant, spent: on two nodes, in any order, at the same time', () => {
  test('every confirmation opens its own action once, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.uuid(), async (list, id) => {
        const person = await signedIn(id);
        for (const step of list) await person.take(step);
        for (const [action] of ACTIONS.entries()) expect(person.passed(action)).toBeLessThanOrEqual(person.granted(action));
      }),
      { numRuns: 40 },
    );
  });
});

test('of twenty submissions that arrive together on two nodes, one passes', async () => {
  const person = await signedIn('twenty');
  await person.take({ do: 'ask', for: 0 });
  await person.take({ do: 'confirm', for: 0 });
  await person.take({ do: 'send', for: Array.from({ length: 20 }, () => 0) });
  expect(person.passed(0)).toBe(1);
});

/** A person with one cookie jar and requests on both nodes; knows what must come of each step that is not a race. */
async function signedIn(id: string) {
  let cookie = '';
  let turn = 0;
  // A sign-in counts for an action that is for once, without values.
  let grant: number | 'any' | undefined = 'any';
  const resumes = new Map<number, string>();
  const passed = ACTIONS.map(() => 0);
  const granted = ACTIONS.map(() => 0);

  const post = async (path: string, body: object = {}): Promise<{ status: number; body: Record<string, string> }> => {
    const { origin } = nodes[(turn += 1) % 2] as { origin: string };
    const answer = await fetch(origin + path, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'Content-Type': 'application/json', Cookie: cookie },
      body: JSON.stringify(body),
    });
    for (const one of answer.headers.getSetCookie()) if (!one.includes('Expires=Thu, 01 Jan 1970')) cookie = one.split(';')[0] as string;
    const text = await answer.text();
    return { status: answer.status, body: text.startsWith('{') ? (JSON.parse(text) as Record<string, string>) : {} };
  };

  const ask = async (action: number): Promise<void> => {
    const { path, body } = ACTIONS[action] as Action;
    const opens = isOpen(grant, action);
    const answer = await post(path, body);
    expect(answer.status).toBe(opens ? 201 : 401);
    if (opens) used(action);
    else resumes.set(action, answer.body['resume'] as string);
  };
  const used = (action: number): void => {
    passed[action] = (passed[action] as number) + 1;
    grant = undefined;
  };
  const confirm = async (action: number | undefined): Promise<void> => {
    const resume = action === undefined ? undefined : resumes.get(action);
    expect((await post('/reauthenticate', resume === undefined ? {} : { resume })).status).toBe(303);
    grant = resume === undefined || ACTIONS[action as number]?.path === '/once' ? 'any' : action;
    if (grant === 'any') granted[3] = (granted[3] as number) + 1;
    else granted[action as number] = (granted[action as number] as number) + 1;
  };
  const send = async (actions: readonly number[]): Promise<void> => {
    const opening = actions.filter((action) => isOpen(grant, action));
    const answers = await Promise.all(actions.map((action) => post((ACTIONS[action] as Action).path, (ACTIONS[action] as Action).body)));
    const through = actions.filter((_action, at) => answers[at]?.status === 201);
    expect(through.length).toBe(opening.length > 0 ? 1 : 0);
    for (const action of through) {
      expect(opening).toContain(action);
      used(action);
    }
  };
  /** Who wins is open; that nothing is opened twice is not. The last confirmation stands, or has been used. */
  const race = async (action: number, times: number): Promise<void> => {
    const before = passed[action] as number;
    const { path, body } = ACTIONS[action] as Action;
    const confirming = confirm(action);
    const answers = await Promise.all(Array.from({ length: times }, () => post(path, body)));
    await confirming;
    const through = answers.filter(({ status }) => status === 201).length;
    passed[action] = before + through;
    const probe = await post(path, body);
    if (probe.status === 201) passed[action] += 1;
    await confirm(undefined);
  };

  granted[3] = 1;
  expect((await post(`/login?id=${id}`)).status).toBe(200);
  return {
    passed: (action: number) => passed[action] as number,
    granted: (action: number) => granted[action] as number,
    take(step: Step): Promise<void> {
      if (step.do === 'ask') return ask(step.for);
      if (step.do === 'confirm') return confirm(step.for);
      if (step.do === 'send') return send(step.for);
      return race(step.for, step.times);
    },
  };
}

function isOpen(grant: number | 'any' | undefined, action: number): boolean {
  return grant === 'any' ? ACTIONS[action]?.path === '/once' : grant === action;
}
