import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { csrfSync } from 'csrf-sync';
import request from 'supertest';
import { sessionPolicy } from '../../lib/express/session-policy.ts';
import { SECRET } from '../faults/small-app.ts';
import { expressVersions } from '../support/express.ts';
import { openStores, STORE_NAMES, type Stores } from './stores.ts';

let stores: Stores;
beforeAll(async () => {
  stores = await openStores();
});
afterAll(() => stores.stop());

const COMBINATIONS = expressVersions.flatMap(([version, express]) => STORE_NAMES.map((store) => [version, store, express] as const));

describe.each(COMBINATIONS)('csrf-sync on %s, %s store', (_version, storeName, express) => {
  function world() {
    const { csrfSynchronisedProtection, generateToken } = csrfSync();
    const app = express();
    app.set('env', 'test');
    app.use(sessionPolicy({ profile: 'public-web', secret: SECRET, store: stores[storeName](), log: () => undefined }));
    app.get('/form', (req, res) => void res.json({ token: generateToken(req) }));
    app.post(
      '/login',
      (req, res, next) => void req.sessionPolicy.signIn({ subject: { id: 'u1', kind: 'user' } }).then(() => res.send('in'), next),
    );
    app.use(csrfSynchronisedProtection);
    app.post('/transfer', (_req, res) => void res.send('done'));
    return app;
  }

  test('a form with the token of its session passes, again and again', async () => {
    const agent = request.agent(world());
    const { token } = (await agent.get('/form').expect(200)).body;
    await agent.post('/transfer').set('x-csrf-token', token).expect(200, 'done');
    await agent.post('/transfer').set('x-csrf-token', token).expect(200, 'done');
    expect((await agent.get('/form')).body.token).toBe(token);
  });

  test('no token, the token of another session, and one from before the sign-in do not', async () => {
    const app = world();
    const agent = request.agent(app);
    const { token } = (await agent.get('/form').expect(200)).body;
    const other = (await request(app).get('/form')).body.token as string;
    await agent.post('/transfer').expect(403);
    await agent.post('/transfer').set('x-csrf-token', other).expect(403);
    await agent.post('/login').expect(200);
    await agent.post('/transfer').set('x-csrf-token', token).expect(403);
    await agent
      .post('/transfer')
      .set('x-csrf-token', (await agent.get('/form')).body.token)
      .expect(200);
  });
});
