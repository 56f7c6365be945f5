import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { redisStore } from '../../lib/index.ts';
import type { SessionStore } from '../../lib/sessions/session-store.ts';
import { redisUsage, usedBetween } from '../bench/redis-usage.ts';
import { expressVersions } from '../support/express.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { knownWorld, Visitor } from './known-world.ts';
import { authority, bearer, cookie, mtlsWorld, serveMutually, TlsClient } from './mtls-world.ts';

const [, express] = expressVersions[0] as (typeof expressVersions)[0];
const REQUESTS = 10;

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis?.stop());

const open: { close(): unknown }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

function store(): SessionStore {
  return opened(redisStore({ client: redis.client(), deadline: 5_000 }));
}

function opened<T extends { close(): unknown }>(one: T): T {
  open.unshift(one);
  return one;
}

/** What a request asks of Redis. What comes from time to time, as the question for the clock does, is no part of each. */
async function asked(work: () => Promise<{ readonly status: number }>): Promise<Readonly<Record<string, number>>> {
  const client = redis.client();
  const before = await redisUsage(client);
  for (let count = 0; count < REQUESTS; count += 1) expect((await work()).status).toBe(200);
  const { commands } = usedBetween(before, await redisUsage(client));
  const shares = Object.entries(commands).map(([name, calls]) => [name, Math.round(calls / REQUESTS)] as const);
  return Object.fromEntries(shares.filter(([, share]) => share > 0));
}

const ONE_READ = { mget: 1 };
const ann = authority.issue('ann');

describe('a proof that the store need not be asked about costs no round trip', () => {
  test.each([
    ['a token', '/api', bearer],
    ['a cookie', '/web', cookie],
  ])('a client certificate over TLS, with %s', async (_what, at, session) => {
    const site = opened(await serveMutually(mtlsWorld(express, { store: store() }).app));
    const [certified, other] = [ann, undefined].map((one) => opened(new TlsClient(site, one))) as [TlsClient, TlsClient];
    const plain = session(await other.post(`${at}/login?who=bob`));
    expect(await asked(() => other.get(`${at}/login`, plain))).toEqual(ONE_READ);
    const bound = session(await certified.post(`${at}/login`));
    expect(await asked(() => certified.get(`${at}/bound`, bound))).toEqual(ONE_READ);
  });

  test('a certificate in Client-Cert', async () => {
    const { app } = mtlsWorld(express, { store: store(), trustProxy: 'loopback', clientCertHeader: true });
    const signedIn = await request(app).post('/api/login').set('Client-Cert', ann.header).expect(200);
    const authorization = `Bearer ${(signedIn.body as { token: string }).token}`;
    const get = () => request(app).get('/api/bound').set('Client-Cert', ann.header).set('Authorization', authorization);
    expect(await asked(() => get())).toEqual(ONE_READ);
  });

  test.each(['shop', 'phone'])('the credential of a known device of %s', async (at) => {
    const { app } = knownWorld(express, { store: { store: store(), advance: () => undefined } });
    const visitor = new Visitor(app, at);
    await visitor.signIn();
    expect(await asked(() => visitor.get('account'))).toEqual(ONE_READ);
    await visitor.enrol();
    expect(await asked(() => visitor.get('guarded'))).toEqual(ONE_READ);
  });
});
