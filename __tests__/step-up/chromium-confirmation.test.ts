import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Page, Request } from 'playwright-core';
import {
  type Browser,
  INSTALLATION_MS,
  newPage,
  openChromium,
  type PageOptions,
  screenshot,
  serveAt,
  type Site,
  type TestPage,
  type VirtualAuthenticator,
  virtualAuthenticator,
} from '../support/chromium.ts';
import { expressVersions } from '../support/express.ts';
import { confirmationSite, type ConfirmationSite, GOOD_CODE } from './confirmation-site.ts';
import { pageScript } from './page-script.ts';
import { SoftwareAuthenticator } from './software-authenticator.ts';

const ADA = { id: 'ada', kind: 'user' } as const;
const [, express] = expressVersions[0] as (typeof expressVersions)[0];

let browser: Browser;
let script: string;
beforeAll(async () => {
  browser = await openChromium();
  script = await pageScript();
}, INSTALLATION_MS);
afterAll(() => browser?.close());

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

/** Ada's browser, signed in, and the passkey on her device. */
interface World extends TestPage {
  readonly bank: ConfirmationSite;
  readonly site: Site;
  readonly device: VirtualAuthenticator;
  readonly key: SoftwareAuthenticator;
}

async function world(options: PageOptions = {}): Promise<World> {
  let bank: ConfirmationSite | undefined;
  const site = await serveAt((origin) => (bank = confirmationSite(express, { origin, script })).app);
  opened.push(site);
  const tab = await newPage(browser, options);
  opened.push(tab);
  const key = new SoftwareAuthenticator();
  (bank as ConfirmationSite).passkeys.add(ADA, key.passkey());
  const device = await deviceOf(tab.page, key);
  await tab.page.request.post(`${site.origin}/login`, { maxRedirects: 0 });
  await tab.page.goto(`${site.origin}/account`);
  return { ...tab, bank: bank as ConfirmationSite, site, device, key };
}

async function deviceOf(page: Page, key: SoftwareAuthenticator): Promise<VirtualAuthenticator> {
  const device = await virtualAuthenticator(page);
  await device.addCredential({
    credentialId: Buffer.from(key.id, 'base64url').toString('base64'),
    isResidentCredential: true,
    rpId: 'localhost',
    privateKey: key.privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
    userHandle: Buffer.from(key.userHandle, 'base64url').toString('base64'),
    signCount: 0,
  });
  return device;
}

const usePasskey = (page: Page): Promise<void> => page.getByRole('button', { name: 'Use a passkey' }).click();
const outcome = (page: Page) => page.getByRole('status');

describe('a passkey', () => {
  test('opens the page that asked for it', async () => {
    const { complaints, page, site } = await world();
    await page.getByRole('link', { name: 'Secret' }).click();
    await page.waitForURL(/\/reauthenticate\?return_to=/);
    await usePasskey(page);
    await page.waitForURL(`${site.origin}/secret`);
    expect(await page.getByRole('heading').textContent()).toBe('Secret');
    await page.goBack();
    expect(new URL(page.url()).pathname).toBe('/account');
    expect(complaints).toEqual([]);
  });

  test('sends the form that was kept, with its values, when the person says so', async () => {
    const { bank, complaints, page } = await world();
    await page.getByLabel('To').fill('Grace & <Ada> €');
    await page.getByRole('button', { name: 'Send money' }).click();
    expect(await page.locator('.what').textContent()).toBe('Send 400 € to Grace & <Ada> €');
    await usePasskey(page);
    await page.waitForURL(/\/transfer\?resume_request=/);
    expect(bank.transfers).toEqual([]);
    expect(await page.locator('.what').textContent()).toBe('Send 400 € to Grace & <Ada> €');
    await page.getByRole('button', { name: 'Send it now' }).click();
    await page.getByRole('heading', { name: 'Sent' }).waitFor();
    expect(bank.transfers).toEqual([{ to: 'Grace & <Ada> €', amount: '400' }]);
    expect(complaints).toEqual([]);
  });

  test('whose person was not verified is refused, and can be tried again', async () => {
    const { device, page, site } = await world();
    await page.getByRole('link', { name: 'Secret' }).click();
    await device.setUserVerified(false);
    await usePasskey(page);
    await expectText(page, /No passkey was used|could not be accepted/);
    expect(new URL(page.url()).pathname).toBe('/reauthenticate');
    await device.setUserVerified(true);
    await usePasskey(page);
    await page.waitForURL(`${site.origin}/secret`);
  });

  test('of an authenticator that only claims to have asked is refused by the server', async () => {
    const { device, page, site } = await world({ expected: [/status of 403/] });
    await page.getByRole('link', { name: 'Secret' }).click();
    await device.misbehave({ isBadUV: true });
    await usePasskey(page);
    await expectText(page, /The passkey could not be accepted\. Please try again/);
    expect((await page.request.get(`${site.origin}/secret`, { maxRedirects: 0 })).status()).not.toBe(200);
  });

  test('with a bogus signature is refused by the server', async () => {
    const { device, page } = await world({ expected: [/status of 403/] });
    await page.getByRole('link', { name: 'Secret' }).click();
    await device.misbehave({ isBogusSignature: true });
    await usePasskey(page);
    await expectText(page, /could not be accepted/);
  });

  test('that answered once does not answer again', async () => {
    const { page, site } = await world();
    const sent: string[] = [];
    page.on('request', (request: Request) => {
      if (new URL(request.url()).pathname === '/reauthenticate/passkey') sent.push(request.postData() ?? '');
    });
    await page.getByRole('link', { name: 'Secret' }).click();
    await usePasskey(page);
    await page.waitForURL(`${site.origin}/secret`);
    expect(sent).toHaveLength(1);
    const again = await page.request.post(`${site.origin}/reauthenticate/passkey`, {
      data: sent[0] as string,
      headers: { 'content-type': 'application/json' },
    });
    expect([again.status(), ((await again.json()) as { reason: string }).reason]).toEqual([403, 'challenge_expired']);
  });

  test('that is not on the device is no error, and another way is there', async () => {
    const { complaints, device, key, page, site } = await world();
    await page.getByRole('link', { name: 'Secret' }).click();
    await device.removeCredential(Buffer.from(key.id, 'base64url').toString('base64'));
    await usePasskey(page);
    await expectText(page, 'No passkey was used. You can try again.');
    await page.getByLabel('Code of your app').fill(GOOD_CODE);
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.waitForURL(`${site.origin}/secret`);
    expect(complaints).toEqual([]);
  });

  test('works in a browser without the newer functions', async () => {
    const { complaints, context, page, site } = await world();
    await context.addInitScript(`
      delete PublicKeyCredential.parseRequestOptionsFromJSON;
      delete PublicKeyCredential.prototype.toJSON;
    `);
    await page.getByRole('link', { name: 'Secret' }).click();
    expect(await page.evaluate('typeof PublicKeyCredential.prototype.toJSON')).toBe('undefined');
    await usePasskey(page);
    await page.waitForURL(`${site.origin}/secret`);
    expect(complaints).toEqual([]);
  });

  test('in a browser that has none of it is not offered', async () => {
    const { context, page } = await world();
    await context.addInitScript('delete window.PublicKeyCredential;');
    await page.getByRole('link', { name: 'Secret' }).click();
    await expectText(page, 'This browser cannot use passkeys here.');
    expect(await page.getByRole('button', { name: 'Use a passkey' }).count()).toBe(0);
  });

  test('for a session that has ended meanwhile says so', async () => {
    const { bank, page } = await world({ expected: [/status of 401/] });
    await page.getByRole('link', { name: 'Secret' }).click();
    await page.getByRole('button', { name: 'Use a passkey' }).waitFor();
    bank.clock.advance(16 * 60_000);
    await usePasskey(page);
    await expectText(page, /sign in|signed in/i);
  });
});

describe('the page', () => {
  test('cancel leads back, and nothing is sent', async () => {
    const { bank, complaints, page, site } = await world();
    for (const challenge of [() => page.getByRole('link', { name: 'Secret' }), () => page.getByRole('button', { name: 'Send money' })]) {
      await challenge().click();
      await page.getByRole('link', { name: 'Cancel' }).click();
      await page.waitForURL(`${site.origin}/account`);
    }
    expect(bank.transfers).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test('two tabs ask for two things; each confirms its own', async () => {
    const { bank, complaints, context, device, key, page, site } = await world();
    const second = await context.newPage();
    await second.goto(`${site.origin}/account`);
    await page.getByRole('link', { name: 'Secret' }).click();
    await second.getByRole('button', { name: 'Send money' }).click();
    await usePasskey(page);
    await page.waitForURL(`${site.origin}/secret`);
    // The device answers one tab after the other.
    await device.remove();
    bank.passkeys.add(ADA, key.passkey());
    await deviceOf(second, key);
    await usePasskey(second);
    await second.getByRole('button', { name: 'Send it now' }).click();
    await second.getByRole('heading', { name: 'Sent' }).waitFor();
    expect(bank.transfers).toEqual([{ to: 'Grace', amount: '400' }]);
    await page.reload();
    expect(await page.getByRole('heading').textContent()).toBe('Secret');
    expect(complaints).toEqual([]);
  });

  test('the keyboard alone leads from the form to what was sent', async () => {
    const { bank, complaints, page } = await world();
    const press = async (name: string): Promise<void> => {
      for (let count = 0; count < 12; count += 1) {
        await page.keyboard.press('Tab');
        if ((await page.evaluate('document.activeElement.textContent.trim()')) === name) return page.keyboard.press('Enter');
      }
      throw new Error(`Tab does not lead to ${name}`);
    };
    await press('Send money');
    await page.waitForURL(/\/reauthenticate/);
    await page.getByRole('button', { name: 'Use a passkey' }).waitFor();
    await press('Use a passkey');
    await page.waitForURL(/\/transfer\?resume_request=/);
    await press('Send it now');
    await page.getByRole('heading', { name: 'Sent' }).waitFor();
    expect(bank.transfers).toEqual([{ to: 'Grace', amount: '400' }]);
    expect(complaints).toEqual([]);
  });

  test('the focus stays on the button of a passkey that failed, and what failed is announced', async () => {
    const { device, key, page } = await world();
    await page.getByRole('link', { name: 'Secret' }).click();
    await device.removeCredential(Buffer.from(key.id, 'base64url').toString('base64'));
    const button = page.getByRole('button', { name: 'Use a passkey' });
    await button.focus();
    await page.keyboard.press('Enter');
    await expectText(page, /No passkey was used/);
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Use a passkey');
    const described = await button.getAttribute('aria-describedby');
    expect(await page.locator(`#${described}`).getAttribute('role')).toBe('status');
  });

  test('a wrong code: the focus is in the field, which is described by what is wrong', async () => {
    const { complaints, page } = await world({ expected: [/status of 400/] });
    await page.getByRole('link', { name: 'Secret' }).click();
    await page.getByLabel('Code of your app').fill('000000');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    expect(await page.evaluate('document.activeElement.name')).toBe('code');
    expect(await page.evaluate('document.getElementById(document.activeElement.getAttribute("aria-describedby")).textContent')).toBe(
      'That is not right. Please try again.',
    );
    expect(await page.getByLabel('Code of your app').inputValue()).toBe('');
    expect(complaints).toEqual([]);
  });

  test('without JavaScript the code works, and the passkey says what it needs', async () => {
    const { bank, page } = await world({ javaScriptEnabled: false });
    await page.getByRole('link', { name: 'Secret' }).click();
    expect(await page.getByText('This way needs JavaScript').isVisible()).toBe(true);
    expect(await page.getByRole('button', { name: 'Use a passkey' }).count()).toBe(0);
    await page.getByLabel('Code of your app').fill(GOOD_CODE);
    await page.getByRole('button', { name: 'Confirm' }).click();
    expect(await page.getByRole('heading').textContent()).toBe('Secret');
    expect(bank.tried).toHaveLength(1);
  });

  test.each([
    [1280, 'light'],
    [1280, 'dark'],
    [390, 'light'],
    [390, 'dark'],
  ] as const)('fits at %i pixels, %s', async (width, colorScheme) => {
    const { complaints, page } = await world({ width, colorScheme, expected: [/status of 400/] });
    const fits = async (name: string): Promise<void> => {
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
      await screenshot(page, `confirmation-${name}-${width}-${colorScheme}`);
    };
    await page.getByRole('link', { name: 'Secret' }).click();
    await page.getByRole('button', { name: 'Use a passkey' }).waitFor();
    await fits('page');
    await page.getByLabel('Code of your app').fill('000000');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    await fits('wrong-code');
    await page.goto(new URL('/account', page.url()).href);
    await page.getByLabel('To').fill(`Grace ${'x'.repeat(80)}`);
    await page.getByRole('button', { name: 'Send money' }).click();
    await page.getByRole('button', { name: 'Use a passkey' }).waitFor();
    await fits('action');
    await page.goto(new URL('/impossible', page.url()).href);
    await fits('nothing-accepted');
    expect(complaints).toEqual([]);
  });
});

async function expectText(page: Page, text: string | RegExp): Promise<void> {
  await outcome(page)
    .getByText(text)
    .or(outcome(page).filter({ hasText: text }))
    .first()
    .waitFor();
}
