import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { type Browser, inMemory, inRedis, type World } from './portfolio-world.ts';

describe.each([
  ['memory', inMemory()],
  ['Redis', inRedis()],
])('the front desk of the demonstration in %s', (_name, place) => {
  beforeAll(() => place.open());
  afterAll(() => place.close());

  async function atTheDesk() {
    const world = await place.world();
    const browser = await world.workstation();
    await browser.signIn('desk', 'ada');
    await browser.press('/desk/note', { note: 'ring my sister' }, '/desk').expect(303);
    return { ...world, browser };
  }

  test('the next person finds their own appointments, and nothing of the last one', async () => {
    const { app, browser } = await atTheDesk();
    const before = (await browser.open('/desk').expect(200)).text;
    expect(before).toContain('Fitting');
    expect(before).toContain('ring my sister');
    const cookies = cookiesOf(browser);
    const switched = await browser.press('/desk/login', { person: 'mina' }, '/desk').expect(303);
    expect(switched.headers['clear-site-data']).toContain('"storage"');
    const after = (await browser.open('/desk').expect(200)).text;
    expect(after).toContain('Stocktaking');
    expect(after).not.toContain('Fitting');
    expect(after).not.toContain('ring my sister');
    const late = request(app).get('/desk').set('Cookie', cookies);
    expect((await late.expect(401)).body.reason).toBe('session_rotated');
  });

  test('what needs a confirmation is refused, and sent to a device of their own', async () => {
    const { browser } = await atTheDesk();
    const refused = await browser.open('/desk/bank-details').expect(403);
    expect(refused.text).toContain('https://my.example.com/bank-details');
    expect(refused.text).not.toContain('DE02');
    expect((await browser.status('desk', 'GET', '/desk/bank-details')).body.reason).toBe('step_up_refused');
  });

  test('is left after a minute', async () => {
    const { browser, advance } = await atTheDesk();
    advance('61s');
    await browser
      .open('/desk')
      .expect(303)
      .expect('Clear-Site-Data', /"storage"/);
  });

  test('stays enrolled when one signs out, and for the next who signs in', async () => {
    const { browser } = await atTheDesk();
    await browser.press('/desk/logout', {}, '/desk').expect(303);
    await browser.open('/desk/login').expect(200);
    await browser.signIn('desk', 'mina');
    await browser.open('/desk').expect(200);
  });

  describe('on a device that is no workstation', () => {
    test('nothing opens, the sign-in page neither, and the way to a code is told', async () => {
      const browser = (await place.world()).browser();
      for (const path of ['/desk', '/desk/login']) {
        const { text } = await browser.open(path).expect(403);
        expect(text).toContain('href="/admin/workstations"');
        expect(text).toContain('href="/desk/device/enroll"');
      }
      await browser.press('/desk/login', { person: 'ada' }).expect(403);
      expect((await browser.agent.get('/desk/presence').expect(403)).body.reason).toBe('device_not_enrolled');
    });

    test('a session that was taken from a workstation opens nothing', async () => {
      const { app, browser } = await atTheDesk();
      const session = cookiesOf(browser).filter((one) => !one.includes('device'));
      expect(session).not.toEqual([]);
      await request(app).get('/desk').set('Cookie', cookiesOf(browser)).expect(200);
      expect((await request(app).get('/desk').set('Cookie', session).expect(403)).body.reason).toBe('device_not_enrolled');
      const page = await request(app)
        .get('/desk')
        .set({ Cookie: session.join('; '), Accept: 'text/html' })
        .expect(403);
      expect(page.text).not.toContain('Ada Okafor');
    });
  });

  describe('in the admin console', () => {
    async function administrator(): Promise<World & { readonly admin: Browser }> {
      const world = await place.world();
      world.app.set('trust proxy', 'loopback');
      const admin = world.browser();
      await admin.signIn('admin', 'grace');
      return { ...world, admin };
    }

    const invite = (admin: Browser, label = 'Hall 3') => admin.press('/admin/workstations', { label });

    test('a workstation is enrolled with the code that is shown, once; listed; and forgotten', async () => {
      const { admin, browser } = await administrator();
      expect((await admin.open('/admin/workstations').expect(200)).text).toContain('None yet');
      const { text } = await invite(admin).expect(200);
      const [code, path] = [/class="code[^>]*>([^<]+)</.exec(text)?.[1] as string, /<a href="(\/desk[^"]+)"/.exec(text)?.[1] as string];
      const [desk, other] = [browser(), browser()];
      await desk.press(path, { code }).expect(303).expect('Location', '/desk/login');
      await desk.signIn('desk', 'mina');
      expect((await desk.open('/desk').expect(200)).text).toContain('Stocktaking');
      // From another address, where nobody has tried a code just before.
      await other.press(path, { code }).set('X-Forwarded-For', '203.0.113.7').expect(403);
      const list = (await admin.open('/admin/workstations').expect(200)).text;
      expect(list).toContain('<strong>Hall 3</strong>');
      expect(list).not.toContain(code);
      const workstation = /name="workstation" value="([^"]+)"/.exec(list)?.[1] as string;
      await admin.press('/admin/workstations/forget', { workstation }, '/admin/workstations').expect(303);
      await desk.open('/desk').expect(403);
      expect((await admin.open('/admin/workstations')).text).toContain('None yet');
    });

    test('takes a sign-in of the last minute, and asks for a name', async () => {
      const { admin, advance } = await administrator();
      await invite(admin, ' ').expect(400);
      advance('40s');
      await admin.open('/admin').expect(200);
      advance('25s');
      await invite(admin)
        .expect(303)
        .expect('Location', /^\/admin\/reauthenticate\?/);
    });

    test('is for administrators only', async () => {
      const browser = (await place.world()).browser();
      await browser.signIn('shop', 'ada');
      await browser
        .press('/admin/workstations', { label: 'Mine' })
        .expect(303)
        .expect('Location', /^\/admin\/login/);
    });
  });
});

function cookiesOf(browser: Browser): string[] {
  const cookies = browser.agent.jar.getCookies({ domain: '127.0.0.1', path: '/', secure: false, script: false });
  return cookies.map(({ name, value }) => `${name}=${value}`);
}
