import { memoryStore } from '../../lib/sessions/memory-store.ts';
import { redisStore } from '../../lib/sessions/redis/redis-store.ts';
import type { SessionStore } from '../../lib/sessions/session-store.ts';
import { openRedis } from '../support/redis.ts';

/** The stores that everything is tried with. */
export interface Stores {
  readonly memory: () => SessionStore;
  readonly redis: () => SessionStore;
  stop(): Promise<void>;
}

export const STORE_NAMES = ['memory', 'redis'] as const;

/** Opens them; every call gives a store of its own that is empty. */
export async function openStores(): Promise<Stores> {
  const shared = await openRedis();
  const open: SessionStore[] = [];
  let count = 0;
  const keep = <S extends SessionStore>(store: S): S => {
    open.push(store);
    return store;
  };
  return {
    memory: () => keep(memoryStore()),
    redis: () => keep(redisStore({ client: shared.client(), prefix: `${shared.prefix}${(count += 1)}:`, deadline: 2_000 })),
    async stop() {
      await Promise.all(open.map((store) => store.close()));
      await shared.stop();
    },
  };
}
