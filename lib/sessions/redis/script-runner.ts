import { StoreUnavailableError } from '../errors.ts';
import type { Connection } from './connection.ts';
import type { Deadline } from './deadline-queue.ts';
import type { Pulse } from './pulse.ts';
import type { RedisSettings } from './redis-options.ts';
import type { Script } from './script.ts';

export type ScriptArguments = readonly (string | number)[];

/** Runs scripts within the deadline, and says what time it is for them. */
export class ScriptRunner {
  readonly #settings: Pick<RedisSettings, 'client' | 'clockOffset'>;
  readonly #connection: Connection;
  readonly #pulse: Pulse;

  constructor(settings: Pick<RedisSettings, 'client' | 'clockOffset'>, connection: Connection, pulse: Pulse) {
    this.#settings = settings;
    this.#connection = connection;
    this.#pulse = pulse;
  }

  /** Runs a script as a call of its own. */
  run(script: Script, keys: readonly string[], args: (deadline: Deadline) => ScriptArguments): Promise<unknown> {
    return this.#connection.run((deadline) => this.send(script, keys, () => args(deadline)));
  }

  /** Runs a script in a call that is under way. Its arguments are made when the clock is known. */
  async send(script: Script, keys: readonly string[], args: () => ScriptArguments): Promise<unknown> {
    await this.#pulse.usable();
    const reply = await script.run(this.#connection.client, keys, args());
    if (reply === 'late') throw new StoreUnavailableError('Redis did not get the command in time');
    return reply;
  }

  /** What a script takes for now: on one server its own clock; in a Cluster, whose clocks differ, that of the one we ask. */
  clock(): string {
    return this.#settings.client.isCluster ? String(this.#pulse.now) : `+${this.#settings.clockOffset()}`;
  }

  /** With the instant from which on the script must not do anything any more, since nobody waits for it. */
  clockAndLatest(deadline: Deadline): readonly [string, number | ''] {
    return [this.clock(), this.#settings.client.isCluster ? '' : this.#pulse.after(deadline.left)];
  }
}
