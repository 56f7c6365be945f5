import { parseArgs } from 'node:util';
import { RedisStore } from 'connect-redis';
import type { Redis } from 'ioredis';
import { createClient } from 'redis';
import { redisStore } from '../../lib/sessions/redis/redis-store.ts';
import { SessionIds } from '../../lib/sessions/session-id.ts';
import type { SessionStore } from '../../lib/sessions/session-store.ts';
import { startRedis } from '../support/redis.ts';
import { IDLE_MS, SECRET, visitorOf } from './site.ts';
import { table } from './table.ts';

// Many sessions in one Redis: `npm run bench:million -- [--total 1000000] [--smoke]`. Memory for each, against connect-redis, and the
// time to list and to end the ten sessions of one subject, which must not depend on how many there are.
const { values } = parseArgs({ options: { total: { type: 'string', default: '1000000' }, smoke: { type: 'boolean', default: false } } });
const total = values.smoke ? 200 : Number(values.total);
const probes = values.smoke ? 3 : 30;
const SIZES = [total / 100, total / 10, total];
const COMPARED = Math.min(total, 100_000);
const AT_ONCE = 500;
const SESSIONS_OF_ONE = 10;
const RETENTION = { idleMs: IDLE_MS, absoluteMs: 43_200_000 };
const VISITOR = visitorOf({});
const DATA = `{"visitor":${JSON.stringify(VISITOR)}}`;
const ids = new SessionIds([SECRET]);

const server = await startRedis();
try {
  const client = server.client();
  const store = redisStore({ client, deadline: 10_000 });
  process.stdout.write(`${table([['sessions', 'bytes each', 'list µs', 'end all µs', 'Redis MB'], ...(await growing(store, client))])}\n`);
  await store.close();
} finally {
  await server.stop();
}
process.stdout.write(`connect-redis: ${(await connectRedisBytes()).toFixed(0)} bytes each, at ${COMPARED} sessions\n`);
process.stdout.write(`List and end: medians of ${probes} subjects with ${SESSIONS_OF_ONE} sessions each; every other subject has one.\n`);

async function growing(store: SessionStore, client: Redis): Promise<readonly (readonly string[])[]> {
  const lines: string[][] = [];
  const empty = await memory(client);
  let made = 0;
  for (const size of SIZES) {
    await inBatches(made, size, (index) => createSession(store, `u-${index}`));
    made = size;
    const used = (await memory(client)) - empty;
    const [list, end] = await probe(store, size);
    lines.push([String(size), (used / size).toFixed(0), list.toFixed(0), end.toFixed(0), (used / 2 ** 20).toFixed(1)]);
  }
  return lines;
}

/** Times listing and ending for subjects of their own, so that the total stays what it is. */
async function probe(store: SessionStore, size: number): Promise<readonly [list: number, end: number]> {
  const lists: number[] = [];
  const ends: number[] = [];
  for (let subject = 0; subject < probes; subject += 1) {
    const name = `probe-${size}-${subject}`;
    const [tag] = ids.tagsOf(name) as readonly [string];
    for (let session = 0; session < SESSIONS_OF_ONE; session += 1) await createSession(store, name);
    lists.push(await timed(async () => expectCount((await store.list(tag)).length)));
    ends.push(await timed(async () => expectCount((await store.endAll(tag, 'session_revoked')).ended)));
  }
  return [median(lists), median(ends)];
}

function expectCount(count: number | undefined): void {
  if (count !== SESSIONS_OF_ONE) throw new Error(`${count} sessions instead of ${SESSIONS_OF_ONE}`);
}

async function createSession(store: SessionStore, subjectId: string): Promise<void> {
  const { ref } = ids.generate('shop', 'web', subjectId);
  const subject = { id: subjectId, kind: 'user' } as const;
  const { outcome } = await store.create(ref, { subject, fresh: true, level: 'aal1', methods: ['pwd'], data: DATA }, RETENTION);
  if (outcome !== 'created') throw new Error(`a session was not created: ${outcome}`);
}

async function connectRedisBytes(): Promise<number> {
  const redis = await startRedis();
  const client = createClient({ url: redis.url });
  try {
    await client.connect();
    const store = new RedisStore({ client, ttl: IDLE_MS / 1000 });
    const cookie = { originalMaxAge: IDLE_MS, expires: new Date(Date.now() + IDLE_MS), httpOnly: true, path: '/', sameSite: 'lax' };
    const empty = await memory(redis.client());
    await inBatches(0, COMPARED, async (index) => store.set(idLikeTheirs(index), { cookie, visitor: VISITOR } as never));
    return ((await memory(redis.client())) - empty) / COMPARED;
  } finally {
    client.destroy();
    await redis.stop();
  }
}

/** 32 characters, as express-session makes them. */
function idLikeTheirs(index: number): string {
  return String(index).padStart(32, 'x');
}

async function inBatches(from: number, to: number, make: (index: number) => Promise<unknown>): Promise<void> {
  for (let start = from; start < to; start += AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, to - start) }, (_, offset) => make(start + offset)));
  }
}

async function memory(client: Redis): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
}

async function timed(work: () => Promise<void>): Promise<number> {
  const before = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - before) / 1000;
}

function median(list: readonly number[]): number {
  return [...list].sort((a, b) => a - b)[list.length >> 1] as number;
}
