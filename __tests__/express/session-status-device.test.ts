import { describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { definePolicy, sessionEndpoints, sessionPolicy } from '../../lib/index.ts';
import { expressVersions } from '../support/express.ts';
import { SECRET } from './portfolio.ts';

const policy = definePolicy({
  version: 1,
  profiles: { desk: { preset: 'kiosk', device: { trust: 'known' } } },
  apps: { desk: { profile: 'desk' } },
});

describe.each(expressVersions)('%s', (_name, express) => {
  test('what is said of another route knows the device that asks', async () => {
    const sessions = sessionPolicy({ policy, secret: SECRET, log: () => undefined });
    const app = express();
    app.use(sessions);
    app.use('/session', sessionEndpoints());
    app.post('/login', (req, res) => {
      void req.sessionPolicy.signIn({ subject: { id: 'ann', kind: 'user' } }).then(() => res.sendStatus(204));
    });
    const browser = request.agent(app);
    const { code, path } = await sessions.devices.inviteWorkstation({ app: 'desk', label: 'Front desk 2' });
    await browser.post(path).send(`code=${code}`).expect(303);
    await browser.post('/login').expect(204);
    expect((await browser.get('/session?for=/appointments').expect(200)).body).toMatchObject({ outcome: 'allow', reason: 'allowed' });
  });
});
