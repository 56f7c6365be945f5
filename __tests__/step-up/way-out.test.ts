import { describe, expect, test } from '@jest/globals';
import { confirmationForm, confirmationPage, definePolicy, memoryStore, sessionEndpoints, sessionPolicy } from '../../lib/index.ts';
import { manualClock } from '../../lib/testing/manual-clock.ts';
import { browser } from '../express/bank.ts';
import { SECRET } from '../express/portfolio.ts';
import { expressVersions } from '../support/express.ts';

const code = {
  id: 'code',
  title: 'With a code',
  fields: [{ name: 'code', label: 'Code' }],
  amr: ['otp'],
  level: 'aal2',
  verify: () => false,
};

describe.each(expressVersions)('somebody who is asked to confirm on every page, on %s', (_name, express) => {
  const stale = async (sessionUrl: string | undefined) => {
    const clock = manualClock();
    const policy = definePolicy({
      version: 1,
      profiles: { vault: { preset: 'admin', idle: '15m', stepUp: { level: 'aal2', maxAge: '5m' } } },
      apps: { vault: { profile: 'vault', ...(sessionUrl === undefined ? {} : { sessionUrl }) } },
    });
    const sessions = sessionPolicy({ policy, secret: SECRET, store: memoryStore({ clock: clock.now }) });
    const app = express();
    app.use(sessions);
    app.post('/login', async (req, res) => {
      await req.sessionPolicy.signIn({ subject: { id: 'ada', kind: 'user' }, level: 'aal2' });
      res.redirect(303, '/');
    });
    app.use('/session', sessionEndpoints());
    app.use('/reauthenticate', confirmationPage({ methods: [confirmationForm(code)] }));
    app.get('/', (_req, res) => res.send('the vault'));
    const person = browser(app);
    await person.agent.post('/login').expect(303);
    await person.visit('/').expect(200);
    clock.advance(6 * 60_000);
    await person.visit('/').expect(303);
    return person;
  };

  test('is told how the session stands, and can leave it', async () => {
    const person = await stale('/session');
    await person.agent.get('/session').expect(200);
    await person.agent.get('/session/sessions').expect(401);
    await person.agent.post('/session/sign-out').expect(204);
    await person.agent.get('/session').expect(401);
  });

  test('finds the way out on the page that asks', async () => {
    const person = await stale('/session');
    const { text } = await person.visit('/reauthenticate').expect(200);
    expect(text).toContain('<form method="post" action="/session/sign-out"><button>Sign out</button></form>');
  });

  test('finds none where the policy does not say where it is', async () => {
    const person = await stale(undefined);
    const { text } = await person.visit('/reauthenticate').expect(200);
    expect(text).not.toContain('Sign out');
    await person.agent.post('/session/sign-out').expect(401);
  });
});
