import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { formAction, inMemory, inRedis, type World } from './portfolio-world.ts';

describe.each([
  ['memory', inMemory()],
  ['Redis', inRedis()],
])('the demonstration in %s', (_name, place) => {
  beforeAll(() => place.open());
  afterAll(() => place.close());

  async function signedIn(app: 'shop' | 'admin', person = app === 'shop' ? 'ada' : 'grace') {
    const world = await place.world();
    const browser = world.browser();
    await browser.signIn(app, person);
    return { ...world, browser, another: world.browser };
  }

  describe('shop', () => {
    test('a guest has a basket, signs in on the way to the account, and keeps the basket', async () => {
      const browser = (await place.world()).browser();
      await browser.press('/shop/basket', { item: 'lamp' }).expect(303);
      const sent = await browser.open('/shop/account').expect(303);
      const login = sent.headers['location'] as string;
      expect(login).toMatch(/^\/shop\/login\?return_to=/);
      await browser.press(login, { person: 'ada' }).expect(303).expect('Location', '/shop/account');
      expect((await browser.open('/shop/account').expect(200)).text).toContain('Signed in as <strong>Ada Okafor</strong>');
      expect((await browser.open('/shop')).text).toContain('In the basket: <strong>1</strong>');
    });

    test('idles out after two minutes, and says so', async () => {
      const { browser, advance } = await signedIn('shop');
      advance('121s');
      const sent = await browser.open('/shop/account').expect(303);
      expect((await browser.open(sent.headers['location'] as string)).text).toContain('nothing happened in it for a while');
    });

    test('looking at the time left does not add to it', async () => {
      const { browser, advance } = await signedIn('shop');
      advance('100s');
      const { body } = await browser.status('shop').expect(200);
      expect(body.rule.idle).toEqual({ seconds: 120, source: 'profile:web' });
      expect(body.left.idle).toBeGreaterThan(10);
      expect(body.left.idle).toBeLessThanOrEqual(20);
      expect((await browser.agent.get('/shop/presence').expect(200)).body).toMatchObject({ signedIn: true });
      advance('21s');
      expect((await browser.agent.get('/shop/presence').expect(200)).body).toEqual({ signedIn: false, reason: 'idle_timeout' });
    });

    test('the account asks again after 45 seconds away, also when the shop was browsed first', async () => {
      const { browser, advance } = await signedIn('shop');
      advance('46s');
      await browser.open('/shop').expect(200);
      const asked = await browser.open('/shop/account').expect(303);
      const { body } = await browser.status('shop', 'GET', '/shop/account').expect(200);
      expect(body).toMatchObject({ outcome: 'challenge', reason: 'route_idle_timeout' });
      expect(await browser.confirmWithPassword(asked.headers['location'] as string)).toBe('/shop/account');
      await browser.open('/shop/account').expect(200);
    });

    test('paying asks for a sign-in of the last minute, and then shows once more what was about to be sent', async () => {
      const { browser, advance } = await signedIn('shop');
      await browser.press('/shop/basket', { item: 'lamp' }).expect(303);
      await browser.press('/shop/pay', {}, '/shop/checkout').expect(303).expect('Location', '/shop/checkout?paid');
      advance('61s');
      await browser.open('/shop/checkout').expect(200);
      const asked = await browser.press('/shop/pay', {}, '/shop/checkout').expect(303);
      expect(asked.headers['location']).toMatch(/^\/shop\/reauthenticate\?/);
      const resumption = await browser.confirmWithPassword(asked.headers['location'] as string);
      expect(resumption).toMatch(/^\/shop\/pay\?resume_request=/);
      expect((await browser.sendKept(resumption)).headers['location']).toBe('/shop/checkout?paid');
    });

    test('a service account is refused', async () => {
      const browser = (await place.world()).browser();
      const refused = await browser.press('/shop/login', { person: 'nightly' }).expect(403);
      expect(refused.text).toContain('Refused by the policy');
      await browser.press('/shop/login', { person: 'nobody' }).expect(400);
      await browser.open('/shop/account').expect(303);
    });

    test('signing out ends the session, not only the cookie', async () => {
      const { browser, app } = await signedIn('shop');
      const [cookie] = browser.agent.jar.getCookies({ domain: '127.0.0.1', path: '/', secure: false, script: false });
      const value = `${cookie?.name}=${cookie?.value}`;
      await request(app).get('/shop/account').set('Cookie', value).expect(200);
      await browser
        .press('/shop/logout')
        .expect(303)
        .expect('Clear-Site-Data', /storage/);
      expect((await request(app).get('/shop/account').set('Cookie', value).expect(401)).body.reason).toBe('signed_out');
    });

    test("shows own sessions and ends them, and nobody else's", async () => {
      const world = await place.world();
      const [here, there, stranger] = [world.browser(), world.browser(), world.browser()];
      const end = (session = '') =>
        here.press('/shop/session/sessions/end', { session, returnTo: '/shop/account?did=end' }, '/shop/account');
      await here.signIn('shop');
      await there.signIn('shop');
      await stranger.signIn('shop', 'grace');
      const [other] = handles((await here.open('/shop/account')).text);
      const [notMine] = handles((await stranger.open('/shop/account')).text);
      expect(notMine).toBeUndefined();
      const [strangers] = await world.sessions.list({ subject: 'grace' });
      await end(strangers?.handle).expect(404);
      await stranger.open('/shop/account').expect(200);
      await end(other).expect(303).expect('Location', '/shop/account?did=end');
      await there.open('/shop/account').expect(303);
      await there.signIn('shop');
      await here.press('/shop/session/sessions/end-others').expect(303);
      await there.open('/shop/account').expect(303);
      await here.open('/shop/account').expect(200);
    });

    test('asks for a confirmation of the last minute before it ends other sessions', async () => {
      const { browser, advance } = await signedIn('shop');
      advance('61s');
      await browser.press('/shop/session/sessions/end-others').expect('Location', /^\/shop\/reauthenticate\?/);
    });
  });

  describe('admin console', () => {
    test('the session of the shop is none here', async () => {
      const { browser } = await signedIn('shop');
      const sent = await browser.open('/admin').expect(303);
      expect(sent.headers['location']).toMatch(/^\/admin\/login\?/);
    });

    test('who is no administrator is not let in', async () => {
      const browser = (await place.world()).browser();
      await browser.press('/admin/login', { person: 'ada' }).expect(400);
      await browser.open('/admin').expect(303);
    });

    test('deleting takes a code of the last 30 seconds, and a password, however fresh, is not offered for it', async () => {
      const { browser, advance } = await signedIn('admin');
      const remove = () => browser.press('/admin/delete', { customer: 'Oak Street School' }, '/admin').expect(303);
      const asked = (await remove()).headers['location'] as string;
      expect(asked).toMatch(/^\/admin\/reauthenticate\?/);
      const page = (await browser.open(asked)).text;
      expect(page).not.toContain('With a password');
      await browser.press(formAction(page, 'way=code').replace('way=code', 'way=password'), { password: 'demo' }).expect(303);
      const { body } = await browser.status('admin', 'POST', '/admin/delete').expect(200);
      expect(body).toMatchObject({ outcome: 'challenge', reason: 'assurance_insufficient' });
      expect((await browser.open('/admin')).text).toContain('Oak Street School');
      const resumption = await browser.confirmWithCode(asked);
      expect((await browser.sendKept(resumption)).headers['location']).toBe('/admin?did=deleted');
      expect((await browser.open('/admin')).text).not.toContain('Oak Street School');
      advance('31s');
      expect((await remove()).headers['location']).toMatch(/^\/admin\/reauthenticate\?/);
    });

    test('a page that polls does not keep the session alive', async () => {
      const { browser, advance } = await signedIn('admin');
      await browser.open('/admin/report').expect(200);
      advance('40s');
      await browser.agent.get('/admin/report/data').expect(200);
      advance('21s');
      expect((await browser.agent.get('/admin/report/data').expect(401)).body.reason).toBe('idle_timeout');
    });

    test('ends after five minutes, however busy it was', async () => {
      const { browser, advance } = await signedIn('admin');
      for (let half = 0; half < 9; half += 1) {
        advance('30s');
        await browser.open('/admin').expect(200);
      }
      advance('31s');
      const sent = await browser.open('/admin').expect(303);
      expect((await browser.open(sent.headers['location'] as string)).text).toContain('its longest duration');
    });

    test("ends the session of somebody else, and everybody's in the shop", async () => {
      const { browser: admin, another } = await signedIn('admin');
      const ada = another();
      await ada.signIn('shop');
      const page = (await admin.open('/admin')).text;
      expect(page).toContain('Ada Okafor');
      await admin.press('/admin/sessions/end', { session: handles(page)[0] as string }).expect(303);
      await ada.open('/shop/account').expect(303);
      await ada.signIn('shop');
      await admin.press('/admin/sessions/end-shop').expect(303);
      expect((await ada.status('shop').expect(401)).body.reason).toBe('session_revoked');
      await admin.open('/admin').expect(200);
    });

    test('a stricter policy is in force at once, for running sessions too, and so is the way back', async () => {
      const { browser: admin, advance, another } = await signedIn('admin');
      const shopper = another();
      await shopper.signIn('shop');
      await admin.press('/admin/policy', { policy: 'tight' }).expect('Location', '/admin?did=tight');
      expect((await admin.status('admin')).body.rule.idle.seconds).toBe(30);
      expect((await shopper.status('shop')).body.rule.idle.seconds).toBe(60);
      await admin.press('/admin/policy', { policy: 'normal' }).expect('Location', '/admin?did=normal');
      expect((await admin.status('admin')).body.rule.idle.seconds).toBe(60);
      await admin.press('/admin/policy', { policy: 'tight' });
      advance('31s');
      await admin.open('/admin').expect(303);
    });

    test('the reporting condition says what it would do, and does nothing', async () => {
      const { browser } = await signedIn('admin');
      expect((await browser.open('/admin').expect(200)).text).not.toContain('off-network');
      const { app } = await place.world();
      app.set('trust proxy', 'loopback');
      const outside = request.agent(app).set('X-Forwarded-For', '203.0.113.7');
      await outside.post('/admin/login').type('form').send({ person: 'grace' }).expect(303);
      expect((await outside.get('/admin').expect(200)).text).toContain('Condition off-network would ask for more, but only reports.');
    });
  });

  test('jobs: not yet, for nobody', async () => {
    const { app, browser } = await signedIn('admin');
    expect((await request(app).post('/jobs/run').expect(401)).body.reason).toBe('workload_token_required');
    expect((await browser.agent.post('/jobs/run').expect(401)).body.reason).toBe('workload_token_required');
    expect((await browser.open('/about/jobs').expect(200)).text).toContain('Not yet');
  });

  test('every route is covered and guarded', async () => {
    const { app, sessions } = await place.world();
    const report = sessions.report(app);
    expect(report.faults).toEqual([]);
    expect(report.routes.filter(({ app: name, guarded }) => name === undefined || !guarded)).toEqual([]);
    expect(new Set(report.routes.map(({ app: name }) => name))).toEqual(new Set(['overview', 'shop', 'admin', 'phone', 'desk', 'jobs']));
  });
});

describe('pages', () => {
  const place = inMemory();
  const PATHS = [
    '/',
    '/shop',
    '/shop/account',
    '/shop/orders',
    '/shop/checkout',
    '/shop/gift',
    '/shop/account/passkeys',
    '/shop/login',
    '/shop/reauthenticate',
    '/admin',
    '/admin/report',
    '/admin/photo',
    '/admin/workstations',
    '/admin/approvals',
    '/phone',
    '/desk',
    '/desk/device/enroll',
    '/about/jobs',
  ];

  async function visitor(world: World) {
    const browser = await world.workstation();
    await browser.signIn('shop');
    await browser.signIn('admin', 'grace');
    await browser.signIn('desk');
    return browser;
  }

  test.each(PATHS)('%s has no inline script or style, a language, a title and a label for every field', async (path) => {
    const browser = await visitor(await place.world());
    const { text, headers } = await browser.open(path).expect(200);
    expect(headers['content-security-policy']).toContain("script-src 'self'");
    // Without a referrer, forms over plain http are taken for another site's, and a step-up has no page to come back to.
    expect(headers['referrer-policy']).toBe('same-origin');
    expect(text).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\ssrc=)/);
    expect(text).toMatch(/<html lang="en">[^]*<title>[^<]+<\/title>[^]*<main id="main"[^]*<h1>[^<]+<\/h1>/);
    for (const [, id] of text.matchAll(/<input id="([^"]+)"/g)) expect(text).toContain(`<label for="${id}"`);
    for (const [, file] of text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)) await browser.open(file as string).expect(200);
  });

  test('the exception loosens its route until its review date, and the page says when it stopped', async () => {
    const orders = async (at: string) => {
      const { text } = await (await visitor(await place.world(at))).open('/shop/orders');
      return /GET \/shop\/orders[^]*?data-source>([^<]+)</.exec(text)?.[1];
    };
    expect(await orders('2026-11-30T23:59:00Z')).toBe('exception:EX-1');
    expect(await orders('2026-12-01T00:00:00Z')).toBe('route:shop/orders');
    expect(await orders('2031-01-01T00:00:00Z')).toBe('route:shop/orders');
    const late = (await place.world('2031-01-01T00:00:00Z')).browser();
    expect((await late.open('/')).text).toContain('It stopped working on 2026-12-01.');
  });

  test('what comes from outside is text, not markup', async () => {
    const { html } = await import('../../examples/portfolio/views.js' as string);
    expect(String(html`<a title="${`"'<b>&`}">${['<i>', html`<b>ok</b>`, undefined, false]}</a>`)).toBe(
      '<a title="&quot;&#39;&lt;b&gt;&amp;">&lt;i&gt;<b>ok</b></a>',
    );
  });

  test('an unknown address and a malformed body are answered with a page', async () => {
    const browser = (await place.world()).browser();
    expect((await browser.open('/nowhere').expect(404)).text).toContain('Nothing here');
    const { app } = await place.world();
    const broken = await request(app).post('/phone/login').set('Accept', 'text/html').type('json').send('{').expect(400);
    expect(broken.text).not.toMatch(/node_modules|SyntaxError|<pre>/);
  });
});

function handles(text: string): string[] {
  return [...text.matchAll(/name="session" value="([^"]+)"/g)].map(([, handle]) => handle as string);
}
