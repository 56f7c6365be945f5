import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { redisStore } from '../../lib/index.ts';
import { redisUsage, usedBetween } from '../bench/redis-usage.ts';
import { expressVersions } from '../support/express.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { dbscWorld } from './dbsc-world.ts';
import { type BrowserKey, challengeOf, refreshProof, registrationProof, browserKey, SoftwareBrowser } from './software-browser.ts';

const [, express] = expressVersions[0] as (typeof expressVersions)[0];

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis?.stop());

/** Two processes with one store between them, as far as the wire shows. */
function nodes(): readonly [SoftwareBrowser, SoftwareBrowser] {
  const node = () => new SoftwareBrowser(dbscWorld(express, { store: redisStore({ client: redis.client() }) }).app);
  return [node(), node()];
}

/** The same browser, whose requests come to another process. */
function goOn(from: SoftwareBrowser, to: SoftwareBrowser): SoftwareBrowser {
  for (const [name, value] of from.cookies) to.cookies.set(name, value);
  return Object.assign(to, { key: from.key, identifier: from.identifier, challenge: from.challenge });
}

/** Commands that a piece of work sends to Redis. */
async function commands(work: () => Promise<unknown>): Promise<Readonly<Record<string, number>>> {
  const client = redis.client();
  const before = await redisUsage(client);
  await work();
  // The clock is asked now and then, whatever the work is.
  const { time: _clock, ...asked } = usedBetween(before, await redisUsage(client)).commands;
  return asked;
}

describe('bound sessions of browsers on Redis', () => {
  test('a key registered with one process is proved to the next', async () => {
    const [one, two] = nodes();
    await one.boundFromSignIn('eve');
    goOn(one, two);
    expect((await two.get('/files')).status).toBe(200);
    expect((await two.refresh()).status).toBe(200);
    expect((await goOn(two, one).get('/files')).status).toBe(200);
  });

  test('of two keys at two processes at the same time, one is bound', async () => {
    const [one, two] = nodes();
    await one.signIn('ann');
    goOn(one, two);
    const proofs = await Promise.all([browserKey(), browserKey()].map(async (key) => registrationProof(await key, one.challenge)));
    const answers = await Promise.all([one.register(proofs[0]), two.register(proofs[1])]);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 403]);
  });

  test('a proof that one process has seen is none to the other, however they come', async () => {
    const [one, two] = nodes();
    await one.boundFromSignIn('bob');
    goOn(one, two);
    const proof = await refreshProof(one.key as BrowserKey, one.challenge);
    const answers = await Promise.all([one, two, one, two, one, two].map((node) => node.refresh({ proof })));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const others = answers.filter(({ status }) => status !== 200);
    expect(others.map((answer) => [answer.status, challengeOf(answer) !== undefined])).toEqual(Array(5).fill([403, true]));
  });

  test('a request with the proof asks Redis for nothing more than one without', async () => {
    const [browser] = nodes();
    await browser.signIn('kim');
    const without = await commands(() => browser.get('/login'));
    await browser.register();
    expect(await commands(() => browser.get('/login'))).toEqual(without);
    expect(await commands(() => browser.get('/files'))).toEqual(without);
  });

  test('a session goes on by its key after its id has changed', async () => {
    const [one, two] = nodes();
    await one.boundFromSignIn('lea');
    for (let round = 0; round < 2; round += 1) expect((await one.post('/confirm')).status).toBe(200);
    expect((await goOn(one, two).refresh()).status).toBe(200);
    expect((await two.get('/files')).status).toBe(200);
  });
});
