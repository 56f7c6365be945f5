import { describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { memoryStore } from '../../lib/index.ts';
import { expressVersions } from '../support/express.ts';
import { bank, type BankOptions, browser } from './bank.ts';

const FIELDS = 'to=ada&amount=400&note=a%20%26%20b&tag=x&tag=y';

describe.each(expressVersions)('an interrupted request on %s', (_name, express) => {
  async function signedIn(options: BankOptions = {}) {
    const world = bank(express, options);
    const person = browser(world.app);
    await person.agent.post('/login').expect(200);
    world.clock.advance('2m');
    return { ...world, ...person };
  }

  /** The form is refused, the person confirms, and comes to the page that shows what was kept. */
  async function interrupted(path = '/pay', fields: string = FIELDS, options: BankOptions = {}) {
    const world = await signedIn(options);
    const asked = await world.send(path, fields).expect(303);
    const confirmed = await world.send(asked.headers['location'] as string, '').expect(303);
    return { ...world, asked: asked.headers['location'] as string, kept: confirmed.headers['location'] as string };
  }

  test('a page returns to where it was', async () => {
    const { send, visit } = await signedIn();
    const asked = (await visit('/secret?page=2').expect(303)).headers['location'] as string;
    const confirmed = (await send(asked, '').expect(303)).headers['location'] as string;
    expect(confirmed).toBe('/secret?page=2');
    await visit(confirmed).expect(200);
  });

  test.each([
    ['before the body was read', {}],
    ['with nested fields', { extended: true }],
    ['after the body was read', { parserFirst: true }],
    ['after nested fields were read', { parserFirst: true, extended: true }],
  ])('a form goes on with its values, %s', async (_when, options) => {
    const fields = 'extended' in options ? `${FIELDS}&address[city]=Bern&address[lines][]=1` : FIELDS;
    const world = await interrupted('/pay?draft=7', fields, options);
    expect(world.kept).toMatch(/^\/pay\?draft=7&resume_request=[\w-]+$/);
    expect(world.done).toEqual([]);
    const page = await world.visit(world.kept).expect(200);
    expect(page.text).toContain('You were about to send a form to /pay.');
    expect(page.text).not.toContain('ada');
    expect(world.done).toEqual([]);
    const plain = await signedIn(options);
    await plain.send('/reauthenticate', '').expect(303);
    await plain.send('/pay?draft=7', fields).expect(201);
    await world.send(world.kept, '').expect(201);
    expect(world.done).toHaveLength(1);
    expect(world.done[0]?.body).toEqual(plain.done[0]?.body);
    expect(world.done[0]?.body).toMatchObject({ to: 'ada', amount: '400', note: 'a & b', tag: ['x', 'y'] });
    expect(world.done[0]?.query).toMatchObject({ draft: '7' });
  });

  test('it can be sent once, and after that it says so', async () => {
    const { send, visit, kept, done, events } = await interrupted();
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(kept, '')));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 410)).toHaveLength(9);
    expect(done).toHaveLength(1);
    expect((await send(kept, '').expect(410)).text).toContain('No longer there');
    await visit(kept).expect(410);
    expect(events.some(({ reason }) => reason === 'request_expired')).toBe(true);
  });

  test('looking at it sends nothing, and it can be cancelled', async () => {
    const { send, visit, kept, done } = await interrupted();
    for (const _time of [1, 2, 3]) await visit(kept).expect(200);
    const cancelled = await send(`${kept}&cancel_request`, '').expect(303);
    expect(cancelled.headers['location']).toBe('/');
    await send(kept, '').expect(410);
    expect(done).toEqual([]);
  });

  test('ten minutes, not longer', async () => {
    const early = await interrupted();
    early.clock.advance('55s');
    await early.send(early.kept, '').expect(201);
    const late = await interrupted();
    late.clock.advance('10m');
    await late.send('/reauthenticate', '').expect(303);
    await late.send(late.kept, '').expect(410);
    expect(late.done).toEqual([]);
  });

  test('before the confirmation it asks again, and keeps what was kept', async () => {
    const world = await signedIn();
    const asked = (await world.send('/pay', FIELDS).expect(303)).headers['location'] as string;
    const { body } = await world.agent.get(asked).expect(200);
    const again = (await world.send(body.next, '').expect(303)).headers['location'] as string;
    expect(again).toMatch(/^\/reauthenticate\?return_to=/);
    expect(world.done).toEqual([]);
    const kept = (await world.send(again, '').expect(303)).headers['location'] as string;
    await world.send(kept, '').expect(201);
    expect(world.done).toHaveLength(1);
  });

  test('it is for the session that began it: not for others of the same person, nor for other people', async () => {
    const { app, kept, done } = await interrupted();
    for (const id of ['u1', 'u2']) {
      const other = browser(app);
      await other.agent.post(`/login?id=${id}`).expect(200);
      await other.visit(kept).expect(410);
      await other.send(kept, '').expect(410);
    }
    expect((await browser(app).visit(kept).expect(303)).headers['location']).toMatch(/^\/login/);
    expect(done).toEqual([]);
  });

  test('it is for the path and query that it was sent to', async () => {
    const { send, kept, done } = await interrupted('/pay?draft=7');
    const name = kept.slice(kept.indexOf('resume_request='));
    for (const other of [`/pay?${name}`, `/pay?draft=8&${name}`, `/other?draft=7&${name}`, `/transfer?draft=7&${name}`]) {
      await send(other, '').expect(410);
    }
    expect(done).toEqual([]);
    await send(kept, '').expect(201);
  });

  test('it does not go on with a body of its own, from another site, or by another method', async () => {
    const { agent, send, kept, done } = await interrupted();
    await send(kept, 'amount=9999').expect(410);
    await agent.post(kept).set('Sec-Fetch-Site', 'cross-site').expect(403);
    await agent.put(kept).expect(410);
    expect(done).toEqual([]);
    await send(kept, '').expect(201);
  });

  test('a parameter of that name that is none of ours means nothing', async () => {
    const { visit, send, kept, done } = await interrupted();
    for (const forged of ['x', 'a.b', `${kept.split('=').at(-1)}A`, Buffer.from('["bank","s","n",9e15].sig').toString('base64url')]) {
      expect((await visit(`/page?resume_request=${forged}`).expect(200)).body).toMatchObject({ path: '/page' });
      await send(`/pay?resume_request=${forged}`, 'to=bob').expect(201);
    }
    expect(done.map(({ body }) => body)).toEqual(Array.from({ length: 4 }, () => expect.objectContaining({ to: 'bob' })));
  });

  test('after a sign-out nothing of it goes on', async () => {
    const { send, visit, agent, kept, done } = await interrupted();
    await agent.post('/logout').expect(200);
    expect((await send(kept, '').expect(303)).headers['location']).toMatch(/^\/login/);
    await agent.post('/login').expect(200);
    await visit(kept).expect(410);
    expect(done).toEqual([]);
  });

  test.each([
    ['an upload', 'multipart/form-data; boundary=x', 'x'.repeat(100)],
    ['a form of any length', 'application/x-www-form-urlencoded', `a=${'x'.repeat(70_000)}`],
    ['plain text', 'text/plain', 'a=b'],
  ])('%s is not kept, and the person is told before it is read', async (_what, type, body) => {
    const { agent, done } = await signedIn();
    const answer = await agent.post('/pay').set('Accept', 'text/html').set('Content-Type', type).send(body).expect(401);
    expect(answer.text).toContain('nothing has been');
    expect(answer.text).toMatch(/href="\/reauthenticate\?return_to=/);
    expect(done).toEqual([]);
  });

  test('of what was kept, the store sees nothing', async () => {
    const store = memoryStore();
    const written: string[] = [];
    const write = store.writeNote.bind(store);
    store.writeNote = (ref, note) => {
      written.push(note.text);
      return write(ref, note);
    };
    const { agent, send } = browser(bank(express, { store }).app);
    await agent.post('/login').expect(200);
    await send('/transfer', 'to=secret-recipient&amount=1').expect(303);
    expect(written).toHaveLength(1);
    for (const text of [
      written[0] as string,
      ...(written[0] as string).split('.').map((part) => Buffer.from(part, 'base64url').toString()),
    ])
      expect(text).not.toMatch(/recipient|Send/);
  });

  test('an API client is told how to go on, and repeats its request', async () => {
    const { agent } = await signedIn();
    const refused = await agent.post('/transfer').send({ to: 'ada', amount: 400 }).expect(401);
    expect(refused.body).toMatchObject({ reason: 'reauthentication_required', resume: expect.any(String) });
    await agent.post('/reauthenticate').send({ resume: refused.body.resume }).expect(303);
    await agent.post('/transfer').send({ to: 'ada', amount: 400 }).expect(201);
    await agent.post('/transfer').send({ to: 'ada', amount: 400 }).expect(401);
  });

  test('a native client likewise, with its token', async () => {
    const { app } = bank(express);
    let { token } = (await request(app).post('/phone/login').expect(200)).body as { token: string };
    const call = (path: string, body: object) => request(app).post(path).set('Authorization', `Bearer ${token}`).send(body);
    const refused = await call('/phone/transfer', { to: 'ada', amount: 1 }).expect(401);
    expect(refused.body.reauthenticate).toBeUndefined();
    token = (await call('/phone/reauthenticate', { resume: refused.body.resume }).expect(200)).body.token;
    await call('/phone/transfer', { to: 'bob', amount: 1 }).expect(401);
    await call('/phone/transfer', { to: 'ada', amount: 1 }).expect(201);
  });

  test('the page that asks knows what for', async () => {
    const { agent, send } = await signedIn();
    const asked = (await send('/transfer', 'to=ada&amount=400').expect(303)).headers['location'] as string;
    const { body } = await agent.get(asked).expect(200);
    expect(body.asked).toEqual({
      reason: 'reauthentication_required',
      amr: [],
      maxAge: 900,
      once: true,
      description: 'Send 400 € to ada',
      keptRequest: true,
      cancelPath: '/',
    });
    expect((await browser(bank(express).app).agent.get('/reauthenticate').expect(200)).body.asked).toBeNull();
  });

  test('what is described is escaped', async () => {
    const world = await interrupted('/transfer', 'to=%3Cscript%3Ealert(1)%3C/script%3E&amount=1');
    const page = await world.visit(world.kept).expect(200);
    expect(page.text).not.toContain('<script>alert');
    expect(page.text).toContain('&#60;script&#62;');
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    expect(page.headers['cache-control']).toBe('no-store');
  });
});
