/** Real Redis servers for tests, and the faults that can be made with them. */
export { type RedisServer, startRedis } from './redis-server.ts';
export { type ClusterClientOptions, type RedisCluster, startCluster } from './redis-cluster.ts';
export { type RedisSentinel, startSentinel } from './redis-sentinel.ts';
export { type SharedRedis, openRedis } from './shared-redis.ts';
export { type Direction, type FaultProxy, faultProxy } from './fault-proxy.ts';
export type { ClientOptions } from './redis-clients.ts';
