import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis5';
import type { RedisClient } from '../../lib/sessions/redis/redis-client.ts';
import { describeCorruptSessions, describeSessionStore } from '../../lib/testing/index.ts';
import { type RedisCluster, startCluster } from '../support/redis-cluster.ts';
import { type RedisSentinel, startSentinel } from '../support/redis-sentinel.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { redisSubject } from './redis-subject.ts';

const runner = { describe, test };

describe('one server', () => {
  let server: RedisServer;
  let client: RedisClient;
  let client5: RedisClient;
  beforeAll(async () => {
    server = await startRedis();
    client = server.client();
    client5 = server.client({ Client: Redis5 });
  });
  afterAll(() => server.stop());
  describeSessionStore('Redis, ioredis 6', () => redisSubject(client), runner);
  describeSessionStore('Redis, ioredis 5', () => redisSubject(client5), runner);
  describeCorruptSessions('Redis, ioredis 6', () => redisSubject(client), runner);
});

describe('a Cluster of three masters', () => {
  let cluster: RedisCluster;
  let client: RedisClient;
  let client5: RedisClient;
  beforeAll(async () => {
    cluster = await startCluster();
    client = cluster.client({ enableAutoPipelining: true });
    client5 = cluster.client({ Client: Cluster5 });
  }, 30_000);
  afterAll(() => cluster.stop());
  describeSessionStore('Redis Cluster, ioredis 6, autopipelining', () => redisSubject(client), runner);
  describeSessionStore('Redis Cluster, ioredis 5', () => redisSubject(client5), runner);
  describeCorruptSessions('Redis Cluster', () => redisSubject(client), runner);
});

describe('a primary found by Sentinel', () => {
  let group: RedisSentinel;
  let client: RedisClient;
  beforeAll(async () => {
    group = await startSentinel();
    client = group.client();
  }, 30_000);
  afterAll(() => group.stop());
  describeSessionStore('Redis through Sentinel, minReplicas 1', () => redisSubject(client, { minReplicas: 1 }), runner);
});
