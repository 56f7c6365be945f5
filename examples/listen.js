import { randomBytes } from 'node:crypto';
import { once } from 'node:events';

/** Starts to listen, and says where and how to end it. `server` is an Express app or an http server. */
export async function listen(server, port, cleanUp = async () => undefined) {
  const listening = server.listen(port);
  await once(listening, 'listening');
  const close = async () => {
    listening.close();
    listening.closeAllConnections();
    await cleanUp();
  };
  return { url: `http://localhost:${listening.address().port}`, close };
}

/** Starts the example if its file is the one that node was given. */
export async function runDirectly(meta, start) {
  if (meta.filename !== process.argv[1]) return;
  const { url, close } = await start();
  console.log(`Listening on ${url}. Stop with Ctrl+C.`);
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, close);
}

/** A secret for this run. In production it is fixed, and comes from where secrets are kept. */
export const secret = process.env.SESSION_SECRET ?? randomBytes(32).toString('base64url');
