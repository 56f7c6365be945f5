import { setTimeout as sleep } from 'node:timers/promises';
import { SessionError } from '../errors.ts';
import { type RedisNode, primaries } from './redis-client.ts';
import { redisCode } from './redis-failure.ts';
import type { RedisSettings } from './redis-options.ts';

const OLDEST: readonly [number, number] = [6, 2];
const UNKNOWN = 'unknown';

type Wishes = Pick<RedisSettings, 'client' | 'allowEviction' | 'minReplicas' | 'deadline'>;

/** Looks at a server once a connection and says whether sessions are safe there. */
export class ServerCheck {
  readonly #wishes: Wishes;
  readonly #warned = new Set<string>();
  #passed = false;

  constructor(wishes: Wishes) {
    this.#wishes = wishes;
  }

  /** @throws {SessionError} `ERR_STORE_UNSAFE` if the server must not be used, with what to change. */
  async run(): Promise<void> {
    const answers = primaries(this.#wishes.client).map((node) => readInfo(node));
    // A Cluster goes on without the master that is down, so it is looked at without it.
    const infos = answers.length === 1 ? await Promise.all(answers) : await answered(answers, this.#wishes.deadline / 2);
    for (const info of infos) this.#judge(info);
    this.#passed = true;
  }

  #judge(info: ServerInfo): void {
    const { allowEviction, minReplicas } = this.#wishes;
    if (isOld(info.version)) throw unsafe(`Redis ${info.version} is too old; 6.2 is the oldest that will do`);
    if (info.policy !== 'noeviction' && info.policy !== allowEviction) this.#object(evictionText(info.policy));
    if (info.replicas < minReplicas) this.#missReplicas(`Redis has ${info.replicas} replicas connected, minReplicas says ${minReplicas}`);
  }

  /** Replicas that go missing later don't stop the store: an ending then says that it is not durable. */
  #missReplicas(text: string): void {
    if (this.#passed) this.#warn(text);
    else this.#object(text);
  }

  #object(text: string): void {
    if (process.env['NODE_ENV'] === 'production') throw unsafe(text);
    this.#warn(`${text}; refused in production`);
  }

  #warn(text: string): void {
    if (this.#warned.has(text)) return;
    this.#warned.add(text);
    process.emitWarning(text, { type: 'SessionStoreWarning', code: 'ERR_STORE_UNSAFE' });
  }
}

interface ServerInfo {
  readonly version: string;
  readonly policy: string;
  readonly replicas: number;
}

async function readInfo(node: RedisNode): Promise<ServerInfo> {
  const text = String(await node.call('info', []).catch(unlessForbidden));
  const field = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(text)?.[1];
  return {
    version: field('redis_version') ?? UNKNOWN,
    policy: field('maxmemory_policy') ?? UNKNOWN,
    replicas: Number(field('connected_slaves') ?? 0),
  };
}

/** What has been answered in time, or the first failure if nothing has. */
async function answered(answers: readonly Promise<ServerInfo>[], withinMs: number): Promise<readonly ServerInfo[]> {
  const infos: ServerInfo[] = [];
  const all = Promise.allSettled(answers.map((answer) => answer.then((info) => infos.push(info))));
  const first = Promise.any(answers);
  await Promise.race([all, sleep(withinMs, undefined, { ref: false })]);
  return infos.length === 0 ? [await first] : infos;
}

/** A server that does not let itself be looked at is treated as one that evicts. */
function unlessForbidden(error: unknown): string {
  if (redisCode(error) === 'NOPERM') return '';
  throw error;
}

function isOld(version: string): boolean {
  const [major = Number.NaN, minor = 0] = version.split('.').map(Number);
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
}

function evictionText(policy: string): string {
  const what =
    policy === UNKNOWN
      ? 'Redis does not tell its maxmemory-policy (allow INFO to this user)'
      : `Redis may evict sessions: maxmemory-policy is ${policy}`;
  return `${what}; set it to noeviction, or accept it with allowEviction: '${policy}'`;
}

function unsafe(message: string): SessionError {
  return new SessionError('ERR_STORE_UNSAFE', 503, message);
}
