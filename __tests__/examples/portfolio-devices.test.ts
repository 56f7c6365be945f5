import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Browser, inMemory, inRedis } from './portfolio-world.ts';

const CARDS = '/shop/account/cards';

describe.each([
  ['memory', inMemory()],
  ['Redis', inRedis()],
])('the devices of the shop in %s', (_name, place) => {
  beforeAll(() => place.open());
  afterAll(() => place.close());

  async function shopper() {
    const world = await place.world();
    const browser = world.browser();
    await browser.signIn('shop');
    return { ...world, browser, another: world.browser };
  }

  const enrol = (browser: Browser) =>
    browser.press('/shop/session/devices', { label: 'My <laptop>', returnTo: '/shop/account?did=enrolled' }, '/shop/account');

  /** As a person does it: the form is kept, they confirm with a code, and send it. */
  async function enrolled() {
    const world = await shopper();
    const asked = (await enrol(world.browser).expect(303)).headers['location'] as string;
    expect(asked).toMatch(/^\/shop\/reauthenticate\?/);
    const sent = await world.browser.sendKept(await world.browser.confirmWithCode(asked));
    expect(sent.headers['location']).toBe('/shop/account?did=enrolled');
    return world;
  }

  test('saved cards open on an enrolled device only, and the refusal says where it is enrolled', async () => {
    const { browser } = await shopper();
    const refused = await browser.open(CARDS).expect(403);
    expect(refused.text).toContain('href="/shop/account"');
    expect(refused.text).not.toContain('4242');
    expect((await browser.status('shop', 'GET', CARDS)).body.reason).toBe('device_trust_insufficient');
    const { browser: other } = await enrolled();
    expect((await other.open(CARDS).expect(200)).text).toContain('4242');
    expect((await other.status('shop', 'GET', CARDS)).body.outcome).toBe('allow');
    const account = (await other.open('/shop/account?did=enrolled')).text;
    expect(account).toContain('<strong>My &lt;laptop&gt;</strong>, this one');
    expect(account).toContain('This device is known from now on');
    expect(account).not.toContain('Enrol this device');
  });

  test('a password, however fresh, does not enrol one', async () => {
    const { browser } = await shopper();
    await enrol(browser)
      .expect(303)
      .expect('Location', /^\/shop\/reauthenticate\?/);
    expect((await browser.open('/shop/account')).text).toContain('Enrol this device');
    await browser.open(CARDS).expect(403);
  });

  test('the device stays known when its owner signs out and in again, and another browser of theirs is not', async () => {
    const { browser, another, sessions } = await enrolled();
    await browser.press('/shop/logout').expect(303);
    await browser.signIn('shop');
    await browser.open(CARDS).expect(200);
    const other = another();
    await other.signIn('shop');
    await other.open(CARDS).expect(403);
    expect(await sessions.devices.list({ id: 'ada', kind: 'user' })).toHaveLength(1);
  });

  test('somebody else who signs in on it has not enrolled it', async () => {
    const { browser } = await enrolled();
    await browser.press('/shop/logout').expect(303);
    await browser.signIn('shop', 'mina');
    await browser.open(CARDS).expect(403);
  });

  test('it is forgotten from the account, at once', async () => {
    const { browser } = await enrolled();
    const { text } = await browser.open('/shop/account').expect(200);
    const device = /name="device" value="([^"]+)"/.exec(text)?.[1] as string;
    const returnTo = '/shop/account?did=forgotten';
    await browser.press('/shop/session/devices/forget', { device, returnTo }, '/shop/account').expect(303).expect('Location', returnTo);
    await browser.open(CARDS).expect(403);
    expect((await browser.open(returnTo)).text).toContain('Enrol this device');
  });

  test('forgetting one asks for a confirmation of the last minute', async () => {
    const { browser, advance } = await enrolled();
    advance('61s');
    await browser
      .press('/shop/session/devices/forget', { device: 'any' })
      .expect(303)
      .expect('Location', /^\/shop\/reauthenticate\?/);
  });
});
