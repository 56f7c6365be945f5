import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, type ClusterOptions } from 'ioredis';
import type { Cluster as Cluster5 } from 'ioredis5';
import { freePort } from './free-port.ts';
import { ClientPool, DISCONNECT_TIMEOUT_MS } from './redis-clients.ts';
import { type RedisServer, startConfigured } from './redis-server.ts';

const SLOTS = 16_384;
const READY_WITHIN_MS = 20_000;

/** Options of a Cluster client; `Client` chooses the class, ioredis 6 unless said otherwise. */
export type ClusterClientOptions = ClusterOptions & { readonly Client?: typeof Cluster | typeof Cluster5 };

/** Three masters without replicas, all slots covered. */
export interface RedisCluster {
  readonly ports: readonly number[];
  readonly masters: readonly RedisServer[];
  client(options?: ClusterClientOptions): Cluster;
  stop(): Promise<void>;
}

/**
 * Starts a Redis Cluster and waits until every master says that it is complete.
 *
 * @param args Further arguments for each server. A dead master is noticed after one second.
 */
export async function startCluster(args: readonly string[] = []): Promise<RedisCluster> {
  const started = await Promise.all([0, 1, 2].map(() => startMaster(args)));
  const masters = started.map(({ server }) => server);
  const ports = masters.map(({ port }) => port);
  const clients = new ClientPool<Cluster>();
  const stop = async (): Promise<void> => {
    clients.closeAll();
    await Promise.all(masters.map((master) => master.stop()));
  };
  await join(started).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { ports, masters, stop, client: (options = {}) => clients.add(newCluster(ports, options)) };
}

interface Master {
  readonly server: RedisServer;
  readonly busPort: number;
}

async function startMaster(args: readonly string[]): Promise<Master> {
  let busPort = 0;
  const server = await startConfigured(async (port) => {
    busPort = await freePort();
    const cluster = ['--cluster-enabled', 'yes', '--cluster-port', String(busPort), '--cluster-node-timeout', '1000'];
    return ['--bind', '127.0.0.1', '--save', '', '--enable-debug-command', 'local', '--port', String(port), ...cluster, ...args];
  });
  return { server, busPort };
}

async function join(masters: readonly Master[]): Promise<void> {
  const nodes = masters.map(({ server }) => server.client());
  await Promise.all(
    nodes.map(async (node, index) => {
      const share = Math.ceil(SLOTS / masters.length);
      await node.call('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
      await node.call('CLUSTER', 'ADDSLOTSRANGE', String(index * share), String(Math.min(SLOTS, (index + 1) * share) - 1));
      for (const other of masters) {
        if (other !== masters[index]) await node.call('CLUSTER', 'MEET', '127.0.0.1', String(other.server.port), String(other.busPort));
      }
    }),
  );
  const deadline = Date.now() + READY_WITHIN_MS;
  for (const node of nodes) {
    while (!isComplete(String(await node.call('CLUSTER', 'INFO')), masters.length)) {
      if (Date.now() > deadline) throw new Error('the Redis Cluster of this test did not become complete');
      await sleep(20);
    }
    node.disconnect();
  }
}

function isComplete(info: string, size: number): boolean {
  return info.includes('cluster_state:ok') && info.includes(`cluster_slots_ok:${SLOTS}`) && info.includes(`cluster_size:${size}`);
}

function newCluster(ports: readonly number[], { Client = Cluster, ...options }: ClusterClientOptions): Cluster {
  const nodes = ports.map((port) => ({ host: '127.0.0.1', port }));
  const redisOptions = { disconnectTimeout: DISCONNECT_TIMEOUT_MS, ...options.redisOptions };
  const Constructor = Client as unknown as new (nodes: object[], options: object) => Cluster;
  return new Constructor(nodes, { ...options, redisOptions });
}
