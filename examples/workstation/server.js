// A desk that works on enrolled workstations and nowhere else: an administrator invites one, and types the code in on it.
//
//   npm run build && node examples/workstation/server.js        and open http://localhost:3000/office, then http://localhost:3000, or:
//   curl -i localhost:3000/login                                                          403: device_not_enrolled
//   curl -c office -X POST localhost:3000/office/login
//   curl -b office -X POST localhost:3000/office/workstations -d 'label=Front desk 2'     the code, and where it is typed in
//   curl -i -c desk localhost:3000/device/enroll -d code=<the code>                       303, and a cookie that stays
//   curl -b desk -c desk -X POST localhost:3000/login -d who=bob
//   curl -b desk localhost:3000/                                                          Hello bob, on a device that is known
//   curl -b office localhost:3000/office/workstations                                     the list
//   curl -b office -X DELETE localhost:3000/office/workstations/<its handle>              from now on: 403
import express from 'express';
import { definePolicy, sessionPolicy } from 'express-session-policy';
import { listen, runDirectly, secret } from '../listen.js';

const policy = definePolicy({
  version: 1,
  profiles: { desk: { preset: 'kiosk', device: { trust: 'known' } }, office: { preset: 'staff-web' } },
  apps: {
    desk: { profile: 'desk' },
    office: { profile: 'office', match: { paths: ['/office'] }, loginUrl: '/office/login' },
  },
});

const form = (action, name, label) => `<form method="post" action="${action}">
  ${name ? `<input name="${name}" aria-label="${name}" autocomplete="off">` : ''}<button>${label}</button></form>`;

const escaped = (text) => String(text).replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);

export function start({ port = 3000, clock } = {}) {
  const app = express();
  const sessions = sessionPolicy({ policy, secret, ...(clock && { clock }) });
  app.use(sessions, express.urlencoded({ extended: false }));
  app.use('/office', office(sessions.devices));

  app.get('/login', (_req, res) => void res.send(form('/login', 'who', 'Sign in')));
  app.post('/login', async (req, res) => {
    // A stand-in: a real workstation reads a badge or a passkey.
    await req.sessionPolicy.signIn({ subject: { id: /^\w{1,20}$/.exec(req.body.who ?? '')?.[0] ?? 'ann', kind: 'user' } });
    res.redirect(303, '/');
  });
  app.post('/logout', async (req, res) => {
    await req.sessionPolicy.signOut();
    res.redirect(303, '/login');
  });
  app.get('/', (req, res) => {
    const { subject, device } = req.sessionPolicy;
    res.send(`<p>Hello ${subject.id}, on a device that is ${device.trust}</p>${form('/logout', '', 'Sign out')}`);
  });
  return listen(app, port, () => sessions.close());
}

function office(devices) {
  const router = express.Router();
  router.get('/login', (_req, res) => void res.send(form('/office/login', '', 'Sign in as an administrator')));
  router.post('/login', async (req, res) => {
    await req.sessionPolicy.signIn({ subject: { id: 'admin', kind: 'user' } });
    res.redirect(303, '/office');
  });
  router.get('/', (_req, res) => void res.send(form('/office/workstations', 'label', 'Invite a workstation')));
  router.post('/workstations', async (req, res) => {
    const { code, path } = await devices.inviteWorkstation({ app: 'desk', label: req.body.label });
    res.send(`<p>On ${escaped(req.body.label)}, open <a href="${path}">${path}</a> and type in ${code} within fifteen minutes.</p>\n`);
  });
  router.get('/workstations', async (_req, res) => void res.json(await devices.workstations('desk')));
  router.delete('/workstations/:handle', async (req, res) => {
    res.sendStatus((await devices.forgetWorkstation(req.params.handle)) ? 204 : 404);
  });
  return router;
}

await runDirectly(import.meta, start);
