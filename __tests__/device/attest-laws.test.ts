import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { expressVersions } from '../support/express.ts';
import { AttestClient } from './attest-client.ts';
import { type AttestWorld, attestWorld, trustingVerifier } from './attest-world.ts';
import { dpopDevice } from './dpop-device.ts';

const [, express] = expressVersions[0] as (typeof expressVersions)[number];
const devices = await Promise.all([dpopDevice(), dpopDevice()]);
const HOUR_MS = 3_600_000;
const TOLERANCE_MS = 60_000;

/** What phones, a device manager, and somebody with things that were said before do. */
type Step =
  | { readonly do: 'sign in' | 'confirm' | 'ask' | 'attest' | 'say' | 'lose the token'; readonly on: number }
  | { readonly do: 'attest for another'; readonly on: number; readonly of: number }
  | { readonly do: 'assert'; readonly on: number; readonly which: number }
  | { readonly do: 'report'; readonly on: number; readonly end: boolean }
  | { readonly do: 'wait'; readonly ms: number };

const phone = fc.nat({ max: devices.length - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constantFrom(...(['sign in', 'confirm', 'ask', 'attest', 'attest', 'say', 'say', 'lose the token'] as const)),
    on: phone,
  }),
  fc.record({ do: fc.constant('attest for another' as const), on: phone, of: phone }),
  fc.record({ do: fc.constant('assert' as const), on: phone, which: fc.nat({ max: 5 }) }),
  fc.record({ do: fc.constant('report' as const), on: phone, end: fc.boolean() }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 999, 59_999, 61_000, 300_000, HOUR_MS - 1_000, HOUR_MS) }),
);

interface Voucher {
  readonly at: number;
  readonly until: number;
}

/** What a session of a phone has a right to. */
interface Entitled {
  challenge: { readonly text: string; readonly until: number } | undefined;
  attested: Voucher | undefined;
  managed: Voucher | undefined;
}

/** Two phones with keys, and what each has been given and shown: trust is what follows from that, and nothing else. */
class Model {
  readonly #world: AttestWorld = attestWorld(express);
  readonly #phones = devices.map((device) => new AttestClient(this.#world, device));
  readonly #sessions: (Entitled | undefined)[] = [undefined, undefined];
  readonly #said: { readonly text: string; readonly about: number; readonly at: number }[] = [];
  readonly #reported: (number | undefined)[] = [undefined, undefined];

  constructor() {
    this.#world.verifiers.set('trusting', trustingVerifier());
  }

  get #now(): number {
    return this.#world.clock.now();
  }

  async take(one: Step): Promise<void> {
    if (one.do === 'wait') this.#world.clock.advance(one.ms);
    else if (one.do === 'say') await this.#say(one.on);
    else if (one.do === 'report') await this.#report(one.on, one.end);
    else if (one.do === 'sign in') await this.#signIn(one.on);
    else await this.#inSession(one, this.#sessions[one.on]);
  }

  async #inSession(
    one: Exclude<Step, { readonly do: 'wait' | 'say' | 'report' | 'sign in' }>,
    session: Entitled | undefined,
  ): Promise<void> {
    const client = this.#phones[one.on] as AttestClient;
    if (session === undefined) return;
    if (one.do === 'confirm') await client.confirm();
    else if (one.do === 'ask') session.challenge = { text: await client.challenge(), until: this.#now + 300_000 };
    else if (one.do === 'attest') await this.#attest(client, session, `${session.challenge?.text}.${client.key}`, true);
    else if (one.do === 'attest for another') await this.#attestForAnother(client, session, one.on, one.of);
    else if (one.do === 'assert') await this.#assert(client, session, one.on, one.which);
    else await this.#loseToken(client, one.on);
  }

  async #signIn(on: number): Promise<void> {
    await (this.#phones[on] as AttestClient).signIn(on === 0 ? 'ada' : 'bob');
    this.#sessions[on] = { challenge: undefined, attested: undefined, managed: undefined };
  }

  async #loseToken(client: AttestClient, on: number): Promise<void> {
    client.token = undefined;
    this.#sessions[on] = undefined;
  }

  async #attest(client: AttestClient, session: Entitled, evidence: string, isOwn: boolean): Promise<void> {
    const isGood = isOwn && session.challenge !== undefined && this.#now < session.challenge.until;
    session.challenge = undefined;
    expect((await client.attest('trusting', evidence)).status).toBe(isGood ? 200 : 403);
    if (isGood) session.attested = later(session.attested, { at: this.#now, until: this.#now + HOUR_MS });
  }

  async #attestForAnother(client: AttestClient, session: Entitled, on: number, of: number): Promise<void> {
    const text = `${this.#sessions[of]?.challenge?.text}.${(this.#phones[of] as AttestClient).key}`;
    await this.#attest(client, session, text, on === of);
  }

  async #say(on: number): Promise<void> {
    const at = Math.floor(this.#now / 1_000) * 1_000;
    this.#said.push({ text: await this.#world.posture((devices[on] as (typeof devices)[0]).thumbprint), about: on, at });
  }

  async #assert(client: AttestClient, session: Entitled, on: number, which: number): Promise<void> {
    const said = this.#said.at(-1 - which);
    if (said === undefined) return;
    const until = said.at + HOUR_MS;
    const isSince = said.at > (this.#reported[on] ?? Number.NEGATIVE_INFINITY) + TOLERANCE_MS;
    const isGood = said.about === on && this.#now < until && isSince;
    expect((await client.attest('posture', said.text)).status).toBe(isGood ? 200 : 403);
    if (isGood) session.managed = later(session.managed, { at: said.at, until });
  }

  async #report(on: number, end: boolean): Promise<void> {
    const key = (devices[on] as (typeof devices)[0]).thumbprint;
    await this.#world.sessions.devices.report({ key, compliant: false, end });
    this.#reported[on] = this.#now;
    const session = this.#sessions[on];
    if (session !== undefined) session.managed = undefined;
    if (end) this.#sessions[on] = undefined;
  }

  /** Every phone has the trust that it has shown, with its key; without it, none. */
  async check(): Promise<void> {
    for (const [index, client] of this.#phones.entries()) {
      const session = this.#sessions[index];
      if (session === undefined) continue;
      expect(await client.trust()).toBe(this.#entitled(session));
      expect((await client.send('GET', '/phone/attested', { isUnproven: true })).status).toBe(401);
    }
  }

  #entitled({ attested, managed }: Entitled): string {
    const isGood = (voucher: Voucher | undefined) => voucher !== undefined && this.#now < voucher.until;
    if (isGood(managed)) return 'managed';
    return isGood(attested) ? 'attested' : 'bound';
  }
}

function later(one: Voucher | undefined, other: Voucher): Voucher {
  return one !== undefined && one.at > other.at ? one : other;
}

test('no sequence of events raises trust without the proof of that level', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 30 }), async (steps) => {
      const model = new Model();
      await model.take({ do: 'sign in', on: 0 });
      for (const one of steps) {
        await model.take(one);
        await model.check();
      }
    }),
    { numRuns: 40 },
  );
});
