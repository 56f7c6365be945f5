import type { Redis } from 'ioredis';

/** What a Redis server has done since it started. */
export interface RedisUsage {
  /** Calls by command, without the ones that ask for these figures. */
  readonly commands: Readonly<Record<string, number>>;
  /** Times that it found something to read on a connection: packets, nearly. */
  readonly reads: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Processor time in microseconds. */
  readonly cpu: number;
}

/** Reads the counters of a server. */
export async function redisUsage(client: Redis): Promise<RedisUsage> {
  const info = await client.info('everything');
  const figure = (name: string): number => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1] ?? 0);
  const commands = Object.fromEntries([...info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(([, name, calls]) => [name, Number(calls)]));
  delete commands['info'];
  return {
    commands,
    reads: figure('total_reads_processed'),
    bytesIn: figure('total_net_input_bytes'),
    bytesOut: figure('total_net_output_bytes'),
    cpu: (figure('used_cpu_user') + figure('used_cpu_sys')) * 1e6,
  };
}

/** What was done between two readings. */
export function usedBetween(before: RedisUsage, after: RedisUsage): RedisUsage {
  const changed = Object.entries(after.commands).map(([name, calls]) => [name, calls - (before.commands[name] ?? 0)] as const);
  return {
    commands: Object.fromEntries(changed.filter(([, calls]) => calls > 0)),
    reads: after.reads - before.reads,
    bytesIn: after.bytesIn - before.bytesIn,
    bytesOut: after.bytesOut - before.bytesOut,
    cpu: after.cpu - before.cpu,
  };
}
