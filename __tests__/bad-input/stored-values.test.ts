import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import request from 'supertest';
import { redisStore } from '../../lib/sessions/redis/redis-store.ts';
import { cookieOf, SECRET, smallApp } from '../faults/small-app.ts';
import { expressVersions } from '../support/express.ts';
import { openRedis, type SharedRedis } from '../support/redis.ts';
import { expectNoSecrets, secretsOf } from './secrets.ts';

let redis: SharedRedis;
let admin: Redis;
let count = 0;
beforeAll(async () => {
  redis = await openRedis();
  admin = redis.client();
});
afterAll(() => redis.stop());

/** What somebody, or a fault, puts in the place of a stored session. */
type Corruption = readonly [what: string, put: (key: string, text: string) => Promise<unknown>];

const replaced = (what: string, change: (text: string) => string | Buffer): Corruption => [
  what,
  (key, text) => admin.set(key, change(text)),
];

const CORRUPTIONS: readonly Corruption[] = [
  ['a list', (key) => admin.lpush(key, 'a')],
  ['a hash', (key) => admin.hset(key, 'subject', 'admin')],
  ['a set', (key) => admin.sadd(key, 'a')],
  replaced('nothing', () => ''),
  replaced('one letter', () => 'L'),
  replaced('the first half', (text) => text.slice(0, text.length / 2)),
  replaced('all but the last letter', (text) => text.slice(0, -1)),
  replaced('random bytes', () => randomBytes(300)),
  replaced('8 MB', () => 'x'.repeat(8_000_000)),
  replaced('8 MB of session', (text) => text.replace('{"private":', `{"more":"${'x'.repeat(8_000_000)}",\n"private"`)),
  replaced('a session of connect-redis', () => '{"cookie":{"originalMaxAge":null},"user":"admin"}'),
  replaced('data that is no JSON', (text) => text.replace('"private":"letter"', '"private":"letter')),
  replaced('data that is a list', (text) => text.replace(/\{"private[^]*$/, '["letter"]')),
  replaced('a subject that is no text', (text) => text.replace('"s":"u1"', '"s":{"id":"u1"}')),
  replaced('a subject without a name', (text) => text.replace('"s":"u1"', '"s":""')),
  replaced('a kind that is not known', (text) => text.replace('"s":"u1"', '"s":"u1","k":"x"')),
  replaced('a field that is not known', (text) => text.replace('"s":"u1"', '"s":"u1","admin":true')),
  replaced('__proto__ about the subject', (text) => text.replace('"s":"u1"', '"__proto__":{"s":"admin"}')),
  replaced('a level from the future', (text) => text.replace(/"m":\{[^}]*\}/, '"m":{"pwd":1e999}')),
  replaced('numbers that are none', (text) => text.replace(/L1[^{]*/, (header) => `L1${'?'.repeat(header.length - 2)}`)),
];

describe.each(expressVersions)('what is stored is not what it should be, on %s', (_name, express) => {
  async function world() {
    const prefix = `${redis.prefix}${(count += 1)}:`;
    const store = redisStore({ client: redis.client(), prefix, deadline: 2_000 });
    const made = smallApp(express, store, { profile: 'public-web' }, (app) => {
      app.get('/secret', (req, res) => void res.send(String((req.session as unknown as { private?: string }).private ?? 'nothing')));
    });
    const agent = request.agent(made.app);
    const cookie = cookieOf(await agent.post('/login').expect(200));
    await agent.get('/put/private/letter').expect(200);
    const keys = (await admin.keys(`${prefix}*`)).filter((key) => !key.includes('{epochs'));
    expect(keys).toHaveLength(1);
    const key = keys[0] as string;
    return { ...made, cookie, key, text: (await admin.get(key)) as string };
  }

  test('the session as it was stored is one', async () => {
    const { app, cookie } = await world();
    expect((await request(app).get('/secret').set('Cookie', cookie)).text).toBe('letter');
  });

  test.each(CORRUPTIONS)('%s: nobody is signed in, and every request is answered', async (what, put) => {
    const { app, cookie, key, text, logged, events } = await world();
    await admin.del(key);
    await put(key, text);
    if (what !== '8 MB of session') expect(await admin.get(key).catch(() => 'of another type')).not.toBe(text);
    const send = (method: 'get' | 'post', path: string) => request(app)[method](path).set('Cookie', cookie);
    const answers = [
      await send('get', '/page'),
      await send('get', '/secret'),
      await send('get', '/put/a/1'),
      await send('post', '/confirm'),
    ];
    expect(answers[0]?.body.subject).toBeNull();
    for (const { status, text: body } of answers) {
      expect([200, 401]).toContain(status);
      expect(body).not.toContain('letter');
    }
    expectNoSecrets([...secretsOf(cookie, SECRET), 'letter'], logged, events, ...answers.map((answer) => answer.text));
    expect(logged.filter(({ code }) => code === 'session_invalid').length).toBeLessThanOrEqual(1);
    // It can be signed in over, and out of.
    const again = cookieOf(await send('post', '/login').expect(200));
    expect((await request(app).get('/page').set('Cookie', again)).body.subject).toEqual({ id: 'u1', kind: 'user' });
    await request(app).post('/logout').set('Cookie', again).expect(200);
    expect((await request(app).get('/page').set('Cookie', again)).body.subject).toBeNull();
  });

  test('keys of every object in the stored data reach no object of the process', async () => {
    const { app, cookie, key, text } = await world();
    await admin.set(
      key,
      text.replace(
        '{"private"',
        '{"__proto__":{"polluted":true,"subject":"admin"},\n"constructor":{"prototype":{"polluted":true}},\n"private"',
      ),
    );
    expect((await request(app).get('/secret').set('Cookie', cookie).expect(200)).text).toBe('letter');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    await request(app).get('/put/a/1').set('Cookie', cookie).expect(200);
    const { body } = await request(app).get('/data').set('Cookie', cookie).expect(200);
    expect(body).toMatchObject({ private: 'letter', a: '1' });
    expect(Object.keys(body)).not.toContain('__proto__');
  });
});
