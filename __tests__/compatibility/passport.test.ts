import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { cookieOf } from '../faults/small-app.ts';
import { expressVersions } from '../support/express.ts';
import { credentials, passportApp } from './passport-app.ts';
import { openStores, STORE_NAMES, type Stores } from './stores.ts';

let stores: Stores;
beforeAll(async () => {
  stores = await openStores();
});
afterAll(() => stores.stop());

const COMBINATIONS = expressVersions.flatMap(([version, express]) => STORE_NAMES.map((store) => [version, store, express] as const));

describe.each(COMBINATIONS)('passport-local and connect-flash on %s, %s store', (_version, storeName, express) => {
  const world = () => passportApp(express, stores[storeName]());

  test('a sign-in is one: one new id, one cookie, one session, one entry in the evidence', async () => {
    const { app, sessions, events } = world();
    const agent = request.agent(app);
    const visitor = cookieOf(await agent.get('/cart/book'));
    const answer = await agent.post('/login').type('form').send(credentials('ada')).expect(302);
    expect(answer.headers['location']).toBe('/me');
    expect(answer.headers['set-cookie']).toHaveLength(1);
    expect(cookieOf(answer)).not.toBe(visitor);
    const { body } = await agent.get('/me').expect(200);
    expect(body).toMatchObject({ user: { name: 'ada' }, signedIn: true, subject: { id: 'u1', kind: 'user' } });
    expect(await sessions.list({ app: 'app' })).toHaveLength(1);
    expect(events.filter(({ type }) => type === 'sign_in')).toHaveLength(1);
    expect((await agent.get('/cart')).body).toBeNull();
    expect((await request(app).get('/me').set('Cookie', visitor)).body).toMatchObject({ signedIn: false, subject: null });
  });

  test('the first request of a visitor may be the sign-in', async () => {
    const { app, sessions } = world();
    const answer = await request(app).post('/login').type('form').send(credentials('ada')).expect(302);
    expect(answer.headers['set-cookie']).toHaveLength(1);
    expect((await request(app).get('/me').set('Cookie', cookieOf(answer))).body.subject).toEqual({ id: 'u1', kind: 'user' });
    expect(await sessions.list({ subject: 'u1' })).toHaveLength(1);
  });

  test('a wrong password leads back with a message that is shown once', async () => {
    const { app, sessions } = world();
    const agent = request.agent(app);
    const answer = await agent.post('/login').type('form').send(credentials('ada', 'wrong')).expect(302);
    expect(answer.headers['location']).toBe('/login');
    expect((await agent.get('/login')).body).toEqual(['Wrong name or password.']);
    expect((await agent.get('/login')).body).toEqual([]);
    expect((await agent.get('/me')).body).toMatchObject({ signedIn: false, subject: null });
    expect(await sessions.list({ subject: 'u1' })).toHaveLength(0);
  });

  test('keepSessionInfo carries the cart over to the new id', async () => {
    const { app } = world();
    const agent = request.agent(app);
    const visitor = cookieOf(await agent.get('/cart/book'));
    const answer = await agent.post('/login-keeping').type('form').send(credentials('ada')).expect(200);
    expect(answer.headers['set-cookie']).toHaveLength(1);
    expect(cookieOf(answer)).not.toBe(visitor);
    expect((await agent.get('/cart')).body).toBe('book');
    expect((await agent.get('/me')).body.subject.id).toBe('u1');
  });

  test('somebody else signing in on the same browser starts from nothing', async () => {
    const { app, sessions } = world();
    const agent = request.agent(app);
    await agent.post('/login').type('form').send(credentials('ada')).expect(302);
    const old = cookieOf(await agent.post('/login').type('form').send(credentials('ada')).expect(302));
    await agent.get('/cart/letter');
    await agent.post('/login').type('form').send(credentials('grace')).expect(302);
    expect((await agent.get('/me')).body.subject.id).toBe('u2');
    expect((await agent.get('/cart')).body).toBeNull();
    expect((await request(app).get('/me').set('Cookie', old)).body.subject).toBeNull();
    expect(await sessions.list({ subject: 'u1' })).toHaveLength(0);
  });

  test('after logout the old cookie is dead, and the browser is told to drop it', async () => {
    const { app, sessions, events } = world();
    const agent = request.agent(app);
    const cookie = cookieOf(await agent.post('/login').type('form').send(credentials('ada')).expect(302));
    const answer = await agent.post('/logout').expect(302);
    expect(answer.headers['set-cookie']).toEqual([expect.stringMatching(/^app\.session=; .*Expires=Thu, 01 Jan 1970/)]);
    expect((await request(app).get('/me').set('Cookie', cookie)).body).toMatchObject({ user: null, signedIn: false, subject: null });
    expect(await sessions.list({ subject: 'u1' })).toHaveLength(0);
    expect(events.filter(({ type }) => type === 'sign_out')).toMatchObject([{ subject: { id: 'u1' } }]);
  });

  test('logout with keepSessionInfo keeps the cart under an id of its own, signed in to nobody', async () => {
    const { app } = world();
    const agent = request.agent(app);
    const cookie = cookieOf(await agent.post('/login').type('form').send(credentials('ada')).expect(302));
    await agent.get('/cart/book');
    const answer = await agent.post('/logout-keeping').expect(302);
    expect(answer.headers['set-cookie']).toHaveLength(1);
    expect(cookieOf(answer)).not.toBe(cookie);
    expect((await agent.get('/cart')).body).toBe('book');
    expect((await agent.get('/me')).body).toMatchObject({ signedIn: false, subject: null });
  });

  test('revoked by an administrator, passport finds nobody on the next request', async () => {
    const { app, sessions } = world();
    const agent = request.agent(app);
    await agent.post('/login').type('form').send(credentials('ada')).expect(302);
    expect(await sessions.revoke({ subject: 'u1' })).toMatchObject({ ended: 1 });
    expect((await agent.get('/me')).body).toMatchObject({ user: null, signedIn: false, subject: null });
  });
});
