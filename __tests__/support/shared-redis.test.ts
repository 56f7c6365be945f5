import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type RedisServer, openRedis, startRedis } from './redis.ts';

let given: RedisServer;
const before = process.env['REDIS_URL'];

beforeEach(async () => {
  given = await startRedis();
});

afterEach(async () => {
  await given.stop();
  if (before === undefined) delete process.env['REDIS_URL'];
  else process.env['REDIS_URL'] = before;
});

test('the server of REDIS_URL is used and left as it was', async () => {
  process.env['REDIS_URL'] = `${given.url}/2`;
  await given.client({ db: 2 }).set('theirs', '1');
  const redis = await openRedis();
  await redis.client().set(`${redis.prefix}a`, '1');
  expect((await given.client({ db: 2 }).keys('*')).sort()).toEqual([`${redis.prefix}a`, 'theirs']);
  await redis.stop();
  expect(await given.client({ db: 2 }).keys('*')).toEqual(['theirs']);
});

test('without REDIS_URL it is one of our own', async () => {
  delete process.env['REDIS_URL'];
  const redis = await openRedis();
  expect(redis.url).not.toBe(given.url);
  expect(await redis.client().ping()).toBe('PONG');
  await redis.stop();
});
