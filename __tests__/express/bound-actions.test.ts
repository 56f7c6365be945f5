import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { stepUp } from '../../lib/index.ts';
import { boundAction, actionDigest } from '../../lib/express/interruption/action.ts';
import { deriveKey } from '../../lib/sessions/session-id.ts';
import { expressVersions } from '../support/express.ts';
import { bank, browser } from './bank.ts';

describe.each(expressVersions)('an authentication for one action and its values on %s', (_name, express) => {
  async function signedIn() {
    const world = bank(express);
    const person = browser(world.app);
    await person.agent.post('/login').expect(200);
    return { ...world, ...person };
  }

  async function confirmedFor(path: string, body: object) {
    const world = await signedIn();
    const { resume } = (await world.agent.post(path).send(body).expect(401)).body as { resume: string };
    await world.agent.post('/reauthenticate').send({ resume }).expect(303);
    return { ...world, resume };
  }

  test('a fresh sign-in is not for it, nor is a confirmation of nothing in particular', async () => {
    const { agent } = await signedIn();
    await agent.post('/transfer').send({ to: 'ada', amount: 1 }).expect(401);
    await agent.post('/reauthenticate').expect(303);
    await agent.post('/transfer').send({ to: 'ada', amount: 1 }).expect(401);
  });

  test('of twenty that are sent at once, one passes', async () => {
    const { agent, done } = await confirmedFor('/transfer', { to: 'ada', amount: 1 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => agent.post('/transfer').send({ to: 'ada', amount: 1 })));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(19);
    expect(done).toHaveLength(1);
  });

  test.each([
    { to: 'bob', amount: 1 },
    { to: 'ada', amount: 2 },
    { to: 'ada', amount: '1' },
    { to: ['ada'], amount: 1 },
  ])('%j asks again', async (changed) => {
    const { agent, done } = await confirmedFor('/transfer', { to: 'ada', amount: 1 });
    await agent.post('/transfer').send(changed).expect(401);
    await agent.post('/transfer').send({ to: 'ada', amount: 1 }).expect(201);
    expect(done).toHaveLength(1);
  });

  test('it opens no other action: neither one with values nor any that is for once', async () => {
    const { agent, done } = await confirmedFor('/transfer', { to: 'ada', amount: 1 });
    await agent.post('/once').expect(401);
    await agent.post('/signature').send({ document: 'x' }).expect(401);
    await agent.post('/transfer/').send({ to: 'ada', amount: 1 }).expect(401);
    expect(done).toEqual([]);
  });

  test('what one session was asked means nothing to another', async () => {
    const { app } = await signedIn();
    const [mine, theirs] = [browser(app), browser(app)];
    await mine.agent.post('/login?id=u1').expect(200);
    await theirs.agent.post('/login?id=u2').expect(200);
    const { resume } = (await theirs.agent.post('/transfer').send({ to: 'eve', amount: 9 }).expect(401)).body as { resume: string };
    await mine.agent.post('/reauthenticate').send({ resume }).expect(303);
    await mine.agent.post('/transfer').send({ to: 'eve', amount: 9 }).expect(401);
  });

  test('a later confirmation of something else takes its place', async () => {
    const { agent } = await confirmedFor('/transfer', { to: 'ada', amount: 1 });
    await agent.post('/reauthenticate').expect(303);
    await agent.post('/transfer').send({ to: 'ada', amount: 1 }).expect(401);
  });

  test('a value that cannot be bound fails the request, and says why to the developer', async () => {
    const { agent, done } = await signedIn();
    const answer = await agent.post('/transfer').set('Content-Type', 'application/json').send('{"to":"ada"}').expect(500);
    expect(answer.text).toContain('bind.amount is undefined');
    expect(done).toEqual([]);
  });

  test('a remembered, impersonated or API-key sign-in still has to authenticate', async () => {
    for (const how of ['remembered', 'impersonated', 'api-key']) {
      const { app } = await signedIn();
      const { agent } = browser(app);
      await agent.post(`/login?how=${how}`).expect(200);
      await agent.post('/transfer').send({ to: 'ada', amount: 1 }).expect(401);
    }
  });
});

describe('options', () => {
  test.each([
    [{ bind: 'to' }, 'bind must be a function'],
    [{ once: true, describe: 1 }, 'describe must be a function'],
    [{ once: true, bound: 1 }, 'no option "bound"'],
  ])('%j is refused at once', (options, message) => {
    expect(() => stepUp(options as never)).toThrow(message);
  });
});

describe('the digest of an action', () => {
  const key = deriveKey('x'.repeat(32), 'test');
  const action = actionDigest('POST', '/transfer');

  test('is the same for the same values in any order, and for no others', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        const same = canonical(one) === canonical(other);
        expect(boundAction(key, action, one) === boundAction(key, action, other)).toBe(same);
        expect(boundAction(key, action, shuffled(one))).toBe(boundAction(key, action, one));
      }),
    );
  });

  test('depends on the method, the path and the key', () => {
    const others = [actionDigest('PUT', '/transfer'), actionDigest('POST', '/transfer/'), actionDigest('POST', '/Transfer')];
    for (const other of others) expect(boundAction(key, other, 1)).not.toBe(boundAction(key, action, 1));
    expect(boundAction(deriveKey('y'.repeat(32), 'test'), action, 1)).not.toBe(boundAction(key, action, 1));
  });

  test.each([
    [undefined],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [new Date(0)],
    [new Map()],
    [() => 1],
    [{ a: { b: undefined } }],
    [[undefined]],
    [1n],
  ])('%p cannot be bound', (value) => {
    expect(() => boundAction(key, action, value)).toThrow(TypeError);
  });
});

/** Keys in order; -0 is 0, as JSON has it. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) =>
    one !== null && typeof one === 'object' && !Array.isArray(one)
      ? Object.fromEntries(
          Object.entries(one)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([name, inner]) => [`k${name}`, inner]),
        )
      : one,
  );
}

function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled);
  if (value === null || typeof value !== 'object') return value;
  const copy = Object.create(null) as Record<string, unknown>;
  for (const key of Object.keys(value).reverse()) copy[key] = shuffled((value as Record<string, unknown>)[key]);
  return copy;
}
