import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import OAuth2Strategy from 'passport-oauth2';
import request from 'supertest';
import { cookieOf } from '../faults/small-app.ts';
import { expressVersions } from '../support/express.ts';
import { type OAuthProvider, startOAuthProvider } from './oauth-provider.ts';
import { type PassportApp, passportApp, userById } from './passport-app.ts';
import { openStores, STORE_NAMES, type Stores } from './stores.ts';

let stores: Stores;
let provider: OAuthProvider;
beforeAll(async () => {
  [stores, provider] = await Promise.all([openStores(), startOAuthProvider()]);
});
afterAll(async () => {
  await Promise.all([stores.stop(), provider.stop()]);
});

const CALLBACK = 'http://app.example.com/callback';
const COMBINATIONS = expressVersions.flatMap(([version, express]) => STORE_NAMES.map((store) => [version, store, express] as const));

describe.each(COMBINATIONS)('passport-oauth2 with its state in the session on %s, %s store', (_version, storeName, express) => {
  const world = () => passportApp(express, stores[storeName](), addOAuth);

  test('signs in with one rotation, and the state is gone', async () => {
    const { app, sessions } = world();
    const agent = request.agent(app);
    const start = await agent.get('/oauth').expect(302);
    const before = cookieOf(start);
    const back = await followProvider(start.headers['location']);
    const answer = await agent.get(back).expect(302);
    expect(answer.headers['location']).toBe('/me');
    expect(answer.headers['set-cookie']).toHaveLength(1);
    expect(cookieOf(answer)).not.toBe(before);
    expect((await agent.get('/me')).body).toMatchObject({ user: { name: 'ada' }, subject: { id: 'u1' } });
    expect(await sessions.list({ app: 'app' })).toHaveLength(1);
    expect((await request(app).get('/me').set('Cookie', before)).body.subject).toBeNull();
  });

  test('the way back of somebody else, or taken twice, signs nobody in', async () => {
    const { app, sessions } = world();
    const attacker = request.agent(app);
    const theirs = await followProvider((await attacker.get('/oauth')).headers['location']);
    const victim = request.agent(app);
    await victim.get('/oauth').expect(302);
    await victim.get(theirs).expect(302).expect('Location', '/login');
    await request(app).get(theirs).expect(302).expect('Location', '/login');
    expect((await victim.get('/me')).body.subject).toBeNull();
    expect(await sessions.list({ subject: 'u1' })).toHaveLength(0);
    await attacker.get(theirs).expect(302).expect('Location', '/me');
    await attacker.get(theirs).expect(302).expect('Location', '/login');
  });
});

function addOAuth({ app, auth }: PassportApp): void {
  const { url } = provider;
  const options = {
    authorizationURL: `${url}/authorize`,
    tokenURL: `${url}/token`,
    clientID: 'app',
    clientSecret: 'of the test',
    callbackURL: CALLBACK,
    state: true,
    pkce: true,
  };
  auth.use(
    new OAuth2Strategy(options, (accessToken, _refreshToken, _profile, done) =>
      done(null, userById(accessToken.replace('token-of-', '')) ?? false),
    ),
  );
  app.get('/oauth', auth.authenticate('oauth2'));
  app.get('/callback', auth.authenticate('oauth2', { successRedirect: '/me', failureRedirect: '/login' }));
}

/** What the browser does at the provider: the path that it comes back by. */
async function followProvider(location: string | undefined): Promise<string> {
  const answer = await fetch(String(location), { redirect: 'manual' });
  const back = new URL(answer.headers.get('location') ?? '');
  return back.pathname + back.search;
}
