import express, { type Express, type Request } from 'express';
import { definePolicy, memoryStore, sessionPolicy, stepUp } from '../../lib/index.ts';
import { type ManualClock, manualClock } from '../../lib/testing/manual-clock.ts';
import { SECRET } from '../express/portfolio.ts';

const policy = definePolicy({
  version: 1,
  profiles: { ward: { preset: 'kiosk' } },
  apps: { ward: { profile: 'ward', ownDeviceUrl: 'https://my.hospital.example/prescriptions' } },
});

/** The program of a workstation on a ward. Who is signed in is named on every page, in every script and in every cached file. */
export function wardSite(): { readonly app: Express; readonly clock: ManualClock } {
  const clock = manualClock();
  const app = express();
  // Not behind the policy: the control that this browser does keep pages that it may keep.
  app.get('/outside', (_req, res) => void res.type('html').send(page('Outside', '<a id="on" href="/outside/next">on</a>')));
  app.get('/outside/next', (_req, res) => void res.type('html').send(page('Next', '<a id="on" href="/outside">on</a>')));
  app.use(sessionPolicy({ policy, secret: SECRET, store: memoryStore({ clock: clock.now }), log: () => undefined }));
  app.use(express.urlencoded({ extended: false }));
  entry(app);
  pages(app);
  files(app);
  return { app, clock };
}

function entry(app: Express): void {
  app.get('/login', (_req, res) => void res.send(page('Sign in', signInForm())));
  app.post('/login', async (req, res) => {
    await req.sessionPolicy.signIn({ subject: { id: String((req.body as { who: string }).who), kind: 'user' }, amr: ['hwk'] });
    res.redirect(303, '/');
  });
  app.post('/logout', async (req, res) => {
    await req.sessionPolicy.signOut();
    res.redirect(303, '/login');
  });
}

function signInForm(): string {
  return '<form id="sign-in" method="post" action="/login"><input name="who" autocomplete="off"><button>Sign in</button></form>';
}

const WITH_SCRIPT = '<script src="/who.js"></script>';

function pages(app: Express): void {
  app.get('/', (req, res) => void res.send(page('Ward', mine(req))));
  app.get('/patients/:id', (req, res) => void res.send(page(`Patient ${req.params.id}`, `${mine(req)}${WITH_SCRIPT}`)));
  app.post('/prescriptions', stepUp({ maxAge: '1m' }), (_req, res) => void res.send('prescribed'));
}

function mine(req: Request): string {
  return `<p id="of">of ${whoIs(req)}</p>
<form id="notes"><input name="note" autocomplete="off"><input name="kept"></form>
<form id="prescribe" method="post" action="/prescriptions"><button>Prescribe</button></form>
<form id="leave" method="post" action="/logout"><button>Next person</button></form>
${signInForm()}<a id="patient" href="/patients/7">Patient 7</a>`;
}

function files(app: Express): void {
  // A handler that would have the browser keep what is somebody's own.
  app.get('/who.js', (req, res) => {
    res.setHeader('Cache-Control', 'private, max-age=3600');
    res.type('js').send(`window.script = 'of ${whoIs(req)}';`);
  });
  app.get('/worker.js', (req, res) => void res.type('js').send(worker(whoIs(req))));
}

function worker(who: string): string {
  return `addEventListener('activate', (event) => event.waitUntil(clients.claim()));
addEventListener('fetch', (event) => {
  const headers = { 'Content-Type': 'text/html' };
  if (new URL(event.request.url).pathname === '/patients/9') event.respondWith(new Response('<p id="of">of ${who}</p>', { headers }));
});`;
}

function whoIs(req: Request): string {
  return req.sessionPolicy.subject?.id ?? 'nobody';
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><title>${title}</title><link rel="icon" href="data:,"><h1>${title}</h1>${body}</html>`;
}
