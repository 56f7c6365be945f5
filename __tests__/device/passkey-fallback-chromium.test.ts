import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type Browser, INSTALLATION_MS, newPage, openChromium, serveAt, virtualAuthenticator } from '../support/chromium.ts';
import { expressVersions } from '../support/express.ts';
import { pageScript } from '../step-up/page-script.ts';
import { SoftwareAuthenticator } from '../step-up/software-authenticator.ts';
import { type FallbackBank, fallbackBank } from './passkey-fallback-world.ts';

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

/** Ada's browser, signed in, with a passkey that stays on the device or one that is kept on several. */
async function world({ isSynced }: { readonly isSynced: boolean }) {
  let bank: FallbackBank | undefined;
  const site = await serveAt((origin) => (bank = fallbackBank(express, { origin, script })).app);
  opened.push(site);
  const tab = await newPage(browser, { expected: [/status of 403/] });
  opened.push(tab);
  const key = new SoftwareAuthenticator();
  (bank as FallbackBank).passkeys.add(ADA, key.passkey());
  const device = await virtualAuthenticator(tab.page);
  await device.addCredential({
    credentialId: Buffer.from(key.id, 'base64url').toString('base64'),
    isResidentCredential: true,
    rpId: 'localhost',
    privateKey: key.privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
    userHandle: Buffer.from(key.userHandle, 'base64url').toString('base64'),
    signCount: 0,
    backupEligibility: isSynced,
    backupState: isSynced,
  });
  await tab.page.request.post(`${site.origin}/login`, { maxRedirects: 0 });
  await tab.page.goto(`${site.origin}/account`);
  return { ...tab, bank: bank as FallbackBank, site };
}

describe('in a real browser, a page for proved devices', () => {
  test('opens after a passkey that stays on the device', async () => {
    const { complaints, page, site } = await world({ isSynced: false });
    await page.getByRole('link', { name: 'Vault' }).click();
    await page.getByRole('heading', { name: 'Confirm this device with a passkey' }).waitFor();
    expect(await page.getByRole('heading', { name: 'With your password' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await page.waitForURL(`${site.origin}/vault`);
    expect(await page.getByRole('heading').textContent()).toBe('vault bound passkey');
    expect(complaints).toEqual([]);
  });

  test('takes the form that was sent, after it', async () => {
    const { bank, page } = await world({ isSynced: false });
    await page.getByRole('button', { name: 'Send money' }).click();
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await page.getByRole('button', { name: 'Send it now' }).click();
    await page.getByRole('heading', { name: 'Sent' }).waitFor();
    expect(bank.wired).toEqual([{ to: 'Grace' }]);
  });

  test('does not open after one that is kept on several devices, and says why', async () => {
    const { page, site } = await world({ isSynced: true });
    await page.getByRole('link', { name: 'Vault' }).click();
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await page.getByRole('status').filter({ hasText: 'kept on several devices' }).waitFor();
    expect((await page.request.get(`${site.origin}/vault`, { maxRedirects: 0 })).status()).not.toBe(200);
  });
});
