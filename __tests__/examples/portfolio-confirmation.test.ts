import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Browser, formAction, inMemory, inRedis } from './portfolio-world.ts';

describe.each([
  ['memory', inMemory()],
  ['Redis', inRedis()],
])('confirmations of the demonstration in %s', (_name, place) => {
  beforeAll(() => place.open());
  afterAll(() => place.close());

  async function signedIn(app: 'shop' | 'admin') {
    const world = await place.world();
    const browser = world.browser();
    await browser.signIn(app, app === 'shop' ? 'ada' : 'grace');
    return { ...world, browser, another: world.browser };
  }

  describe('a gift card', () => {
    const send = (browser: Browser, amount = '40', to = 'Grace') => browser.press('/shop/gift', { to, amount });
    const confirmed = async (browser: Browser, amount?: string) =>
      browser.confirmWithCode((await send(browser, amount).expect(303)).headers['location'] as string);

    test('is confirmed by itself, however fresh the sign-in is, and sent with its values', async () => {
      const { browser } = await signedIn('shop');
      const asked = (await send(browser).expect(303)).headers['location'] as string;
      expect((await browser.open(asked)).text).toContain('Send a gift card of 40 € to Grace');
      const resumption = await browser.confirmWithPassword(asked);
      expect((await browser.open(resumption)).text).toContain('Send a gift card of 40 € to Grace');
      expect((await browser.open('/shop/gift')).text).not.toContain('Sent:');
      expect((await browser.sendKept(resumption)).headers['location']).toBe('/shop/gift?sent');
      expect((await browser.open('/shop/gift?sent')).text).toContain('Sent: a gift card of 40 € to Grace.');
    });

    test('of another amount is asked about again', async () => {
      const { browser } = await signedIn('shop');
      await confirmed(browser, '40');
      await send(browser, '400')
        .expect(303)
        .expect('Location', /^\/shop\/reauthenticate\?/);
    });

    test('is sent once: the second time nothing is left to send', async () => {
      const { browser } = await signedIn('shop');
      const resumption = await confirmed(browser);
      const action = formAction((await browser.open(resumption)).text, '/shop/gift?resume_request=');
      await browser.press(action).expect(303);
      const again = await browser.press(action).expect(410);
      expect(again.text).toContain('No longer there');
      await send(browser)
        .expect(303)
        .expect('Location', /reauthenticate/);
    });

    test('that cannot be sent is not asked about', async () => {
      const { browser } = await signedIn('shop');
      await send(browser, '0').expect(400);
      await send(browser, '40', ' ').expect(400);
    });

    test('sent by a script is challenged in JSON, and goes on with the confirmation made for it', async () => {
      const { browser } = await signedIn('shop');
      const byScript = () => browser.press('/shop/gift', { to: 'Mina', amount: '7' }).set('Accept', 'application/json');
      const { body, headers } = await byScript().expect(401);
      expect(headers['www-authenticate']).toContain('insufficient_user_authentication');
      await browser.confirmWithCode(body.reauthenticate);
      expect((await byScript().expect(200)).body).toEqual({ sent: 'Sent: a gift card of 7 € to Mina.' });
      await byScript().expect(401);
    });
  });

  test('passkeys are registered only after a confirmation of the last minute', async () => {
    const { browser, advance } = await signedIn('shop');
    expect((await browser.agent.post('/shop/account/passkeys/options').send({}).expect(200)).body.rp.id).toBe('localhost');
    const invented = { response: { id: 'aa', rawId: 'aa', type: 'public-key', response: {} } };
    await browser.agent.post('/shop/account/passkeys').send(invented).expect(400);
    advance('61s');
    await browser.open('/shop').expect(200);
    await browser
      .open('/shop/account/passkeys')
      .expect(303)
      .expect('Location', /^\/shop\/reauthenticate\?/);
    await browser.agent.post('/shop/account/passkeys/options').send({}).expect(401);
    await browser.agent.post('/shop/account/passkeys').send(invented).expect(401);
  });

  test('a wrong code confirms nothing, a code works once, and tries are limited', async () => {
    const { browser } = await signedIn('admin');
    const { text } = await browser.open('/admin/reauthenticate').expect(200);
    const action = formAction(text, 'way=code');
    const code = /class="code">([\d ]+)</.exec(text)?.[1]?.replace(' ', '') as string;
    expect(code).toMatch(/^\d{6}$/);
    const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, '0');
    const shown = (await browser.press(action, { code: wrong }).expect(400)).text;
    expect(shown).toContain('That is not right');
    await browser.press(action, { code }).expect(400);
    for (let tries = 2; tries < 5; tries += 1) await browser.press(action, { code: 'no code' }).expect(400);
    expect((await browser.press(action, { code }).expect(429)).headers['retry-after']).toBeDefined();
  });

  test('from another address than its own, the ways that know one origin are not offered', async () => {
    const { browser } = await signedIn('shop');
    const elsewhere = (await browser.open('/shop/reauthenticate')).text;
    expect(elsewhere).toContain('With a code');
    const askForPasskey = () => browser.agent.post('/shop/reauthenticate/passkey/options').set('Accept', 'application/json');
    await askForPasskey().expect(404);
    const atHome = await askForPasskey().set('Host', 'localhost:3000').set('Origin', 'http://localhost:3000').expect(403);
    expect(atHome.body.reason).toBe('passkey_missing');
  });

  test('an upload is refused before it is read, and taken after a confirmation', async () => {
    const { browser } = await signedIn('admin');
    const upload = (bytes = 3_000) => {
      const test = browser.agent.post('/admin/photo').set('Accept', 'text/html').set('Host', 'demo.test');
      return test.set('Referer', 'http://demo.test/admin/photo').attach('photo', Buffer.alloc(bytes), 'a.png');
    };
    const refused = await upload().expect(401);
    expect(refused.text).toContain('Files and very long forms cannot be kept');
    const way = /href="(\/admin\/reauthenticate\?[^"]+)"/.exec(refused.text)?.[1]?.replaceAll('&#38;', '&') as string;
    expect(await browser.confirmWithCode(way)).toBe('/admin/photo');
    expect((await upload().expect(200)).text).toContain('Received: 4 kB');
    await upload(5_000_001).expect(413);
  });

  test('exporting needs another administrator, in their own session and with a code, and is open for a minute', async () => {
    const { browser: grace, advance, another } = await signedIn('admin');
    const mina = another();
    await mina.signIn('admin', 'mina');
    const asked = (await grace.open('/admin/export').set('Referer', 'http://127.0.0.1/admin').expect(303)).headers['location'] as string;
    expect(asked).toMatch(/^\/admin\/approvals\?scope=export/);
    const page = (await grace.open(asked)).text;
    expect(page).toContain('sign in as the other');
    const returnTo = /name="return_to" value="([^"]+)"/.exec(page)?.[1] as string;
    const ask = (reason: string) => grace.press('/admin/approvals', { scope: 'export all customers', reason, return_to: returnTo });
    await ask('').expect(400);
    await ask('the auditors want it').expect(303);
    expect((await grace.open('/admin/approvals')).text).not.toMatch(/\/approve"/);

    const waiting = (await mina.open('/admin/approvals')).text;
    expect(waiting).toContain('Grace Lind');
    expect(waiting).toContain('the auditors want it');
    const approve = /formaction="([^"]+\/approve)"/.exec(waiting)?.[1] as string;
    await grace.press(approve, {}, '/admin/approvals').expect(403);
    const confirm = (await mina.press(approve, {}, '/admin/approvals').expect(303)).headers['location'] as string;
    expect((await mina.open(confirm)).text).toContain('Approve “export all customers” for grace');
    expect((await mina.sendKept(await mina.confirmWithCode(confirm))).status).toBe(303);

    expect((await grace.open(asked)).text).toContain('Approved by');
    expect((await grace.open('/admin/export').expect(200)).text).toContain('Harbour Café');
    await mina.open('/admin/export').expect(303);
    advance('30s');
    await grace.open('/admin/export').expect(200);
    advance('31s');
    await grace.open('/admin/export').expect(303);
  });
});
