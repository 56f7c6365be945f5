import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { expressVersions } from '../support/express.ts';
import { type KnownWorld, knownWorld, Visitor } from './known-world.ts';

const [, express] = expressVersions[0] as (typeof expressVersions)[0];

const PEOPLE = ['ada', 'bea'] as const;
const BROWSERS = 3;
const ENROLMENT_MS = 600_000;

/** What people, and somebody who gets at their browsers, do. */
type Step =
  | { readonly do: 'sign in'; readonly in: number; readonly as: string; readonly level: string; readonly how: string }
  | { readonly do: 'confirm' | 'enrol' | 'sign out' | 'look' | 'ask for a recent proof' | 'lose an answer'; readonly in: number }
  | { readonly do: 'copy the device cookie' | 'copy every cookie'; readonly in: number; readonly from: number }
  | { readonly do: 'forget'; readonly of: string; readonly which: number }
  | { readonly do: 'wait'; readonly ms: number };

const browser = fc.nat({ max: BROWSERS - 1 });
const person = fc.constantFrom(...PEOPLE);
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constant('sign in' as const),
      in: browser,
      as: person,
      level: fc.constantFrom('aal1', 'aal2', 'aal2'),
      how: fc.constantFrom('active', 'active', 'remembered', 'impersonated'),
    }),
    fc.record({
      do: fc.constantFrom(
        ...(['confirm', 'enrol', 'enrol', 'enrol', 'sign out', 'look', 'ask for a recent proof', 'lose an answer'] as const),
      ),
      in: browser,
    }),
    fc.record({ do: fc.constantFrom('copy the device cookie' as const, 'copy every cookie' as const), in: browser, from: browser }),
    fc.record({ do: fc.constant('forget' as const), of: person, which: fc.nat({ max: 3 }) }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 30_000, 61_000, ENROLMENT_MS, 3_600_001, 86_400_000) }),
  ),
  { minLength: 2, maxLength: 16 },
);

/** So that there is something to lose. */
const BEFORE: readonly Step[] = [
  { do: 'sign in', in: 0, as: 'ada', level: 'aal2', how: 'active' },
  { do: 'enrol', in: 0 },
];

describe('whatever happens, in whatever order', () => {
  test('a session is known only by a credential that its own subject has got for an enrolment at the level asked', async () => {
    let known = 0;
    await fc.assert(
      fc.asyncProperty(steps, async (list) => {
        const model = new Model(knownWorld(express));
        for (const step of [...BEFORE, ...list]) {
          await model.take(step);
          known += await model.check();
        }
      }),
      { numRuns: 60 },
    );
    // It would hold by itself if nobody ever got there.
    expect(known).toBeGreaterThan(100);
  });
});

interface Authentication {
  readonly subject: string;
  readonly strongAt: number | undefined;
}

/** What must be so, by nothing but what people did. */
class Model {
  readonly #world: KnownWorld;
  readonly #browsers: Visitor[];
  /** How whoever is signed in there has authenticated. */
  readonly #signedIn: (Authentication | undefined)[] = [];
  /** Whose the enrolled devices are. */
  readonly #devices = new Map<string, string>();
  #now = 0;

  constructor(world: KnownWorld) {
    this.#world = world;
    this.#browsers = Array.from({ length: BROWSERS }, () => new Visitor(world.app));
  }

  async take(step: Step): Promise<void> {
    if (step.do === 'wait') return this.#wait(step.ms);
    if (step.do === 'forget') return this.#forget(step.of, step.which);
    const visitor = this.#browsers[step.in] as Visitor;
    if (step.do === 'sign in') return this.#signIn(visitor, step);
    if (step.do === 'enrol') return this.#enrol(visitor, step.in);
    if (step.do === 'confirm') {
      const confirmed = (await visitor.post('confirm')).status === 200;
      const running = this.#signedIn[step.in];
      if (confirmed && running !== undefined) this.#signedIn[step.in] = { ...running, strongAt: this.#now };
    } else if (step.do === 'sign out') {
      await visitor.post('logout');
      this.#signedIn[step.in] = undefined;
    } else if (step.do === 'copy the device cookie') {
      visitor.device = this.#browsers[step.from]?.device;
    } else if (step.do === 'copy every cookie') {
      this.#browsers[step.in] = (this.#browsers[step.from] as Visitor).copy();
      this.#signedIn[step.in] = this.#signedIn[step.from];
    } else if (step.do === 'lose an answer') {
      await visitor.lost('get', 'recent');
    } else await visitor.get(step.do === 'look' ? 'known' : 'recent');
  }

  /** @returns In how many browsers the device is known. */
  async check(): Promise<number> {
    let count = 0;
    for (const visitor of this.#browsers) {
      const { subject, trust } = (await visitor.get('trust')).body as { subject?: { id: string } | null; trust?: string };
      if (trust !== 'known') continue;
      count += 1;
      const own = idsIn(visitor.device).filter((id) => this.#devices.get(id) === subject?.id);
      const enrolled = await this.#world.sessions.devices.list({ id: subject?.id as string, kind: 'user' });
      expect(enrolled.map(({ handle }) => handle)).toEqual(expect.arrayContaining(own));
      expect(own).toHaveLength(1);
    }
    return count;
  }

  async #wait(ms: number): Promise<void> {
    this.#now += ms;
    await this.#world.advance(ms);
  }

  async #forget(of: string, which: number): Promise<void> {
    const device = (await this.#world.sessions.devices.list({ id: of, kind: 'user' }))[which];
    if (device === undefined) return;
    expect(await this.#world.sessions.devices.forget({ id: of, kind: 'user' }, device.handle)).toBe(true);
    this.#devices.delete(device.handle);
  }

  async #signIn(visitor: Visitor, step: Step & { readonly do: 'sign in' }): Promise<void> {
    await visitor.signIn(step.as, `&level=${step.level}&how=${step.how}`);
    const isStrong = step.level === 'aal2' && step.how === 'active';
    this.#signedIn[step.in] = { subject: step.as, strongAt: isStrong ? this.#now : undefined };
  }

  async #enrol(visitor: Visitor, index: number): Promise<void> {
    const { body, status } = await visitor.post('enrol');
    if (status !== 200) return;
    const running = this.#signedIn[index];
    expect(running?.strongAt).toBeDefined();
    expect(this.#now - (running?.strongAt as number)).toBeLessThanOrEqual(ENROLMENT_MS);
    this.#devices.set((body as { handle: string }).handle, running?.subject as string);
  }
}

/** Ids in what a browser has as its device cookie. */
function idsIn(cookie: string | undefined): readonly string[] {
  return (cookie ?? '')
    .split('.')
    .filter((text) => text !== '')
    .map((text) => {
      const signed = Buffer.from(text, 'base64url').toString();
      return (JSON.parse(signed.slice(0, signed.lastIndexOf('.'))) as string[])[3] as string;
    });
}
