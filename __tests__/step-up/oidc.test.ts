import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Configuration } from 'openid-client';
import { expressVersions } from '../support/express.ts';
import { type RunningProvider, startOidcProvider, visitorOf } from '../support/oidc-provider.ts';
import { type OidcWorldOptions, oidcWorld, REDIRECT_URI, traveller } from './oidc-world.ts';

const MFA = { sub: 'u1', acr: 'urn:example:mfa', amr: 'pwd otp' };
const PASSWORD = { sub: 'u1', acr: 'urn:example:password', amr: 'pwd' };

let provider: RunningProvider;
let configuration: Configuration;

beforeAll(async () => {
  provider = await startOidcProvider();
  configuration = await provider.client(REDIRECT_URI);
});
afterAll(() => provider.stop());

describe.each(expressVersions)('with a real provider, on %s', (_name, express) => {
  /** Ada, who signed in 20 minutes ago and has been active since. The clock of the store is near that of the provider. */
  async function ada(more: Partial<OidcWorldOptions> = {}) {
    let early = 20 * 60_000;
    const world = oidcWorld({ express, configuration, now: () => Date.now() - early, ...more });
    const person = traveller(world);
    await person.agent.post('/login').expect(204);
    early = 10 * 60_000;
    await person.visit('/').expect(200);
    early = 0;
    return { ...world, ...person, signIn: visitorOf(provider.issuer) };
  }

  test('a page that asks for a stronger sign-in opens after it', async () => {
    const { setOut, visit, record, signIn } = await ada();
    const before = await record();
    const address = await setOut('/report');
    expect(Object.fromEntries(address.searchParams)).toMatchObject({
      response_type: 'code',
      scope: 'openid',
      acr_values: 'urn:example:mfa urn:example:otp urn:example:passkey',
      max_age: '300',
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^[\w-]{22}\.[\w-]{43}$/),
    });
    expect(address.searchParams.has('prompt')).toBe(false);

    const { back } = await signIn(address.href, MFA);
    const confirmed = await visit(back).expect(303).expect('Location', '/report');
    expect(confirmed.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    expect((await visit('/report').expect(200)).text).toBe('the report');

    const after = await record();
    expect(after.id).not.toBe(before.id);
    expect(after.record).toMatchObject({
      createdAt: before.record['createdAt'],
      subject: { id: 'u1' },
      levels: { aal2: expect.anything() },
    });
    expect(Object.keys(after.record['methods'] as object).sort()).toEqual(['otp', 'pwd']);
  });

  test('max_age=0 asks once, and does not go in circles', async () => {
    const { setOut, visit, signIn } = await ada();
    for (const time of [1, 2]) {
      const address = await setOut('/vault');
      expect(address.searchParams.get('max_age')).toBe('0');
      expect(address.searchParams.get('prompt')).toBe('login');
      const way = await signIn(address.href, MFA);
      expect({ time, signIns: way.signIns, redirects: way.redirects }).toEqual({ time, signIns: 1, redirects: 3 });
      await visit(way.back).expect(303).expect('Location', '/vault');
      expect((await visit('/vault').expect(200)).text).toBe('the vault');
    }
  });

  test('a recent sign-in at the provider counts where the rule says so, without asking again', async () => {
    const { setOut, visit, signIn } = await ada();
    await signIn((await setOut('/mail')).href, PASSWORD);
    const way = await signIn((await setOut('/mail')).href, {});
    expect(way.signIns).toBe(0);
    await visit(way.back).expect(303).expect('Location', '/mail');
    await visit('/mail').expect(200);
  });

  test('a form goes on with its values after the confirmation, once', async () => {
    const { send, leave, visit, signIn, done, agent } = await ada();
    const asks = await send('/transfer', { to: 'Ada', amount: '400' }).expect(303);
    const address = await leave(asks.headers['location'] as string);
    expect(address.searchParams.get('max_age')).toBe('0');
    const { back } = await signIn(address.href, MFA);
    const resume = (await visit(back).expect(303)).headers['location'] as string;
    expect(resume).toMatch(/^\/transfer\?resume_request=/);
    expect((await visit(resume).expect(200)).text).toContain('Send 400 € to Ada');
    expect(done).toEqual([]);
    await send(resume, undefined).expect(200);
    expect(done).toEqual([{ to: 'Ada', amount: '400' }]);
    await send(resume, undefined).expect(410);
    await agent.post('/transfer').type('form').send({ to: 'Eve', amount: '400' }).expect(401);
    expect(done).toHaveLength(1);
  });

  test('a person who comes without having been asked is asked to sign in anew, and goes on at the start', async () => {
    const { leave, visit, signIn } = await ada();
    const page = await visit('/reauthenticate').expect(200);
    const address = await leave(/href="([^"]+)"[^>]*>Continue/.exec(page.text)?.[1]?.replace('/oidc', '') as string);
    expect(Object.fromEntries(address.searchParams)).toMatchObject({ max_age: '0', prompt: 'login' });
    expect(address.searchParams.has('acr_values')).toBe(false);
    const { back } = await signIn(address.href, PASSWORD);
    await visit(back).expect(303).expect('Location', '/');
    await visit('/mail').expect(200);
  });

  test.each([
    ['a weaker sign-in', '/report', PASSWORD, 403, 'Stronger sign-in required'],
    ['a sign-in without the method that is asked for', '/otp', PASSWORD, 403, 'Another way of signing in required'],
    ['a sign-in of ten minutes ago', '/report', { ...MFA, ago: '600' }, 401, 'Please sign in there anew'],
    ['a sign-in of one minute ago where it has to be new', '/vault', { ...MFA, ago: '60' }, 401, 'Please sign in there anew'],
    ['somebody else', '/mail', { ...MFA, sub: 'u2' }, 403, 'Not the same account'],
    ['somebody who is unknown here', '/mail', { ...MFA, sub: 'stranger' }, 403, 'Not the same account'],
    ['a person who cancels', '/mail', { error: 'access_denied' }, 401, 'Not confirmed'],
    ['a provider that cannot ask', '/mail', { error: 'login_required' }, 401, 'Not confirmed'],
    ['requirements that are not met', '/report', { error: 'unmet_authentication_requirements' }, 403, 'Not confirmed'],
    ['an error of the provider', '/mail', { error: 'server_error' }, 502, 'Sign-in provider not available'],
  ])('%s confirms nothing and changes nothing', async (_case, path, atSignIn, status, title) => {
    const { setOut, leave, visit, record, signIn } = await ada();
    const address = await setOut(path);
    const before = await record();
    const { back } = await signIn(address.href, atSignIn);
    const answer = await visit(back).expect(status);
    expect(answer.text).toContain(`<h1>${title}</h1>`);
    expect(answer.text).toContain('Nothing has been changed or sent.');
    expect(answer.text).not.toMatch(/not<\/b>|error_description|code=|state=/);
    expect(answer.headers).not.toHaveProperty('set-cookie');
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    expect(await record()).toEqual(before);
    await visit(path).expect(303);

    const again = /href="([^"]+)">Try again/.exec(answer.text)?.[1] as string;
    await visit(again).expect(200);
    const second = await leave(again);
    const { back: backAgain } = await visitorOf(provider.issuer)(second.href, { ...MFA, acr: 'urn:example:passkey' });
    await visit(backAgain).expect(303).expect('Location', path);
    await visit(path).expect(200);
    expect(answer.text).toContain('href="/">Cancel');
  });

  test('a provider that would give the same answer from its own session is told to ask anew', async () => {
    const { setOut, visit, signIn } = await ada();
    const address = await setOut('/mail');
    expect(address.searchParams.get('prompt')).toBeNull();
    const { back } = await signIn(address.href, { ...MFA, sub: 'u2' });
    const answer = await visit(back).expect(403);
    const again = /href="([^"]+)">Sign in there again/.exec(answer.text)?.[1]?.replaceAll('&#38;', '&') as string;
    const asked = new URL((await visit(again).expect(303)).headers['location'] as string);
    expect(asked.searchParams.get('prompt')).toBe('login');
  });

  test('nobody who is not signed in is sent to the provider', async () => {
    const { app } = await ada();
    const { visit } = traveller({ app });
    await visit('/reauthenticate').expect(303).expect('Location', '/login');
    await visit('/reauthenticate/oidc').expect(303).expect('Location', '/login');
    const answer = await visit('/reauthenticate/oidc/callback?code=x&state=y&loaded_again=1').expect(401);
    expect(answer.text).toContain('href="/login"');
  });
});
