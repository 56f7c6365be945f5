import { fileURLToPath } from 'node:url';
import express from 'express';
import { loadPolicy, memoryStore, sessionPolicy } from 'express-session-policy';
import { memoryPasskeys } from 'express-session-policy/step-up/passkey';
import { mountAdmin } from './admin.js';
import { mountDesk } from './desk.js';
import { mountJobs } from './jobs.js';
import { mountOverview } from './overview.js';
import { mountPhone } from './phone.js';
import { mountShop } from './shop.js';
import { suitePage } from './suite-pages.js';
import { tightened } from './tightened.js';
import { html, page } from './views.js';

const here = (file) => fileURLToPath(new URL(file, import.meta.url));

/**
 * The five applications and the overview, under one policy, on one Express app. `origin`: where passkeys and the identity provider work;
 * `provider`: how to reach that.
 */
export async function createApp({ secret, store, clock = Date.now, origin = 'http://localhost:3000', provider }) {
  const fromFile = await loadPolicy(here('session-policy.yaml'));
  const sessions = sessionPolicy({ policy: fromFile, secret, store: store ?? memoryStore({ clock }), layout: suitePage });
  const portfolio = {
    sessions,
    origin,
    provider,
    passkeys: memoryPasskeys(),
    policy: fromFile,
    isTight: false,
    now: clock,
    /** Puts a stricter policy in force, or the one of the file again. Running sessions are under it from the next request on. */
    tighten(isTight) {
      portfolio.policy = isTight ? tightened(fromFile.document) : fromFile;
      portfolio.isTight = isTight;
      sessions.reload(portfolio.policy);
    },
  };

  const app = express();
  app.disable('x-powered-by');
  app.use(sessions);
  app.use('/assets', express.static(here('public')));
  app.use(express.urlencoded({ extended: false }), express.json());
  for (const mount of [mountOverview, mountShop, mountAdmin, mountPhone, mountDesk, mountJobs]) mount(app, portfolio);
  app.use((_req, res) => void res.status(404).send(page({ title: 'Nothing here', body: TO_OVERVIEW })));
  app.use(answerError);
  return { app, sessions };
}

const TO_OVERVIEW = html`<p><a href="/">To the overview</a></p>`;

/** What went wrong, to the extent that it is the visitor's business. */
function answerError(error, req, res, next) {
  if (res.headersSent) return void next(error);
  const status = error.status ?? 500;
  const title = status >= 500 ? 'Something went wrong' : error.name === 'SessionError' ? error.message : 'The request cannot be read';
  res.status(status);
  if (req.accepts(['html', 'json']) === 'html') res.send(page({ title, body: TO_OVERVIEW }));
  else res.json({ status, title, code: error.code });
}
