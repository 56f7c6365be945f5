import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { memoryStore, redisStore } from 'express-session-policy';
import { addresses } from './addresses.js';
import { createApp } from './app.js';
import { startIdentityProvider } from './start-identity-provider.js';

const { PORT = '3000', REDIS_URL, SESSION_SECRET } = process.env;
const running = [];

try {
  await start();
} catch (error) {
  console.error(inPlainWords(error));
  process.exitCode = 1;
  await stop();
}

async function start() {
  const store = REDIS_URL ? await redisAt(REDIS_URL) : memoryStore();
  // Passkeys and the identity provider have to know the port first. Who comes meanwhile waits.
  let serve;
  const ready = new Promise((resolve) => (serve = resolve));
  const server = createServer((req, res) => void ready.then((app) => app(req, res))).listen(Number(PORT));
  await once(server, 'listening');
  running.push(() => closed(server));
  const { port } = server.address();
  const { local: origin } = addresses(port);
  const provider = await startIdentityProvider(['shop', 'admin'].map((app) => `${origin}/${app}/reauthenticate/oidc/callback`));
  running.push(() => provider.stop());
  const { app, sessions } = await createApp({ store, origin, provider, secret: SESSION_SECRET || randomBytes(32).toString('base64url') });
  running.push(() => sessions.close());
  await sessions.ready();
  serve(app);
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void stop());
  announce(port, provider.issuer);
  if (process.argv.includes('--report')) console.log(sessions.report(app).toString());
}

/** ioredis is loaded only where it is needed. Its errors reach us through the store, so nothing is to be done about them here. */
async function redisAt(url) {
  const { Redis } = await import('ioredis');
  const client = new Redis(url).on('error', () => undefined);
  running.push(() => client.disconnect());
  return redisStore({ client, prefix: 'portfolio:' });
}

function announce(port, issuer) {
  const { local, network } = addresses(port);
  console.log(`
  Five applications under one session policy

  On this machine    ${local}
${network.map((url) => `  On this network    ${url}  (without passkeys, the phone's key and the identity provider)\n`).join('')}
  Its identity provider is ${issuer}, an OpenID provider in a process of its own.
  Sessions are kept in ${REDIS_URL ? 'Redis (REDIS_URL)' : 'memory (set REDIS_URL to keep them in Redis)'}.
  ${SESSION_SECRET ? 'The secret is SESSION_SECRET.' : 'The secret was made for this run (set SESSION_SECRET to keep one).'}

  Stop with Ctrl+C.
`);
}

/** Ends what was started, the last first. */
async function stop() {
  for (const end of running.splice(0).reverse()) await end();
}

async function closed(server) {
  server.close();
  server.closeAllConnections();
}

function inPlainWords({ code, message }) {
  if (code === 'EADDRINUSE') return `Port ${PORT} is taken. Choose another: PORT=${Number(PORT) + 1} npm start`;
  if (code === 'EACCES') return `Port ${PORT} may not be opened by this user. Choose another: PORT=3000 npm start`;
  if (code === 'ERR_SOCKET_BAD_PORT') return 'PORT must be a number from 0 to 65535.';
  if (code === 'ERR_STORE_UNAVAILABLE')
    return 'The Redis of REDIS_URL cannot be used. Start it, or leave REDIS_URL out to keep sessions in memory.';
  return message;
}
