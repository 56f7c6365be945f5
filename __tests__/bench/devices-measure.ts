import type { Redis } from 'ioredis';
import { Authority } from '../device/mtls-certificates.ts';
import type { DeviceRow } from './devices-rows.ts';
import { type DeviceVisitor, newVisitor } from './devices-visitor.ts';
import { redisUsage, usedBetween } from './redis-usage.ts';
import { type ServerChild, startChild } from './server-child.ts';

/** A row, with its server and people who use it. */
export interface DeviceSite {
  readonly row: DeviceRow;
  readonly child: ServerChild;
  readonly visitors: readonly DeviceVisitor[];
}

/** For one request, while many are under way: processor time of the server in microseconds. */
export interface DeviceRound {
  readonly perSecond: number;
  readonly cpu: number;
}

/** What a request asks of Redis while there is no other. */
export interface Asked {
  readonly commands: Readonly<Record<string, number>>;
  /** Times that Redis reads from a connection. */
  readonly reads: number;
}

/** What the store sends; the rest of what Redis counts is done by its scripts. */
const SENT = new Set(['get', 'mget', 'set', 'evalsha']);

const authority = new Authority('an authority of the benchmark');
const { key, cert } = authority.issue('localhost');
const TLS = JSON.stringify({ key, cert, ca: authority.cert, requestCert: true, rejectUnauthorized: false });

export function startServer(name: DeviceRow['server'], redisUrl: string): Promise<ServerChild> {
  return startChild(name, 'devices-serve.ts', [name, redisUrl, TLS]);
}

export async function openSite(row: DeviceRow, child: ServerChild, visitorCount: number): Promise<DeviceSite> {
  const origin = `${row.server === 'own-tls' ? 'https' : 'http'}://127.0.0.1:${child.port}`;
  const numbers = Array.from({ length: visitorCount }, (_, number) => number);
  return { row, child, visitors: await Promise.all(numbers.map((number) => newVisitor(row, origin, number, authority))) };
}

/** All visitors at once, each with one request after the other. */
export async function measureMany({ child, visitors }: DeviceSite, requests: number): Promise<DeviceRound> {
  const each = Math.ceil(requests / visitors.length);
  const prepared = await Promise.all(visitors.map((visitor) => visitor.prepare(each)));
  const before = await child.cpu();
  const startedAt = performance.now();
  await Promise.all(visitors.map((visitor, index) => visitor.sendAll(prepared[index] ?? [])));
  const seconds = (performance.now() - startedAt) / 1_000;
  const total = each * visitors.length;
  return { perSecond: total / seconds, cpu: ((await child.cpu()) - before) / total };
}

/** One request after the other, of one visitor. */
export async function measureAlone({ visitors: [visitor] }: DeviceSite, requests: number, redis: Redis): Promise<Asked> {
  const prepared = (await visitor?.prepare(requests)) ?? [];
  const before = await redisUsage(redis);
  await visitor?.sendAll(prepared);
  const { commands, reads } = usedBetween(before, await redisUsage(redis));
  const sent = Object.entries(commands).filter(([name]) => SENT.has(name));
  // One of the reads is the question about these figures.
  return { commands: Object.fromEntries(sent.map(([name, calls]) => [name, calls / requests])), reads: (reads - 1) / requests };
}
