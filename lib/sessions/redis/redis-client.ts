/** An event emitter as far as a store listens. */
export interface RedisEvents {
  on(event: string, listener: () => void): unknown;
  off(event: string, listener: () => void): unknown;
  listenerCount(event: string): number;
}

/** One server of a Cluster. */
export interface RedisNode {
  call(command: string, args: (string | number)[]): Promise<unknown>;
}

/** What the store needs of a client: `Redis` and `Cluster` of ioredis 5 and 6 have it. */
export interface RedisClient extends RedisEvents, RedisNode {
  readonly status: string;
  readonly isCluster: boolean;
  mget(keys: string[]): Promise<(string | null)[]>;
  get(key: string): Promise<string | null>;
  connect(): Promise<void>;
  disconnect(reconnect?: boolean): void;
  duplicate(): RedisClient;
}

/** A Cluster client also names its servers. */
export interface RedisClusterClient extends RedisClient {
  nodes(role: 'master'): RedisNode[];
}

/** Every server that holds sessions of its own: the masters of a Cluster, or the one server. */
export function primaries(client: RedisClient): readonly RedisNode[] {
  return client.isCluster ? (client as RedisClusterClient).nodes('master') : [client];
}
