import { describe, expect, test } from '@jest/globals';
import { expressVersions } from '../support/express.ts';
import { knownWorld, Visitor } from './known-world.ts';

describe.each(expressVersions)('a device that a person enrols, on %s', (_name, express) => {
  const signedIn = async (more = '', at = 'desk') => {
    const world = knownWorld(express);
    const ada = new Visitor(world.app, at);
    await ada.signIn('ada', more);
    return { ...world, ada };
  };

  test('is known from then on, also after signing out and in again', async () => {
    const { ada, advance } = await signedIn();
    expect((await ada.get('known')).body).toMatchObject({ reason: 'device_trust_insufficient' });
    await ada.enrol();
    expect((await ada.get('known')).status).toBe(200);
    await ada.post('logout');
    expect(ada.device).toBeDefined();
    await advance('3d');
    await ada.signIn();
    expect(await ada.trust()).toBe('known');
    expect((await ada.get('known')).status).toBe(200);
  });

  test('is known in the very request that enrols it, and to a step-up', async () => {
    const world = knownWorld(express, {
      mount: (app) =>
        app.post('/desk/both', (req, res, next) => {
          const { sessionPolicy } = req;
          const work = sessionPolicy.device.enroll().then(async () => {
            const enrolled = sessionPolicy.device.trust;
            await sessionPolicy.reauthenticated({ level: 'aal2' });
            return [enrolled, sessionPolicy.device.trust];
          });
          work.then((body) => void res.json(body), next);
        }),
    });
    const ada = new Visitor(world.app);
    await ada.signIn();
    expect((await ada.post('both')).body).toEqual(['known', 'known']);
    expect(await ada.trust()).toBe('known');
  });

  test.each([
    ['without the level that the profile asks for', '&level=aal1'],
    ['by somebody who was only remembered', '&how=remembered'],
    ['by somebody who acts as the person', '&how=impersonated'],
  ])('is not enrolled %s', async (_what, more) => {
    const { ada, events } = await signedIn(more);
    const refused = await ada.post('enrol');
    expect([refused.status, refused.body]).toEqual([403, { code: 'ERR_ENROLMENT_REFUSED' }]);
    expect(ada.device).toBeUndefined();
    expect(await ada.trust()).toBe('none');
    expect(events.filter(({ type }) => type === 'device')).toEqual([]);
  });

  test('is not enrolled when the confirmation is older than the profile accepts, and is after a new one', async () => {
    const { ada, advance } = await signedIn();
    await advance(600_001);
    expect((await ada.post('enrol')).status).toBe(403);
    await ada.post('confirm');
    expect((await ada.post('enrol')).status).toBe(200);
  });

  test('takes a confirmation with it where that is for once', async () => {
    const { ada } = await signedIn('', 'once');
    expect((await ada.post('enrol')).status).toBe(200);
    expect((await ada.post('enrol')).status).toBe(403);
    await ada.post('confirm');
    expect((await ada.post('enrol')).status).toBe(200);
  });

  test('is not enrolled by nobody, nor where several people use the device', async () => {
    const { app } = await signedIn();
    expect((await new Visitor(app).post('enrol')).body).toMatchObject({ reason: 'session_missing' });
    const desk = new Visitor(app, 'kiosk');
    await desk.signIn();
    expect((await desk.post('enrol')).body).toEqual({ code: 'ERR_ENROLMENT_REFUSED' });
    expect(desk.device).toBeUndefined();
  });

  test('has a label that fits in a list, or the browser’s name', async () => {
    const { ada } = await signedIn();
    expect((await ada.post(`enrol?label=${'x'.repeat(65)}`)).status).toBe(500);
    expect((await ada.post('enrol?label=a%0Ab')).status).toBe(500);
    await ada.post('enrol');
    expect((await ada.get('session/devices')).body.devices).toMatchObject([{ label: 'This device', current: true, app: 'desk' }]);
  });

  test('is one in the list, however often it is enrolled', async () => {
    const { ada } = await signedIn();
    await ada.enrol('Old name');
    const handle = await ada.enrol('New name');
    expect((await ada.get('session/devices')).body.devices).toMatchObject([{ handle, label: 'New name' }]);
    expect(await ada.trust()).toBe('known');
  });

  test('makes room: a person has fifty at most', async () => {
    const { ada, app, advance } = await signedIn();
    await ada.enrol('First');
    for (let count = 0; count < 50; count += 1) {
      await advance(1_000);
      const other = new Visitor(app);
      await other.signIn();
      await other.enrol(`Number ${count}`);
    }
    const { devices } = (await ada.get('session/devices')).body as { devices: { label: string }[] };
    expect(devices).toHaveLength(50);
    expect(devices.map(({ label }) => label)).not.toContain('First');
    expect(await ada.trust()).toBe('none');
  });

  test('is known to one app only', async () => {
    const { ada, app } = await signedIn();
    await ada.enrol();
    const shop = new Visitor(app, 'shop');
    shop.device = ada.device;
    await shop.signIn();
    expect(await shop.trust()).toBe('none');
  });

  test('gets a cookie that scripts do not see, no other host gets, and no cache keeps', async () => {
    const { ada } = await signedIn();
    const { headers } = await ada.post('enrol');
    const [cookie] = (headers['set-cookie'] as unknown as string[]).filter((line) => line.startsWith('desk.device='));
    expect(cookie).toMatch(/^desk\.device=[A-Za-z0-9_-]+; Path=\/; Max-Age=34560000; HttpOnly; SameSite=Lax$/);
    expect(headers['cache-control']).toBe('no-store');
  });

  test('keeps its cookie whatever the handler does to the answer', async () => {
    const { ada, advance } = await signedIn();
    await ada.enrol();
    await advance('25h');
    const before = ada.device;
    const { headers } = await ada.get('careless');
    expect(headers['set-cookie']).toHaveLength(2);
    expect(headers['cache-control']).toBe('no-store');
    expect(ada.device).not.toBe(before);
  });
});

describe.each(expressVersions)('of a device that was enrolled, on %s', (_name, express) => {
  test('neither cookie alone is enough', async () => {
    const { app } = knownWorld(express);
    const ada = new Visitor(app);
    await ada.signIn();
    await ada.enrol();
    const session = ada.copy();
    session.device = undefined;
    expect(await session.trust()).toBe('none');
    expect((await ada.withoutSession().get('known')).body).toMatchObject({ reason: 'session_missing' });
  });

  test('nothing is known to another person, who does not take it away either', async () => {
    const { app } = knownWorld(express);
    const tablet = new Visitor(app);
    await tablet.signIn('ada');
    await tablet.enrol('Tablet');
    await tablet.signIn('bea');
    expect(await tablet.trust()).toBe('none');
    expect((await tablet.get('session/devices')).body).toEqual({ devices: [] });
    await tablet.enrol('Tablet');
    expect(await tablet.trust()).toBe('known');
    await tablet.signIn('ada');
    expect(await tablet.trust()).toBe('known');
    await tablet.signIn('bea');
    expect(await tablet.trust()).toBe('known');
  });

  test('the renewal for one person is not undone by a sign-in of another with the same request', async () => {
    const { app, advance } = knownWorld(express);
    const tablet = new Visitor(app);
    for (const id of ['bea', 'ada']) {
      await tablet.signIn(id);
      await tablet.enrol();
    }
    await advance('25h');
    await tablet.signIn('bea');
    await advance('25h');
    for (const id of ['ada', 'bea']) {
      await tablet.signIn(id);
      expect(await tablet.trust()).toBe('known');
    }
  });

  test('the last four people who used it are known', async () => {
    const { app, advance } = knownWorld(express);
    const tablet = new Visitor(app);
    const family = ['ada', 'bea', 'cem', 'dov', 'eve'];
    for (const id of family) {
      await advance('1m');
      await tablet.signIn(id);
      await tablet.enrol();
    }
    const known = async (id: string): Promise<string> => {
      await tablet.signIn(id);
      return tablet.trust();
    };
    for (const id of family.slice(1).reverse()) expect(await known(id)).toBe('known');
    expect(await known('ada')).toBe('none');
  });

  test('another kind of subject with the same id has nothing', async () => {
    const { app, sessions } = knownWorld(express);
    const ada = new Visitor(app);
    await ada.signIn();
    const handle = await ada.enrol();
    const service = { id: 'ada', kind: 'service' } as const;
    expect(await sessions.devices.list(service)).toEqual([]);
    expect(await sessions.devices.forget(service, handle)).toBe(false);
    expect(await ada.trust()).toBe('known');
  });

  test.each([
    ['cut short', (text: string) => text.slice(0, -2)],
    ['changed', (text: string) => (text.startsWith('A') ? 'B' : 'A') + text.slice(1)],
    [
      'signed by nobody',
      (text: string) => Buffer.from(`${Buffer.from(text, 'base64url').toString().split('.')[0]}.x`).toString('base64url'),
    ],
    ['followed by another', (text: string) => `${text}.${text}.${text}.${text}.${text}`],
    ['long', (text: string) => text.repeat(40)],
    ['the wrong signed text', () => Buffer.from('[]').toString('base64url')],
  ])('a credential that is %s is none', async (_what, forge) => {
    const { app } = knownWorld(express);
    const ada = new Visitor(app);
    await ada.signIn();
    await ada.enrol();
    const forger = ada.copy();
    forger.device = forge(ada.device as string);
    expect(await forger.trust()).toBe('none');
    await forger.signIn();
    expect(await forger.trust()).toBe('none');
    expect(await ada.trust()).not.toBe('managed');
  });

  test('a credential that is there twice, in two forms, is none', async () => {
    const { app } = knownWorld(express);
    const ada = new Visitor(app);
    await ada.signIn();
    await ada.enrol();
    const good = ada.device as string;
    ada.device = `${good}; desk.device=planted`;
    expect(await ada.trust()).toBe('none');
  });

  test('what was not used for 400 days is not known, and its cookie is taken away', async () => {
    const { app, advance } = knownWorld(express);
    const ada = new Visitor(app);
    await ada.signIn();
    await ada.enrol();
    await advance('400d');
    await ada.signIn();
    expect(await ada.trust()).toBe('none');
    expect(ada.device).toBeUndefined();
  });
});

describe.each(expressVersions)('a native client on %s', (_name, express) => {
  test('gets its credential from enroll and the next one in a header', async () => {
    const { app, advance } = knownWorld(express);
    const phone = new Visitor(app, 'phone');
    await phone.signIn();
    await phone.enrol('Phone');
    expect(await phone.trust()).toBe('known');
    const first = phone.device;
    await advance('2h');
    const signedIn = await phone.signIn();
    expect(signedIn.headers['session-device']).toBe(phone.device);
    expect(signedIn.headers['cache-control']).toBe('no-store');
    expect(phone.device).not.toBe(first);
    expect(await phone.trust()).toBe('known');
  });

  test('is not known by a cookie, nor a browser by the header', async () => {
    const { app } = knownWorld(express);
    const phone = new Visitor(app, 'phone');
    await phone.signIn();
    await phone.enrol();
    const byCookie = new Visitor(app, 'phone', new Map([['phone.device', phone.device as string]]));
    byCookie.token = phone.token;
    expect(await byCookie.trust()).toBe('none');
    const browser = new Visitor(app);
    await browser.signIn();
    await browser.enrol();
    const byHeader = browser.copy();
    byHeader.credential = browser.device;
    byHeader.device = undefined;
    expect(await byHeader.trust()).toBe('none');
  });
});
