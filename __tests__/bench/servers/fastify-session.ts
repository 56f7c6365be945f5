import cookie from '@fastify/cookie';
import fastifySession from '@fastify/session';
import { RedisStore } from 'connect-redis';
import fastify from 'fastify';
import { createClient } from 'redis';
import type { Row } from '../rows.ts';
import { IDLE_MS, PAGE_PATH, SECRET, SIGN_IN_PATH, type Visitor, page, visitorOf } from '../site.ts';
import type { BuiltServer } from './built-server.ts';

/** Another framework's session layer on the same store. */
export async function build(_row: Row, redisUrl: string): Promise<BuiltServer> {
  const client = createClient({ url: redisUrl });
  await client.connect();
  const server = fastify();
  await server.register(cookie);
  await server.register(fastifySession, {
    secret: SECRET,
    saveUninitialized: false,
    cookie: { secure: false, maxAge: IDLE_MS, sameSite: 'lax' },
    store: new RedisStore({ client, prefix: 'fastify:', ttl: IDLE_MS / 1000 }),
  });
  server.get(SIGN_IN_PATH, async (request, reply) => {
    Object.assign(request.session, { visitor: visitorOf(request.query) });
    return reply.code(204).send();
  });
  server.get(PAGE_PATH, async (request) => page((request.session as unknown as { visitor?: Visitor }).visitor));
  return { fastify: server };
}
