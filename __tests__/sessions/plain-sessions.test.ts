import { hash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import express from 'express';
import session from 'express-session';
import request from 'supertest';
import { memoryStore } from '../../lib/sessions/memory-store.ts';
import { redisStore } from '../../lib/sessions/redis/redis-store.ts';
import type { SessionRef } from '../../lib/sessions/session-record.ts';
import type { SessionStore } from '../../lib/sessions/session-store.ts';
import { draft, RETENTION } from '../../lib/testing/contract-case.ts';
import { manualClock } from '../../lib/testing/index.ts';
import { startRedis } from '../support/redis.ts';

declare module 'express-session' {
  interface SessionData {
    count?: number;
    user?: string;
  }
}

function appWith(store: SessionStore, slow?: Promise<void>): express.Express {
  const app = express();
  app.use(session({ store, secret: 'x'.repeat(32), resave: false, saveUninitialized: false, rolling: true, cookie: { maxAge: 60_000 } }));
  app.get('/count', (req, res) => {
    req.session.count = (req.session.count ?? 0) + 1;
    res.send(String(req.session.count));
  });
  app.get('/slow', async (req, res) => {
    await slow;
    req.session.user = 'late';
    res.send('done');
  });
  app.get('/out', (req, res, next) => {
    req.session.destroy((error) => (error ? next(error) : res.send('out')));
  });
  app.get('/anew', (req, res, next) => {
    req.session.regenerate((error) => (error ? next(error) : res.send(req.sessionID)));
  });
  app.use((error: { status?: number }, _req: express.Request, res: express.Response, _next: express.NextFunction) => {
    res.status(error.status ?? 500).send('failed');
  });
  return app;
}

describe('under express-session', () => {
  test('a visitor is remembered until the session has been idle for the age of its cookie', async () => {
    const clock = manualClock();
    const agent = request.agent(appWith(memoryStore({ clock: clock.now })));
    expect((await agent.get('/count')).text).toBe('1');
    clock.advance('50s');
    expect((await agent.get('/count')).text).toBe('2');
    clock.advance('50s');
    expect((await agent.get('/count')).text).toBe('3');
    clock.advance('61s');
    expect((await agent.get('/count')).text).toBe('1');
  });

  test('a request that is slower than the sign-out does not bring the session back', async () => {
    let goOn: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const store = memoryStore();
    const server = appWith(store, slow).listen(0);
    const agent = request.agent(server);
    const cookie = ((await agent.get('/count')).headers['set-cookie'] as unknown as string[]).map((one) => one.split(';')[0]).join('; ');
    const late = request(server).get('/slow').set('Cookie', cookie).then();
    await request(server).get('/out').set('Cookie', cookie);
    goOn();
    expect((await late).status).toBe(200);
    expect((await request(server).get('/count').set('Cookie', cookie)).text).toBe('1');
    server.close();
  });

  test('a new id starts with nothing', async () => {
    const agent = request.agent(appWith(memoryStore()));
    await agent.get('/count');
    await agent.get('/anew');
    expect((await agent.get('/count')).text).toBe('1');
  });

  test('a store that is down is an error, not a visitor without a session', async () => {
    const redis = await startRedis();
    const store = redisStore({ client: redis.client({ retryStrategy: () => 20 }), deadline: 150 });
    const agent = request.agent(appWith(store));
    expect((await agent.get('/count')).text).toBe('1');
    await redis.kill();
    expect((await agent.get('/count')).status).toBe(503);
    await store.close();
    await redis.stop();
  });

  test.each(['{}', '{"a":1}', '{"cookie":7}', '{"cookie":null}', '{"cookie":broken}'])(
    'a stored value that is not a session of its kind ends: %s',
    async (data) => {
      const store = memoryStore();
      const { sid, ref } = await stored(store, data);
      expect(await got(store, sid)).toBeNull();
      expect((await store.read(ref)).ended).toBe('session_invalid');
    },
  );

  test('fields of a cookie that would make express-session throw or hang are left out', async () => {
    const store = memoryStore();
    const { sid } = await stored(store, '{"cookie":{"originalMaxAge":"x","maxAge":"y","expires":{},"path":7,"secure":true}}');
    const found = await got(store, sid);
    expect(found?.cookie).toEqual({ originalMaxAge: null, secure: true });
    expect(() => store.createSession({ sessionID: sid } as express.Request, found as session.SessionData)).not.toThrow();
  });
});

async function stored(store: SessionStore, data: string): Promise<{ readonly sid: string; readonly ref: SessionRef }> {
  const sid = 'a'.repeat(32);
  const digest = hash('sha256', sid, 'base64url').slice(0, 22);
  const ref = { app: 'plain', profile: 'plain', tag: digest.slice(0, 16), digest };
  await store.create(ref, draft({ subject: undefined, data }), RETENTION);
  return { sid, ref };
}

function got(store: SessionStore, sid: string): Promise<session.SessionData | null | undefined> {
  return new Promise((resolve, reject) => {
    store.get(sid, (error: unknown, found) => (error ? reject(error as Error) : resolve(found)));
  });
}
