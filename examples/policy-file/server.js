// The policy in a reviewed file. Change it while the server runs: a good document is in force from the next request on, for running
// sessions too; a bad one is refused with every fault, and the old one stays.
//
//   npm run build && node examples/policy-file/server.js
//   curl -c jar -X POST localhost:3000/login; curl -b jar localhost:3000/    {"idle":"profile:staff","idleMs":900000}
//   (write idle: 5m into examples/policy-file/session-policy.yaml)
//   curl -b jar localhost:3000/                                              {"idle":"profile:staff","idleMs":300000}
//   (write idel: 1m)                                                         the server prints: … did you mean "idle"?
import { watch } from 'node:fs';
import { dirname, join } from 'node:path';
import express from 'express';
import { loadPolicy, sessionPolicy } from 'express-session-policy';
import { listen, runDirectly, secret } from '../listen.js';

export async function start({ port = 3000, file = join(import.meta.dirname, 'session-policy.yaml'), log = console.log } = {}) {
  const sessions = sessionPolicy({ policy: await loadPolicy(file), secret });
  const watcher = onChange(file, async () => {
    try {
      sessions.reload(await loadPolicy(file));
      log('The policy was read again.');
    } catch (error) {
      log(`The policy is not in force, the old one stays:\n${error.message}`);
    }
  });

  const app = express();
  app.use(sessions);

  app.post('/login', async (req, res) => {
    await req.sessionPolicy.signIn({ subject: { id: 'u1', kind: 'user' }, amr: ['pwd'] });
    res.sendStatus(204);
  });

  app.get('/', (req, res) => {
    const { idle } = req.sessionPolicy.decision.requirement;
    res.json({ idle: idle.source, idleMs: idle.ms });
  });

  return listen(app, port, async () => {
    watcher.close();
    await sessions.close();
  });
}

/** Editors often write a file anew, so its folder is watched, and several events in a row are one change. */
function onChange(file, react) {
  let timer;
  return watch(dirname(file), () => {
    clearTimeout(timer);
    timer = setTimeout(() => void react(), 50);
  });
}

await runDirectly(import.meta, start);
