import { createHash } from 'node:crypto';
import type { RedisNode } from './redis-client.ts';
import { redisCode } from './redis-failure.ts';

/** A Lua script, called by its SHA-1 and sent whole to a server that does not have it (any more). */
export class Script {
  readonly #source: string;
  readonly #sha: string;

  constructor(...parts: readonly string[]) {
    this.#source = parts.join('\n');
    this.#sha = createHash('sha1').update(this.#source).digest('hex');
  }

  async run(node: RedisNode, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await node.call('evalsha', [this.#sha, keys.length, ...keys, ...args]);
    } catch (error) {
      if (redisCode(error) !== 'NOSCRIPT') throw error;
      return node.call('eval', [this.#source, keys.length, ...keys, ...args]);
    }
  }
}
