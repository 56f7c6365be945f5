import { Redis, type RedisOptions } from 'ioredis';
import type { Redis as Redis5 } from 'ioredis5';

/** Options of a test client; `Client` chooses the class, ioredis 6 unless said otherwise. */
export type ClientOptions = RedisOptions & { readonly Client?: typeof Redis | typeof Redis5 };

/** Clients made for a test, all closed with the server that they belong to. */
export class ClientPool<C extends { disconnect(): void; on(event: 'error', listener: () => void): unknown }> {
  readonly #open = new Set<C>();

  add(client: C): C {
    // Faults are made on purpose here; an error without a listener would end the process.
    client.on('error', () => undefined);
    this.#open.add(client);
    return client;
  }

  closeAll(): void {
    for (const client of this.#open) client.disconnect();
    this.#open.clear();
  }
}

/** ioredis waits this long for a connection to close, and keeps the test process alive meanwhile. */
export const DISCONNECT_TIMEOUT_MS = 100;

/** A client of ioredis 6, or of the class in the options. */
export function newClient({ Client = Redis, ...options }: ClientOptions): Redis {
  // The two versions take the same options, but their types do not know each other.
  const Constructor = Client as unknown as new (options: object) => Redis;
  return new Constructor({ disconnectTimeout: DISCONNECT_TIMEOUT_MS, ...options });
}
