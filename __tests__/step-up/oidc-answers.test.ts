import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { manualClock } from '../../lib/testing/manual-clock.ts';
import { expressVersions } from '../support/express.ts';
import { type ForgedProvider, type Manner, startForgedProvider } from '../support/oidc-provider-forged.ts';
import { type OidcWorldOptions, oidcWorld, traveller } from './oidc-world.ts';

type Claims = Readonly<Record<string, unknown>>;

let provider: ForgedProvider;

beforeAll(async () => {
  provider = await startForgedProvider();
});
beforeEach(() => {
  provider.claims = {};
  provider.manner = 'signed';
  provider.exchanges = 0;
});
afterAll(() => provider.stop());

/** Somebody who signed in an hour ago, and the clock of the store. What the provider says is the test's to say. */
async function somebody(more: Partial<OidcWorldOptions> = {}) {
  const clock = manualClock();
  const world = oidcWorld({ configuration: provider.configuration, now: clock.now, ...more });
  const person = traveller(world);
  await person.agent.post('/login').expect(204);
  for (let quarter = 0; quarter < 6; quarter += 1) {
    clock.advance('10m');
    await person.visit('/').expect(200);
  }
  /** Seconds of the store's clock, as an ID token has them. */
  const seconds = (ago = 0): number => Math.floor(clock.now() / 1_000) - ago;
  /** Sets out, and comes back with what the provider says about it. */
  async function comeBackWith(path: string, claims: (nonce: string) => Claims, query: Readonly<Record<string, string>> = {}) {
    const { searchParams } = await person.setOut(path);
    provider.claims = claims(searchParams.get('nonce') as string);
    return callback({ code: 'a-code', state: searchParams.get('state') as string, iss: provider.issuer, ...query });
  }
  return { ...world, ...person, clock, seconds, comeBackWith };
}

function callback(query: Readonly<Record<string, string>>): string {
  return `/reauthenticate/oidc/callback?${new URLSearchParams(query).toString()}`;
}

/** Claims that confirm anything. */
function good(nonce: string, authTime: number): Claims {
  return { nonce, auth_time: authTime, acr: 'urn:example:passkey', amr: ['hwk', 'otp'] };
}

describe.each(expressVersions)('answers of a provider, on %s', (_name, express) => {
  test('a good one is taken: with its level, its methods, and the time at which it says that it was', async () => {
    const { comeBackWith, visit, record, seconds } = await somebody({ express });
    const way = await comeBackWith('/report', (nonce) => good(nonce, seconds(120)));
    await visit(way).expect(303).expect('Location', '/report');
    const at = seconds(120) * 1_000;
    expect((await record()).record).toMatchObject({
      authenticatedAt: at,
      levels: { aal1: expect.anything(), 'phishing-resistant': at },
      methods: { pwd: expect.anything(), hwk: at, otp: at },
    });
    await visit('/report').expect(200);
  });

  const provided: readonly (readonly [what: string, path: string, claims: (good: Claims, now: number) => Claims, status: number])[] = [
    ['no auth_time', '/mail', (rest) => ({ ...rest, auth_time: undefined }), 502],
    ['an auth_time that is text', '/mail', (rest, now) => ({ ...rest, auth_time: String(now) }), 502],
    ['an auth_time of 0', '/mail', (rest) => ({ ...rest, auth_time: 0 }), 502],
    ['an auth_time in the future', '/mail', (rest, now) => ({ ...rest, auth_time: now + 6 }), 502],
    [
      'an old auth_time, whatever its iat',
      '/mail',
      (rest, now) => ({ ...rest, auth_time: now - 306, iat: Math.floor(Date.now() / 1_000) }),
      401,
    ],
    ['an auth_time from before it was asked, for once', '/vault', (rest, now) => ({ ...rest, auth_time: now - 6 }), 401],
    ['a lower acr', '/report', (rest) => ({ ...rest, acr: 'urn:example:password' }), 403],
    ['no acr', '/report', (rest) => ({ ...rest, acr: undefined }), 403],
    ['an acr that it was not told of', '/report', (rest) => ({ ...rest, acr: 'urn:example:MFA' }), 403],
    ['several acr', '/report', (rest) => ({ ...rest, acr: ['urn:example:mfa'] }), 403],
    ['no amr', '/otp', (rest) => ({ ...rest, amr: undefined }), 403],
    ['another amr', '/otp', (rest) => ({ ...rest, amr: ['pwd', 'OTP', ' otp'] }), 403],
    ['an amr that is no list', '/otp', (rest) => ({ ...rest, amr: 'otp' }), 403],
    ['another subject', '/mail', (rest) => ({ ...rest, sub: 'u2' }), 403],
    ['a subject that nobody knows', '/mail', (rest) => ({ ...rest, sub: 'nobody' }), 403],
    ['another issuer', '/mail', (rest) => ({ ...rest, iss: 'https://id.example.com' }), 502],
    ['another audience', '/mail', (rest) => ({ ...rest, aud: 'another-client' }), 502],
    ['another nonce', '/mail', (rest) => ({ ...rest, nonce: 'n'.repeat(43) }), 502],
    ['no nonce', '/mail', (rest) => ({ ...rest, nonce: undefined }), 502],
    ['a token that has expired', '/mail', (rest) => ({ ...rest, exp: Math.floor(Date.now() / 1_000) - 31 }), 502],
  ];

  test.each(provided)('%s confirms nothing', async (_what, path, claims, status) => {
    const { comeBackWith, visit, record, seconds } = await somebody({ express });
    const way = await comeBackWith(path, (nonce) => claims(good(nonce, seconds()), seconds()));
    await expectRefusal({ visit, record }, way, status);
    await visit(path).expect(303);
  });

  const manners: readonly Manner[] = [
    'signed by another key',
    'signed with the client secret',
    'unsigned',
    'without an ID token',
    'invalid_grant',
    'out of order',
    'not JSON',
    'hangs up',
  ];

  test.each(manners)('an answer that is "%s" confirms nothing', async (manner) => {
    const { comeBackWith, visit, record, seconds, logged } = await somebody({ express });
    provider.manner = manner;
    const way = await comeBackWith('/mail', (nonce) => good(nonce, seconds()));
    await expectRefusal({ visit, record }, way, 502);
    expect(provider.exchanges).toBe(1);
    expect(logged).toEqual([{ code: 'check_failed', app: 'bank', message: expect.stringMatching(/^OpenID Connect: [\w :]+$/) }]);
  });

  test.each([
    ['another issuer', { iss: 'https://id.example.com' }],
    ['no issuer, where the provider always says it', { iss: '' }],
    ['no code', { code: '' }],
  ])('a callback with %s confirms nothing, and no code goes out', async (_what, query) => {
    const { comeBackWith, visit, record, seconds } = await somebody({ express });
    const way = await comeBackWith('/mail', (nonce) => good(nonce, seconds()), query as Readonly<Record<string, string>>);
    await expectRefusal({ visit, record }, way.replace(/&(iss|code)=(?=&|$)/, ''), 502);
  });
});

describe('a callback', () => {
  test('a provider that does not answer is not waited for', async () => {
    const { comeBackWith, visit, record, seconds } = await somebody({ more: { deadline: '1s' } });
    provider.manner = 'never';
    const way = await comeBackWith('/mail', (nonce) => good(nonce, seconds()));
    const before = performance.now();
    await expectRefusal({ visit, record }, way, 502);
    expect(performance.now() - before).toBeLessThan(5_000);
  });

  test('is answered once', async () => {
    const { comeBackWith, visit, seconds } = await somebody();
    const way = await comeBackWith('/vault', (nonce) => good(nonce, seconds()));
    await visit(way).expect(303);
    await visit('/vault').expect(200);
    const replayed = await visit(way).expect(403);
    expect(replayed.text).toContain('No longer valid');
    expect(provider.exchanges).toBe(1);
    await visit('/vault').expect(303);
  });

  test('that comes many times at once is answered once', async () => {
    const { comeBackWith, visit, seconds } = await somebody();
    const way = await comeBackWith('/vault', (nonce) => good(nonce, seconds()));
    const answers = await Promise.all(Array.from({ length: 20 }, () => visit(way)));
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
    expect(provider.exchanges).toBe(1);
  });

  test('that failed cannot be tried again', async () => {
    const { comeBackWith, visit, seconds } = await somebody();
    provider.manner = 'out of order';
    const way = await comeBackWith('/mail', (nonce) => good(nonce, seconds()));
    await visit(way).expect(502);
    provider.manner = 'signed';
    await visit(way).expect(403);
  });

  test('with another state confirms nothing, and uses up what it half belonged to', async () => {
    const { setOut, visit, record } = await somebody();
    const state = (await setOut('/mail')).searchParams.get('state') as string;
    const before = await record();
    const [id = ''] = state.split('.');
    for (const wrong of [`${id}.${'A'.repeat(43)}`, state]) {
      await visit(callback({ code: 'a-code', state: wrong, iss: provider.issuer })).expect(403);
    }
    expect(await record()).toEqual(before);
    expect(provider.exchanges).toBe(0);
  });

  test.each([
    ['no state', undefined],
    ['an empty state', ''],
    ['a state of no such form', '../../notes'],
    ['a state that nobody has', `${'A'.repeat(22)}.${'A'.repeat(43)}`],
  ])('with %s confirms nothing', async (_what, state) => {
    const { visit } = await somebody();
    await visit(callback({ code: 'a-code', ...(state === undefined ? {} : { state }) })).expect(403);
  });

  test('of another session confirms nothing in this one', async () => {
    const world = oidcWorld({ configuration: provider.configuration });
    const [ada, eve] = [traveller(world), traveller(world)];
    await ada.agent.post('/login?id=u1').expect(204);
    await eve.agent.post('/login?id=u1').expect(204);
    const state = (await eve.leave('/reauthenticate')).searchParams.get('state') as string;
    await ada.visit(callback({ code: 'a-code', state, iss: provider.issuer })).expect(403);
    expect(provider.exchanges).toBe(0);
  });

  test('after ten minutes confirms nothing', async () => {
    const { comeBackWith, visit, seconds, clock } = await somebody();
    const way = await comeBackWith('/mail', (nonce) => good(nonce, seconds()));
    clock.advance('10m');
    await visit(way).expect(403);
    expect(provider.exchanges).toBe(0);
  });

  test('is no activity of the person', async () => {
    const { setOut, visit, record, clock } = await somebody();
    await setOut('/mail');
    const { lastActiveAt } = (await record()).record;
    clock.advance('5m');
    await visit(callback({ code: 'a-code', state: 'wrong' })).expect(403);
    expect((await record()).record['lastActiveAt']).toBe(lastActiveAt);
  });

  test('is not used up by what looks ahead', async () => {
    const { comeBackWith, agent, visit, seconds } = await somebody();
    const way = await comeBackWith('/mail', (nonce) => good(nonce, seconds()));
    await agent.head(way).expect(405);
    await visit(way).expect(303);
  });

  test('takes what was asked from where the way began, not from its own address', async () => {
    const { leave, visit, send, record, seconds, comeBackWith } = await somebody();
    const asks = await send('/transfer', { to: 'Ada', amount: '400' }).expect(303);
    const other = new URL(asks.headers['location'] as string, 'http://here').searchParams.get('return_to') as string;
    await leave('/reauthenticate');
    const way = await comeBackWith('/mail', (nonce) => good(nonce, seconds()), { return_to: other, resume: other });
    await visit(way).expect(303).expect('Location', '/mail');
    expect((await record()).record).not.toHaveProperty('authenticatedFor');
  });

  test('after the session has ended says so', async () => {
    const { comeBackWith, visit, seconds, sessions } = await somebody();
    const way = await comeBackWith('/mail', (nonce) => good(nonce, seconds()));
    await sessions.revoke({ subject: 'u1' });
    const first = await visit(way).expect(200);
    const again = /url=(\S+)/.exec(first.headers['refresh'] as string)?.[1] as string;
    expect((await visit(again).expect(401)).text).toContain('Your session has ended meanwhile');
    expect(provider.exchanges).toBe(0);
  });
});

describe('without the cookie of the session, which browsers keep back when another site leads here', () => {
  test('the address is loaded again from here, once', async () => {
    const world = oidcWorld({ configuration: provider.configuration });
    const { visit } = traveller(world);
    const way = '/reauthenticate/oidc/callback?code=a%22%3Bb&state=%3Cb%3E';
    const page = await visit(way).expect(200);
    expect(page.headers).toMatchObject({
      refresh: '0; url=/reauthenticate/oidc/callback?code=a%22%3Bb&state=%3Cb%3E&loaded_again=1',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
    const again = await visit(`${way}&loaded_again=1`).expect(401);
    expect(again.headers).not.toHaveProperty('refresh');
    expect(provider.exchanges).toBe(0);
  });
});

describe('a provider that cannot be found out about', () => {
  test('is answered for, and asked again the next time', async () => {
    let calls = 0;
    const configuration = async () => {
      calls += 1;
      if (calls === 1) throw new Error('getaddrinfo ENOTFOUND id.example.com');
      return provider.configuration;
    };
    const { visit, logged, leave } = await somebody({ configuration });
    expect((await visit('/reauthenticate/oidc').expect(502)).text).toContain('Sign-in provider not available');
    expect(logged).toEqual([{ code: 'check_failed', app: 'bank', message: 'OpenID Connect: discovery: Error' }]);
    await leave('/reauthenticate');
    await leave('/reauthenticate');
    expect(calls).toBe(2);
  });

  test('is not waited for', async () => {
    const { visit } = await somebody({ configuration: () => new Promise(() => undefined), more: { deadline: '1s' } });
    await visit('/reauthenticate/oidc').expect(502);
  });
});

describe('what the provider is asked', () => {
  test('a sign-in that is newer than the one that is known, where the rule gives no age', async () => {
    const { setOut, comeBackWith, visit, clock, seconds } = await somebody();
    await visit(await comeBackWith('/mail', (nonce) => good(nonce, seconds()))).expect(303);
    clock.advance('6m');
    expect((await setOut('/mail')).searchParams.get('max_age')).toBe('300');
    clock.advance('1m');
    await visit(await comeBackWith('/mail', (nonce) => ({ ...good(nonce, seconds()), acr: 'other' }))).expect(303);
    clock.advance('30s');
    // The level was reached seven minutes ago; half a minute ago it was not, and that adds nothing.
    expect((await setOut('/report')).searchParams.get('max_age')).toBe('29');
  });

  test('whom to expect, if the application knows', async () => {
    const more = { hint: async () => ({ loginHint: 'ada@example.com', idTokenHint: 'an-id-token' }) };
    const { setOut } = await somebody({ more });
    expect(Object.fromEntries((await setOut('/mail')).searchParams)).toMatchObject({
      login_hint: 'ada@example.com',
      id_token_hint: 'an-id-token',
    });
  });

  test('nothing, where no acr of it reaches what is needed', async () => {
    const { visit } = await somebody({ more: { levels: { aal1: ['urn:example:password'] } } });
    const asks = await visit('/report').expect(303);
    const page = (asks.headers['location'] as string).replace('/reauthenticate', '/reauthenticate/oidc');
    expect((await visit(page).expect(403)).text).toContain('could not confirm you in the way that this needs');
  });
});

async function expectRefusal(
  { visit, record }: Pick<Awaited<ReturnType<typeof somebody>>, 'visit' | 'record'>,
  way: string,
  status: number,
): Promise<void> {
  const before = await record();
  const answer = await visit(way).expect(status).expect('Content-Type', /html/);
  expect(answer.headers).not.toHaveProperty('set-cookie');
  expect(answer.text).not.toMatch(/<script|invalid_grant|a-code|urn:example|u2/);
  expect(await record()).toEqual(before);
}
