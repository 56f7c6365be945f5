import { decodeValue, INVALID, isEnded } from '../record-format.ts';
import type { ListedSession } from '../session-store.ts';
import { checkName } from '../store-input.ts';
import type { Connection } from './connection.ts';
import type { KeySpace } from './key-space.ts';
import type { Pulse } from './pulse.ts';
import { scanSessions } from './scan.ts';
import type { ScriptRunner } from './script-runner.ts';
import { LIST } from './scripts.ts';
import { sessionInside } from './session-text.ts';

/** The lists of a Redis store: of a subject's sessions by one script, of an app's by walking all keys. */
export class SessionLists {
  readonly #connection: Connection;
  readonly #runner: ScriptRunner;
  readonly #pulse: Pulse;
  readonly #keys: KeySpace;

  constructor(connection: Connection, runner: ScriptRunner, pulse: Pulse, keys: KeySpace) {
    this.#connection = connection;
    this.#runner = runner;
    this.#pulse = pulse;
    this.#keys = keys;
  }

  async ofTag(tag: string): Promise<readonly ListedSession[]> {
    const reply = (await this.#runner.run(LIST, [this.#keys.home(tag)], () => [])) as readonly string[];
    const sessions: (ListedSession | undefined)[] = [];
    for (let at = 0; at + 1 < reply.length; at += 2) sessions.push(this.#listed(tag, reply[at] as string, reply[at + 1] as string));
    return byActivity(sessions);
  }

  async ofApp(app: string, atMost: number): Promise<readonly ListedSession[]> {
    if (app !== '*') checkName(app);
    const take = (key: string, value: string): ListedSession | undefined => {
      const listed = this.#listedUnder(key, value);
      return app === '*' || listed?.ref.app === app ? listed : undefined;
    };
    await this.#connection.run(() => this.#pulse.usable());
    return byActivity(await scanSessions(this.#connection, this.#keys.pattern, atMost, take));
  }

  /** The session of a key that a scan came upon, if it is the key of one. */
  #listedUnder(key: string, value: string): ListedSession | undefined {
    const { tag, member } = this.#keys.readKey(key) ?? {};
    if (tag === undefined) return undefined;
    const found = member === undefined ? sessionInside(value) : { member, text: value };
    return found === undefined ? undefined : this.#listed(tag, found.member, found.text);
  }

  #listed(tag: string, member: string, text: string): ListedSession | undefined {
    const ref = this.#keys.refOfMember(tag, member);
    const decoded = ref === undefined ? INVALID : decodeValue(text, ref);
    if (ref === undefined || isEnded(decoded) || decoded.rotatedAt > 0) return undefined;
    return this.#pulse.epochs.endOf(ref.app, decoded.createdAt) === undefined ? { ref, record: decoded } : undefined;
  }
}

function byActivity(sessions: readonly (ListedSession | undefined)[]): readonly ListedSession[] {
  const live = sessions.filter((session) => session !== undefined);
  return live.sort((a, b) => a.record.lastActiveAt - b.record.lastActiveAt);
}
