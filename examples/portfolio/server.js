import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { memoryStore, redisStore } from 'express-session-policy';
import { addresses } from './addresses.js';
import { createApp } from './app.js';

const { PORT = '3000', REDIS_URL, SESSION_SECRET } = process.env;
const redis = REDIS_URL ? await connect(REDIS_URL) : undefined;

try {
  await start();
} catch (error) {
  console.error(inPlainWords(error));
  process.exitCode = 1;
  redis?.disconnect();
}

async function start() {
  const store = redis === undefined ? memoryStore() : redisStore({ client: redis, prefix: 'portfolio:' });
  const { app, sessions } = await createApp({ store, secret: SESSION_SECRET || randomBytes(32).toString('base64url') });
  try {
    await sessions.ready();
    const server = app.listen(Number(PORT));
    await once(server, 'listening');
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void stop(server, sessions));
    announce(server.address().port);
    if (process.argv.includes('--report')) console.log(sessions.report(app).toString());
  } catch (error) {
    await sessions.close();
    throw error;
  }
}

/** ioredis is loaded only where it is needed. Its errors reach us through the store, so nothing is to be done about them here. */
async function connect(url) {
  const { Redis } = await import('ioredis');
  return new Redis(url).on('error', () => undefined);
}

function announce(port) {
  const { local, network } = addresses(port);
  console.log(`
  Four applications under one session policy

  On this machine    ${local}
${network.map((url) => `  On this network    ${url}\n`).join('')}
  Sessions are kept in ${redis === undefined ? 'memory (set REDIS_URL to keep them in Redis)' : 'Redis (REDIS_URL)'}.
  ${SESSION_SECRET ? 'The secret is SESSION_SECRET.' : 'The secret was made for this run (set SESSION_SECRET to keep one).'}

  Stop with Ctrl+C.
`);
}

async function stop(server, sessions) {
  server.close();
  server.closeAllConnections();
  await sessions.close();
  redis?.disconnect();
}

function inPlainWords({ code, message }) {
  if (code === 'EADDRINUSE') return `Port ${PORT} is taken. Choose another: PORT=${Number(PORT) + 1} npm start`;
  if (code === 'EACCES') return `Port ${PORT} may not be opened by this user. Choose another: PORT=3000 npm start`;
  if (code === 'ERR_SOCKET_BAD_PORT') return 'PORT must be a number from 0 to 65535.';
  if (code === 'ERR_STORE_UNAVAILABLE')
    return 'The Redis of REDIS_URL cannot be used. Start it, or leave REDIS_URL out to keep sessions in memory.';
  return message;
}
