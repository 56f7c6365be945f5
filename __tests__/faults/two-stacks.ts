import { EventEmitter, once } from 'node:events';
import { RedisStore } from 'connect-redis';
import express, { type Express, type Request } from 'express';
import session, { type Store } from 'express-session';
import { createClient } from 'redis';
import { sessionPolicy } from '../../lib/express/session-policy.ts';
import { redisStore } from '../../lib/sessions/redis/redis-store.ts';
import type { RedisServer } from '../support/redis.ts';
import { type Ask, serve } from './serve.ts';
import { type Data, dataOf, SECRET } from './small-app.ts';

/** The same application on one of the two session layers, with a real server in front and a real Redis behind it. */
export interface Stack {
  readonly store: Store;
  /** Resolves when a request is waiting in `/slow`. */
  readonly waiting: () => Promise<unknown>;
  /** Lets the requests that wait in `/slow` go on. */
  readonly release: () => void;
  readonly ask: Ask;
  close(): Promise<void>;
}

export type StackName = 'express-session + connect-redis' | 'express-session-policy';

/** Opens one of them on a Redis. */
export async function openStack(name: StackName, redis: RedisServer): Promise<Stack> {
  return name === 'express-session-policy' ? ours(redis) : theirs(redis);
}

async function theirs(redis: RedisServer): Promise<Stack> {
  const client = createClient({ url: redis.url });
  client.on('error', () => undefined);
  await client.connect();
  const store = new RedisStore({ client, prefix: 'there:' }) as unknown as Store;
  const app = express();
  app.use(session({ store, secret: SECRET, resave: false, saveUninitialized: false }) as never);
  return open(app, store, async () => client.destroy());
}

async function ours(redis: RedisServer): Promise<Stack> {
  const store = redisStore({ client: redis.client(), prefix: 'here:' });
  await store.ready();
  const app = express();
  // The subject is known from the session data, so that the same handlers serve both.
  const subject = (req: Request) => {
    const user = dataOf(req)['user'];
    return typeof user === 'string' ? { id: user, kind: 'user' as const } : undefined;
  };
  app.use(sessionPolicy({ profile: 'public-web', secret: SECRET, store, subject, log: () => undefined }));
  return open(app, store, () => store.close());
}

async function open(app: Express, store: Store, closeStore: () => Promise<void>): Promise<Stack> {
  const signals = new EventEmitter().setMaxListeners(50);
  app.set('env', 'test');
  addRoutes(app, signals);
  const { ask, close } = await serve(app);
  return {
    store,
    ask,
    waiting: () => once(signals, 'waiting'),
    release: () => void signals.emit('release'),
    async close() {
      await close();
      await closeStore();
    },
  };
}

function addRoutes(app: Express, signals: EventEmitter): void {
  app.post('/login', (req, res, next) => {
    req.session.regenerate((error: unknown) => {
      if (error) return next(error);
      dataOf(req)['user'] = 'u1';
      req.session.save((failure: unknown) => (failure ? next(failure) : res.send('signed in')));
    });
  });
  // Like many a handler that is written for the day on which nothing fails.
  app.post('/logout', (req, res) => void req.session.destroy(() => res.send('signed out')));
  app.get('/me', (req, res) => void res.json({ user: known(req)?.['user'] ?? null }));
  app.get('/data', (req, res) => void res.json(known(req) ?? null));
  app.get('/put/:key', (req, res) => {
    dataOf(req)[String(req.params['key'])] = true;
    res.send('stored');
  });
  app.get('/slow/:key', async (req, res) => {
    dataOf(req)[String(req.params['key'])] = true;
    const released = once(signals, 'release');
    signals.emit('waiting');
    await released;
    res.send('stored');
  });
}

function known(req: Request): Data | undefined {
  return req.session as unknown as Data | undefined;
}
