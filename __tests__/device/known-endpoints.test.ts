import { describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { sessionEndpoints, sessionPolicy } from '../../lib/index.ts';
import { expressVersions } from '../support/express.ts';
import { knownWorld, SECRET, Visitor } from './known-world.ts';

const PAGE = 'text/html';

describe.each(expressVersions)('what people do with their devices, on %s', (_name, express) => {
  const signedIn = async (more = '') => {
    const world = knownWorld(express);
    const ada = new Visitor(world.app);
    await ada.signIn('ada', more);
    return { ...world, ada };
  };

  test('they enrol, see and forget them', async () => {
    const { ada } = await signedIn();
    const enrolled = await ada.post('session/devices', { label: 'Ada’s laptop' });
    expect([enrolled.status, enrolled.body]).toEqual([201, { handle: expect.stringMatching(/^[\w-]{22}$/) }]);
    const { handle } = enrolled.body as { handle: string };
    const listed = await ada.get('session/devices');
    expect(listed.headers['cache-control']).toBe('no-store');
    expect(listed.body).toEqual({
      devices: [{ handle, app: 'desk', label: 'Ada’s laptop', current: true, enrolledAt: expect.any(Number), seenAt: expect.any(Number) }],
    });
    expect(await ada.trust()).toBe('known');
    expect((await ada.delete(`session/devices/${handle}`)).status).toBe(204);
    expect(ada.device).toBeUndefined();
    expect(await ada.trust()).toBe('none');
    expect((await ada.delete(`session/devices/${handle}`)).body).toMatchObject({ reason: 'device_unknown', status: 404 });
  });

  test('they do it with forms, and are led back', async () => {
    const { ada } = await signedIn();
    const enrolled = await ada.post('session/devices', { returnTo: '/desk/account' }, PAGE);
    expect([enrolled.status, enrolled.headers['location']]).toEqual([303, '/desk/account']);
    const [{ handle } = { handle: '' }] = (await ada.get('session/devices')).body.devices as { handle: string }[];
    const forgotten = await ada.post('session/devices/forget', { device: handle, returnTo: 'https://evil.example' }, PAGE);
    expect([forgotten.status, forgotten.headers['location']]).toEqual([303, '/']);
    expect(await ada.trust()).toBe('none');
  });

  test('enrolling asks for the confirmation that the profile wants, and goes on after it', async () => {
    const { ada } = await signedIn('&level=aal1');
    const refused = await ada.post('session/devices', { label: 'Laptop' });
    expect([refused.status, refused.body]).toMatchObject([401, { reason: 'assurance_insufficient', level: 'aal2', maxAge: 600 }]);
    const challenged = await ada.post('session/devices', { label: 'Laptop' }, PAGE);
    expect(challenged.headers['location']).toMatch(/^\/desk\/confirm\?return_to=/);
    await ada.post((challenged.headers['location'] as string).replace('/desk/', ''));
    await ada.post('session/devices', { label: 'Laptop' });
    expect((await ada.get('session/devices')).body.devices).toMatchObject([{ label: 'Laptop' }]);
  });

  test('a form that was kept enrols the device after the confirmation', async () => {
    const { ada } = await signedIn('&level=aal1');
    const challenged = await ada.post('session/devices', { label: 'Kept' }, PAGE);
    const page = (challenged.headers['location'] as string).replace('/desk/', '');
    const told = await ada.post(page.replace('confirm', 'confirm-and-tell'));
    await ada.post((told.body as { next: string }).next, undefined, PAGE);
    expect((await ada.get('session/devices')).body.devices).toMatchObject([{ label: 'Kept' }]);
  });

  test.each([['x'.repeat(65)], ['two\nlines']])('a label that fits in no list is refused: %j', async (label) => {
    const { ada } = await signedIn();
    expect((await ada.post('session/devices', { label })).body).toMatchObject({ reason: 'label_invalid', status: 400 });
    expect((await ada.get('session/devices')).body).toEqual({ devices: [] });
  });

  test('nobody sees, enrols or forgets anything for others', async () => {
    const { ada, app } = await signedIn();
    const handle = await ada.enrol();
    const bea = new Visitor(app);
    for (const answer of [
      await bea.get('session/devices'),
      await bea.post('session/devices'),
      await bea.delete(`session/devices/${handle}`),
    ])
      expect(answer.status).toBe(401);
    await bea.signIn('bea');
    expect((await bea.get('session/devices')).body).toEqual({ devices: [] });
    expect((await bea.delete(`session/devices/${handle}`)).status).toBe(404);
    expect((await bea.post('session/devices/forget', { device: [handle] })).status).toBe(404);
    expect(await ada.trust()).toBe('known');
  });

  test('where several people use the device, nobody enrols it', async () => {
    const { app } = knownWorld(express);
    const desk = new Visitor(app, 'kiosk');
    await desk.signIn();
    expect((await desk.post('session/devices')).body).toMatchObject({ reason: 'enrolment_refused', status: 403 });
  });

  test('a device that is forgotten is known to no session of that person from the next request on', async () => {
    const { ada, advance } = await signedIn();
    const handle = await ada.enrol();
    const other = ada.withoutSession();
    await advance('1s');
    await other.signIn();
    expect(await other.trust()).toBe('known');
    expect((await other.post(`forget?device=${handle}`)).body).toEqual({ done: true, trust: 'none' });
    expect(await ada.trust()).toBe('none');
  });

  test.each([
    ['of a program', undefined],
    ['of a page', PAGE],
  ])('signing out clears everything but the cookie by which the device is known: %s', async (_what, accept) => {
    const app = express();
    app.use(sessionPolicy({ profile: 'staff-web', secret: SECRET }));
    app.use('/session', sessionEndpoints());
    app.post('/login', (req, res, next) => {
      req.sessionPolicy.signIn({ subject: { id: 'ada', kind: 'user' } }).then(() => res.end(), next);
    });
    const { headers } = await request(app).post('/login').expect(200);
    const session = String(headers['set-cookie']).split(';')[0] as string;
    const signOut = request(app).post('/session/sign-out').set('Cookie', `${session}; app.device=x; theme=dark`);
    const done = await (accept === undefined ? signOut : signOut.set('Accept', accept).set('Sec-Fetch-Mode', 'navigate'));
    expect(done.headers['clear-site-data']).toBe('"cache", "storage"');
    const cleared = (done.headers['set-cookie'] as unknown as string[]).map((line) => line.split('=')[0]);
    expect(cleared).toContain('theme');
    expect(cleared).toContain('app.session');
    expect(cleared).not.toContain('app.device');
  });
});
