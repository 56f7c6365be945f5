import type { Redis } from 'ioredis';
import { type Amount, load } from './load.ts';
import { redisUsage, usedBetween } from './redis-usage.ts';
import type { ServerProcess } from './server-process.ts';

/** One round of one row. What is counted is for each request; bytes and processor time in Redis are nothing without Redis. */
export interface Measurement {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly cpu: number;
  readonly redisCommands: number;
  readonly redisBytesIn: number;
  readonly redisBytesOut: number;
  readonly redisCpu: number;
  readonly commandNames: string;
}

/** Loads a server and reads what that took, from the server and from Redis. */
export async function measure(server: ServerProcess, amount: Amount, redis: Redis): Promise<Measurement> {
  const [cpuBefore, redisBefore] = [await server.cpu(), await redisUsage(redis)];
  const { requests, perSecond, p50, p99 } = await load(server, amount);
  const used = usedBetween(redisBefore, await redisUsage(redis));
  const cpu = ((await server.cpu()) - cpuBefore) / requests;
  const ofRedis = (total: number): number => (server.row.store === 'redis' ? total / requests : 0);
  const calls = Object.entries(used.commands).map(([name, count]) => [name, count / requests] as const);
  return {
    perSecond,
    p50,
    p99,
    cpu,
    redisCommands: ofRedis(Object.values(used.commands).reduce((sum, count) => sum + count, 0)),
    redisBytesIn: ofRedis(used.bytesIn),
    redisBytesOut: ofRedis(used.bytesOut),
    redisCpu: ofRedis(used.cpu),
    commandNames: server.row.store === 'redis' ? namesOf(calls) : '',
  };
}

function namesOf(calls: readonly (readonly [string, number])[]): string {
  return calls.flatMap(([name, share]) => (share >= 0.005 ? [`${name} ${share.toFixed(2)}`] : [])).join(', ');
}

/** The median of each figure over all rounds. */
export function medianOf(rounds: readonly Measurement[]): Measurement {
  const median = (figure: Exclude<keyof Measurement, 'commandNames'>): number => {
    const sorted = rounds.map((round) => round[figure]).sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
  };
  return {
    perSecond: median('perSecond'),
    p50: median('p50'),
    p99: median('p99'),
    cpu: median('cpu'),
    redisCommands: median('redisCommands'),
    redisBytesIn: median('redisBytesIn'),
    redisBytesOut: median('redisBytesOut'),
    redisCpu: median('redisCpu'),
    commandNames: rounds.at(-1)?.commandNames ?? '',
  };
}
