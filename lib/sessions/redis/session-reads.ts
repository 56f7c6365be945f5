import type { Connection } from './connection.ts';
import type { Place } from './key-space.ts';
import type { Pulse } from './pulse.ts';
import { textOf } from './session-text.ts';

/** Texts of sessions. When one arrives, the pulse can be relied on. `undefined`: there is none. */
export interface SessionReads {
  read(place: Place): Promise<string | undefined>;
}

interface PendingRead {
  readonly place: Place;
  readonly resolve: (text: string | undefined) => void;
  readonly reject: (error: unknown) => void;
}

const MOST_READS = 128;

/**
 * All reads that arrive in one turn of the event loop, in one command. The epochs come with them, so ending all sessions of an
 * app is seen by the next read.
 */
export class BatchedReads implements SessionReads {
  readonly #connection: Connection;
  readonly #pulse: Pulse;
  readonly #epochsKey: string;
  #pending: PendingRead[] = [];

  constructor(connection: Connection, pulse: Pulse, epochsKey: string) {
    this.#connection = connection;
    this.#pulse = pulse;
    this.#epochsKey = epochsKey;
  }

  read(place: Place): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      if (this.#pending.length === 0) setImmediate(this.#flush);
      this.#pending.push({ place, resolve, reject });
      if (this.#pending.length >= MOST_READS) this.#flush();
    });
  }

  readonly #flush = (): void => {
    const pending = this.#pending;
    if (pending.length === 0) return;
    this.#pending = [];
    this.#connection
      .run(() => this.#ask(pending))
      .then(
        (values) => answer(pending, values),
        (error: unknown) => pending.forEach(({ reject }) => reject(error)),
      );
  };

  async #ask(pending: readonly PendingRead[]): Promise<readonly (string | null)[]> {
    const keys: string[] = [this.#epochsKey];
    for (const { place } of pending) keys.push(place.home, place.own);
    const reply = this.#connection.client.mget(keys);
    const values = this.#pulse.isUsable() ? await reply : (await Promise.all([reply, this.#pulse.usable()]))[0];
    this.#pulse.adopt(values[0] ?? null);
    return values;
  }
}

function answer(pending: readonly PendingRead[], values: readonly (string | null)[]): void {
  for (const [index, { place, resolve }] of pending.entries()) {
    resolve(textOf(place, [values[2 * index + 1] ?? null, values[2 * index + 2] ?? null]));
  }
}

/** One command for each read, for a Cluster: sessions lie on different servers, and so may the epochs. */
export class SingleReads implements SessionReads {
  readonly #connection: Connection;
  readonly #pulse: Pulse;

  constructor(connection: Connection, pulse: Pulse) {
    this.#connection = connection;
    this.#pulse = pulse;
  }

  read(place: Place): Promise<string | undefined> {
    return this.#connection.run(async () => {
      const reply = this.#connection.client.mget([place.home, place.own]);
      const [home = null, own = null] = this.#pulse.isUsable() ? await reply : (await Promise.all([reply, this.#pulse.usable()]))[0];
      return textOf(place, [home, own]);
    });
  }
}
