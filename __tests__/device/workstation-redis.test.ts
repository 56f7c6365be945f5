import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { redisStore } from '../../lib/index.ts';
import { redisUsage, usedBetween } from '../bench/redis-usage.ts';
import { expressVersions } from '../support/express.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { enrolledWorkstation, Workstation, workstationWorld } from './workstation-world.ts';

const [, express] = expressVersions[0] as (typeof expressVersions)[0];

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis?.stop());

/** One process of several that have the store in common. */
const node = () => workstationWorld(express, { store: redisStore({ client: redis.client() }) });

/** From an address of its own, so that no try is too soon after another. */
const from = (index: number) => ({ 'X-Forwarded-For': `198.51.100.${index}` });

/** Commands that a piece of work sends to Redis. */
async function commands(work: () => Promise<unknown>): Promise<Readonly<Record<string, number>>> {
  const client = redis.client();
  const before = await redisUsage(client);
  await work();
  // The clock is asked now and then, whatever the work is.
  const { time: _clock, ...asked } = usedBetween(before, await redisUsage(client)).commands;
  return asked;
}

describe('workstations on Redis', () => {
  test('enrolled at one process, one is a workstation at the next, until it is forgotten', async () => {
    const [one, two] = [node(), node()];
    const { workstation, invitation } = await enrolledWorkstation(one, 'desk', 'Front desk 1');
    const elsewhere = new Workstation(two.app, workstation.cookies);
    expect((await elsewhere.post('/desk/login')).body).toEqual({ who: 'ann', trust: 'known' });
    expect(await two.sessions.devices.workstations('desk')).toMatchObject([{ handle: invitation.handle, label: 'Front desk 1' }]);
    expect(await one.sessions.devices.forgetWorkstation(invitation.handle)).toBe(true);
    expect((await elsewhere.get('/desk')).body.reason).toBe('device_not_enrolled');
  });

  test('of codes that are sent to two processes at once, each is good once', async () => {
    const nodes = [node(), node()] as const;
    const { code, path } = await nodes[0].sessions.devices.inviteWorkstation({ app: 'ward', label: 'Ward 3' });
    const tries = Array.from({ length: 8 }, (_, index) => {
      const { app } = nodes[index % 2] as (typeof nodes)[0];
      return new Workstation(app).post(path, `code=${code}`, from(index));
    });
    const statuses = (await Promise.all(tries)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 303)).toHaveLength(1);
    expect(await nodes[1].sessions.devices.workstations('ward')).toHaveLength(1);
  });

  test('an address that tries too fast is held up at every process', async () => {
    const [one, two] = [node(), node()];
    const wrong = (app: typeof one.app) => new Workstation(app).post('/ward/device/enroll', 'code=0000-0000-0000-0000', from(99));
    const statuses = (await Promise.all([wrong(one.app), wrong(two.app)])).map(({ status }) => status);
    expect(statuses.toSorted((a, b) => a - b)).toEqual([403, 429]);
  });

  test('costs a request the read of one note more', async () => {
    const world = node();
    const { workstation } = await enrolledWorkstation(world, 'desk', 'Front desk 2', from(50));
    for (const at of ['/desk', '/staff']) await workstation.post(`${at}/login`);
    const note = await commands(() => world.store.readNote({ book: 'workstation.desk', id: 'none' }));
    const own = await commands(() => workstation.get('/staff'));
    const shared = await commands(() => workstation.get('/desk'));
    const names = new Set([...Object.keys(note), ...Object.keys(own)]);
    expect(shared).toEqual(Object.fromEntries([...names].map((name) => [name, (note[name] ?? 0) + (own[name] ?? 0)])));
  });
});
