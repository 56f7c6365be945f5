import { randomBytes } from 'node:crypto';
import { KeySpace } from '../../lib/sessions/redis/key-space.ts';
import { primaries, type RedisClient } from '../../lib/sessions/redis/redis-client.ts';
import { RedisStore, type RedisStoreOptions } from '../../lib/sessions/redis/redis-store.ts';
import type { CorruptibleStore } from '../../lib/testing/session-store-contract.ts';

/** A Redis store to be tested, its keys apart from those of every other. */
export interface RedisSubject extends CorruptibleStore {
  readonly store: RedisStore;
  readonly prefix: string;
  readonly keys: KeySpace;
}

/** A store of its own on a client that others use too. */
export function redisSubject(client: RedisClient, options: Partial<RedisStoreOptions> = {}): RedisSubject {
  const prefix = `t${randomBytes(6).toString('hex')}:`;
  let offset = 0;
  // A busy machine must not look like a slow server; what the deadline does has tests of its own.
  const store = new RedisStore({ client, prefix, deadline: 5_000, clockOffset: () => offset, ...options });
  const keys = new KeySpace(prefix, client.isCluster);
  return {
    store,
    prefix,
    keys,
    advance: async (ms) => {
      offset += ms;
      await age(client, prefix, ms);
    },
    close: () => store.close(),
    corrupt: async (ref, value) => {
      const { home, member } = keys.place(ref);
      await client.call('set', [home, `${member}\n\n${value}`]);
    },
  };
}

/** Lets so much time pass for what is kept under a prefix: the server's own clock can't be moved. */
async function age(client: RedisClient, prefix: string, ms: number): Promise<void> {
  for (const node of primaries(client)) {
    for (const key of (await node.call('keys', [`${prefix}*`])) as string[]) {
      const left = Number(await client.call('pttl', [key]));
      if (left >= 0) await client.call('pexpire', [key, Math.max(0, left - ms)]);
    }
  }
}
