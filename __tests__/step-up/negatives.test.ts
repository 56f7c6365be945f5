import { describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { isLocalPath } from '../../lib/express/return-to.ts';
import { bank, browser, listening } from '../express/bank.ts';
import { rawRequest } from './raw-request.ts';

async function signedIn(query = '') {
  const world = bank();
  const person = browser(world.app);
  await person.agent.post(`/login${query}`).expect(200);
  return { ...world, ...person };
}

/** The address of the confirmation page, after a form was refused. */
async function asked(path = '/transfer', fields = 'to=ada&amount=1') {
  const world = await signedIn();
  const url = (await world.send(path, fields).expect(303)).headers['location'] as string;
  return { ...world, url, ticket: new URLSearchParams(url.split('?')[1]).get('return_to') as string };
}

const ELSEWHERE = [
  '//evil.example',
  '///evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  '/\t/evil.example',
  '/\n/evil.example',
  '%2f%2fevil.example',
  '/%5cevil.example@x\\',
  'https://evil.example/',
  'https:evil.example',
  'http://127.0.0.1:1/',
  'javascript:alert(1)',
  'data:text/html,x',
  '.evil.example',
  '@evil.example',
];

describe('redirected elsewhere: not', () => {
  test.each(ELSEWHERE)('by an unsigned way back to %j', async (target) => {
    const { agent } = await signedIn();
    const answer = await agent.post(`/reauthenticate?return_to=${encodeURIComponent(target)}`).expect(303);
    expect(answer.headers['location']).toBe('/home');
    const body = await agent.post('/reauthenticate').send({ return_to: target, resume: target }).expect(303);
    expect(body.headers['location']).toBe('/home');
  });

  test.each(ELSEWHERE.filter((target) => target !== '%2f%2fevil.example' && !/^[.@]/.test(target)))(
    'a path like %j is none of ours',
    (target) => {
      expect(isLocalPath(target)).toBe(false);
    },
  );

  test.each(['//evil.example/x', '/\\evil.example/x', 'http://evil.example/x'])('by asking for %j, which is challenged', async (target) => {
    const { origin, close } = await listening(bank().app);
    try {
      const answer = await rawRequest(origin, `GET ${target} HTTP/1.1`, { Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate' });
      expect(answer).not.toMatch(/location: (?!\/login)/i);
      const ticket = /return_to=([\w-]+)/.exec(answer)?.[1];
      if (ticket === undefined) return;
      const after = await fetch(`${origin}/login?return_to=${ticket}`, { method: 'POST', redirect: 'manual' });
      expect(after.headers.get('location') ?? '/').toMatch(/^\/(?![/\\])/);
    } finally {
      await close();
    }
  });

  test.each([
    'http://evil.example/',
    'http://127.0.0.1.evil.example/',
    'http://127.0.0.1:1/',
    'https://evil.example@127.0.0.1\\@evil/',
    'x',
  ])('by a form whose page says that it was %j', async (referer) => {
    const { agent } = await signedIn();
    const url = (
      await agent.post('/transfer').set('Accept', 'text/html').set('Referer', referer).type('form').send('to=ada&amount=1').expect(303)
    ).headers['location'] as string;
    const { body } = await agent.get(url).expect(200);
    expect(body.asked.cancelPath).toBe('/');
    const kept = (await agent.post(url).expect(303)).headers['location'] as string;
    expect((await agent.post(`${kept}&cancel_request`).expect(303)).headers['location']).toBe('/');
  });
});

describe('what was asked, forged or misused: not', () => {
  test('a byte of it changed, or another spelling', async () => {
    const { agent, ticket } = await asked();
    const bytes = Buffer.from(ticket, 'base64url');
    for (const at of [0, 10, Math.floor(bytes.length / 2), bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] as number) ^ 1;
      const answer = await agent.get(`/reauthenticate?return_to=${changed.toString('base64url')}`).expect(200);
      expect(answer.body).toEqual({ asked: null, next: '/home' });
    }
    for (const spelling of [`${ticket}=`, `${ticket}A`, ` ${ticket}`])
      expect((await agent.get(`/reauthenticate?return_to=${encodeURIComponent(spelling)}`).expect(200)).body.asked).toBeNull();
  });

  test('the id of a kept request as the way back, and the way back as the id', async () => {
    const { agent, url, ticket, done } = await asked();
    const kept = (await agent.post(url).expect(303)).headers['location'] as string;
    const id = kept.split('resume_request=')[1] as string;
    expect((await agent.get(`/reauthenticate?return_to=${id}`).expect(200)).body.asked).toBeNull();
    await agent.post(`/transfer?resume_request=${ticket}`).set('Accept', 'text/html').type('form').send('to=eve&amount=9').expect(303);
    expect(done).toEqual([]);
  });

  test('in another app, or after half an hour', async () => {
    const { app, agent, url, ticket, clock } = await asked();
    const { token } = (await request(app).post('/phone/login').expect(200)).body as { token: string };
    const phone = await request(app).get(`/phone/reauthenticate?return_to=${ticket}`).set('Authorization', `Bearer ${token}`).expect(200);
    expect(phone.body).toEqual({ asked: null, next: '/home' });
    for (const _step of [1, 2, 3]) {
      clock.advance('10m');
      await agent.get('/home').expect(200);
    }
    expect((await agent.get(url).expect(200)).body).toEqual({ asked: null, next: '/home' });
  });

  test('twice: what was confirmed and sent is gone', async () => {
    const { agent, send, url, done } = await asked();
    const kept = (await send(url, '').expect(303)).headers['location'] as string;
    await send(kept, '').expect(201);
    const again = (await send(url, '').expect(303)).headers['location'] as string;
    await send(again, '').expect(410);
    await send(kept, '').expect(410);
    expect(done).toHaveLength(1);
    await agent.get('/home').expect(200);
  });
});

describe('passing without what was asked: not', () => {
  test.each(['?level=aal2', '?maxAge=999', '?acr_values=aal1', '?max_age=0'])('by asking for less: %s', async (query) => {
    const { agent, clock } = await signedIn();
    clock.advance('2m');
    await agent.post(`/pay${query}`).expect(401);
    await agent.post('/pay').send({ level: 'aal1', maxAge: '1h', stepUp: false }).expect(401);
  });

  test('by trying again, however often', async () => {
    const { agent, clock, done } = await signedIn();
    clock.advance('2m');
    for (let count = 0; count < 10; count += 1) {
      await agent.post('/pay').expect(401);
      clock.advance('10s');
    }
    expect(done).toEqual([]);
  });

  test('by a confirmation of somebody else, which changes nothing', async () => {
    const { agent, clock } = await signedIn();
    clock.advance('2m');
    await agent.post('/reauthenticate?id=u2').expect(403);
    await agent.post('/pay').expect(401);
    expect((await agent.get('/home').expect(200)).body.subject).toEqual({ id: 'u1', kind: 'user' });
  });

  test.each(['remembered', 'impersonated', 'api-key'])('by a sign-in that was %s', async (how) => {
    const { agent, done } = await signedIn(`?how=${how}&level=aal2`);
    for (const path of ['/pay', '/once', '/transfer']) await agent.post(path).send({ to: 'ada', amount: 1 }).expect(401);
    expect(done).toEqual([]);
  });

  test('by signing in again: that is another session, and what was kept stays behind', async () => {
    const { agent, send, url, done } = await asked();
    await agent.post('/login').expect(200);
    const after = (await send(url, '').expect(303)).headers['location'] as string;
    expect(after).toBe('/');
    await agent.post('/transfer').send({ to: 'ada', amount: 1 }).expect(401);
    expect(done).toEqual([]);
  });

  test('by a confirmation that another site makes the browser send', async () => {
    const { agent, url } = await asked();
    await agent.post(url).set('Sec-Fetch-Site', 'cross-site').expect(403);
    await agent.post(url).set('Origin', 'https://evil.example').expect(403);
  });
});
