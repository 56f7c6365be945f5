import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { openStack, type Stack, type StackName } from './two-stacks.ts';

let redis: RedisServer;
let stack: Stack;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

/** One scenario, and what is seen of it with each of the two. */
interface Fault {
  readonly what: string;
  readonly run: () => Promise<unknown>;
  readonly there: unknown;
  readonly here: unknown;
}

const HANGS = 'no answer within a second';

async function signIn(): Promise<string> {
  const answer = await stack.ask('/login', { method: 'POST' });
  expect(answer).toMatchObject({ status: 200, body: 'signed in' });
  return answer?.cookie as string;
}

async function userOf(cookie: string): Promise<unknown> {
  const answer = await stack.ask('/me', { cookie });
  return (JSON.parse(answer?.body ?? 'null') as { user?: unknown }).user;
}

/** Status, or that there was none in time. */
async function statusOf(path: string, cookie: string, method = 'GET'): Promise<unknown> {
  return (await stack.ask(path, { cookie, method, withinMs: 1_000 }))?.status ?? HANGS;
}

/** While the primary takes no writes, as after a failover that the application has not noticed. */
async function readOnly<T>(work: () => Promise<T>): Promise<T> {
  const admin = redis.client();
  await admin.call('REPLICAOF', '127.0.0.1', '1');
  try {
    return await work();
  } finally {
    await admin.call('REPLICAOF', 'NO', 'ONE');
    admin.disconnect();
  }
}

/** Puts another text in the place of every stored session. */
async function rewrite(change: (text: string) => string): Promise<void> {
  const admin = redis.client();
  let changed = 0;
  for (const key of await admin.keys('*')) {
    const text = await admin.get(key);
    if (text === null || change(text) === text) continue;
    await admin.set(key, change(text), 'KEEPTTL');
    changed += 1;
  }
  admin.disconnect();
  expect(changed).toBeGreaterThan(0);
}

const FAULTS: readonly Fault[] = [
  {
    what: 'a slow request is answered after the sign-out: who has the old cookie is',
    async run() {
      const cookie = await signIn();
      const waiting = stack.waiting();
      const slow = stack.ask('/slow/late', { cookie });
      await waiting;
      await stack.ask('/logout', { method: 'POST', cookie });
      stack.release();
      await slow;
      return userOf(cookie);
    },
    there: 'u1',
    here: null,
  },
  {
    what: 'two requests change different keys at the same time: what is kept is',
    async run() {
      const cookie = await signIn();
      const slow = [];
      for (const key of ['first', 'second']) {
        const waiting = stack.waiting();
        slow.push(stack.ask(`/slow/${key}`, { cookie }));
        await waiting;
      }
      stack.release();
      await Promise.all(slow);
      const data = JSON.parse((await stack.ask('/data', { cookie }))?.body ?? '{}') as Record<string, unknown>;
      return ['first', 'second'].filter((key) => data[key] === true).length;
    },
    there: 1,
    here: 2,
  },
  {
    what: 'a save fails (READONLY): the answer is, and what is kept is',
    async run() {
      const cookie = await signIn();
      const status = await readOnly(() => statusOf('/put/order', cookie));
      return [status, (await stack.ask('/data', { cookie }))?.body.includes('order')];
    },
    there: [200, false],
    here: [503, false],
  },
  {
    what: 'a sign-out fails (READONLY): the answer is, and who has the cookie is still',
    async run() {
      const cookie = await signIn();
      const status = await readOnly(() => statusOf('/logout', cookie, 'POST'));
      return [status, await userOf(cookie)];
    },
    there: [200, 'u1'],
    here: [503, 'u1'],
  },
  {
    what: 'Redis is frozen: the answer is',
    async run() {
      const cookie = await signIn();
      redis.pause();
      try {
        return await statusOf('/me', cookie);
      } finally {
        redis.resume();
      }
    },
    there: HANGS,
    here: 503,
  },
  {
    what: 'the store says that it is disconnected: who was signed in is',
    async run() {
      const cookie = await signIn();
      stack.store.emit('disconnect');
      return userOf(cookie);
    },
    there: null,
    here: 'u1',
  },
  {
    what: 'a stored cookie has originalMaxAge "x": the answer is',
    async run() {
      const cookie = await signIn();
      await rewrite((text) =>
        text.replace('"originalMaxAge":null', '"originalMaxAge":"x"').replace('{"user":', '{"cookie":{"originalMaxAge":"x"},\n"user":'),
      );
      return statusOf('/me', cookie);
    },
    there: HANGS,
    here: 200,
  },
];

describe.each<[StackName, 'there' | 'here']>([
  ['express-session + connect-redis', 'there'],
  ['express-session-policy', 'here'],
])('the known faults, with %s', (name, where) => {
  beforeEach(async () => {
    stack = await openStack(name, redis);
  });
  afterEach(() => stack.close());

  test.each(FAULTS)(`$what $${where}`, async (fault) => {
    expect(await fault.run()).toEqual(fault[where]);
  });
});
