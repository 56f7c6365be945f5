import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { SessionStore } from '../../lib/sessions/session-store.ts';
import { redisStore } from '../../lib/index.ts';
import { expressVersions } from '../support/express.ts';
import { openRedis, type SharedRedis } from '../support/redis.ts';
import { dpopDevice } from './dpop-device.ts';
import { DpopClient, dpopWorld, type DpopWorld } from './dpop-world.ts';

const [, express] = expressVersions[0] as (typeof expressVersions)[number];
const key = await dpopDevice();

let redis: SharedRedis;
beforeAll(async () => {
  redis = await openRedis();
});
afterAll(() => redis.stop());

/** A node of a site: it shares the Redis and the secret with the others, and nothing else. */
function node(): {
  readonly world: DpopWorld;
  readonly phone: DpopClient;
  readonly store: SessionStore;
  readonly close: () => Promise<void>;
} {
  const client = redis.client();
  const store = redisStore({ client, prefix: redis.prefix, deadline: 5_000 });
  const world = dpopWorld(express, { store, clock: { now: Date.now, advance: () => Date.now() } });
  return { world, phone: new DpopClient(world, key), store, close: () => store.close() };
}

describe('two nodes on one Redis', () => {
  const nodes: ReturnType<typeof node>[] = [];
  beforeAll(() => void nodes.push(node(), node()));
  afterAll(() => Promise.all(nodes.map(({ close }) => close())));
  const pair = () => nodes.map(({ phone }) => phone) as [DpopClient, DpopClient];

  test('a proof that one has taken is refused by the other', async () => {
    const [one, other] = pair();
    const token = await one.signIn();
    const proof = await one.proof('GET', '/phone/me', { token });
    expect((await one.send('GET', '/phone/me', { token, proof })).status).toBe(200);
    const again = await other.send('GET', '/phone/me', { token, proof });
    expect(again.headers['www-authenticate']).toContain('used before');
    expect((await other.send('GET', '/phone/me', { token })).status).toBe(200);
  });

  test('of proofs that come to both at the same time one is taken', async () => {
    const [one, other] = pair();
    const token = await one.signIn();
    const proof = await one.proof('GET', '/phone/me', { token });
    const answers = await Promise.all([one, other, one, other].map((phone) => phone.send('GET', '/phone/me', { token, proof })));
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 401, 401, 401]);
  });

  test('a proof for a sign-in is good for one of them', async () => {
    const [one, other] = pair();
    const proof = await one.proof('POST', '/phone/login');
    const answers = [await one.send('POST', '/phone/login', { proof }), await other.send('POST', '/phone/login', { proof })];
    expect(answers.map(({ status }) => status)).toEqual([200, 401]);
  });

  test('the nonce of one is good for the other', async () => {
    const [one, other] = pair();
    const nonce = (await one.send('GET', '/agent/me')).headers['dpop-nonce'] as string;
    expect((await other.send('GET', '/agent/me', { nonce })).body.reason).toBe('session_missing');
  });
});

test('the store is asked for the session and the proof at the same time: a proof costs no round trip more', async () => {
  const { world, phone, close, store } = node();
  try {
    const token = await phone.signIn();
    const both = meeting(2);
    const [read, useOnce] = [store.read.bind(store), store.useOnce.bind(store)];
    store.read = async (...args) => both().then(() => read(...args));
    store.useOnce = async (...args) => both().then(() => useOnce(...args));
    expect((await phone.send('GET', '/phone/me', { token })).status).toBe(200);
    expect(world.logged).toEqual([]);
  } finally {
    await close();
  }
});

/** Waits until as many have come. Who waits for the other to be done first waits for ever. */
function meeting(size: number): () => Promise<void> {
  let open: () => void = () => undefined;
  let missing = size;
  const met = new Promise<void>((resolve) => {
    open = resolve;
  });
  return () => {
    missing -= 1;
    if (missing === 0) open();
    return met;
  };
}
