import { afterEach, describe, expect, test } from '@jest/globals';
import { startCluster, startRedis, startSentinel } from '../support/redis.ts';
import { ANSWERED_WITHIN_MS, eventually, openSite, saysUnavailable } from './redis-site.ts';

const LONG_MS = 60_000;
const FAST = { retryStrategy: () => 20 };
const closing: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

describe('Redis in groups', () => {
  test(
    'with one master of a Cluster dead, the sessions on the others go on and the rest are refused in time',
    async () => {
      const cluster = await startCluster(['--cluster-require-full-coverage', 'no']);
      closing.push(() => cluster.stop());
      const site = await openSite(cluster.client({ clusterRetryStrategy: () => 50, slotsRefreshTimeout: 500 }));
      closing.push(() => site.close());
      const people = Array.from({ length: 24 }, (_, index) => `person-${index}`);
      const cookies = await Promise.all(people.map((id) => site.signIn(id)));
      await cluster.masters[0]?.kill();
      const answers = await Promise.all(cookies.map((cookie) => site.ask('/page', { cookie })));
      const served = answers.filter((answer) => answer?.status === 200);
      const refused = answers.filter(saysUnavailable);
      expect(served.length + refused.length).toBe(people.length);
      expect(served.length).toBeGreaterThan(4);
      expect(refused.length).toBeGreaterThan(1);
      for (const answer of answers) expect(answer?.afterMs).toBeLessThan(2 * ANSWERED_WITHIN_MS);
      answers.forEach((answer, index) => {
        if (answer?.status === 200) expect(answer.body).toContain(`"id":"${people[index]}"`);
      });
    },
    LONG_MS,
  );

  test(
    'a failover loses nothing that was said to be durable, and the site follows it by itself',
    async () => {
      const group = await startSentinel();
      closing.push(() => group.stop());
      const site = await openSite(group.client({ ...FAST, sentinelRetryStrategy: () => 50 }), {}, 1);
      closing.push(() => site.close());
      const [stays, goes] = [await site.signIn('u1'), await site.signIn('u2')];
      await eventually(async () => (await site.sessions.revoke({ subject: 'nobody' })).durable);
      expect(await site.sessions.revoke({ subject: 'u2' })).toEqual({ ended: 1, durable: true });
      await group.primary.kill();
      expect(saysUnavailable(await site.ask('/logout', { method: 'POST', cookie: stays }))).toBeDefined();
      await eventually(async () => (await site.whoIs(stays)) === 'u1', 30_000);
      expect(await site.whoIs(goes)).toBeNull();
      expect(await site.whoIs(await site.signIn('u3'))).toBe('u3');
    },
    LONG_MS,
  );

  test(
    'an ending is durable only if as many replicas as configured have acknowledged it',
    async () => {
      const primary = await startRedis(['--repl-diskless-sync-delay', '0']);
      closing.push(() => primary.stop());
      const replica = await startRedis(['--replicaof', '127.0.0.1', String(primary.port)]);
      closing.push(() => replica.stop());
      const site = await openSite(primary.client(FAST), {}, 1);
      closing.push(() => site.close());
      await eventually(async () => (await site.sessions.revoke({ subject: 'nobody' })).durable);
      await site.signIn('u1');
      expect(await site.sessions.revoke({ subject: 'u1' })).toEqual({ ended: 1, durable: true });
      const cookie = await site.signIn('u1');
      replica.pause();
      expect(await site.sessions.revoke({ subject: 'u1' })).toEqual({ ended: 1, durable: false });
      expect(await site.whoIs(cookie)).toBeNull();
      replica.resume();
      await eventually(async () => (await site.sessions.revoke({ subject: 'nobody' })).durable);
    },
    LONG_MS,
  );
});
