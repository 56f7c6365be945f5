import type { RedisClient } from '../../lib/sessions/redis/redis-client.ts';

/** A client that can hold back scripts: what is done between their making and their running is then up to the test. */
export interface HeldClient {
  readonly client: RedisClient;
  /** Holds every script on a key from now on. */
  hold(key: string): void;
  /** Resolves when a script waits. */
  waiting(): Promise<void>;
  /** Sends what waits, and whatever comes. */
  release(): void;
}

export function heldClient(client: RedisClient): HeldClient {
  let held: string | undefined;
  let [gate, arrival] = [new Signal(), new Signal()];
  const call: RedisClient['call'] = async (command, args) => {
    if (command === 'evalsha' && args[2] === held) {
      arrival.give();
      await gate.given;
    }
    return client.call(command, args);
  };
  const handler: ProxyHandler<RedisClient> = {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (name === 'call') return call;
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  };
  return {
    client: new Proxy(client, handler),
    hold(key) {
      held = key;
      [gate, arrival] = [new Signal(), new Signal()];
    },
    waiting: () => arrival.given,
    release() {
      held = undefined;
      gate.give();
    },
  };
}

class Signal {
  give: () => void = () => undefined;
  readonly given: Promise<void> = new Promise((resolve) => {
    this.give = resolve;
  });
}
