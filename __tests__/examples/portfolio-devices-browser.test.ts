import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { type Browser, INSTALLATION_MS, newPage, openChromium, type PageOptions, screenshot, type TestPage } from '../support/chromium.ts';
import { confirmWithCode, enrolWorkstation, portfolioSite, type PortfolioSite, signIn } from './portfolio-site.ts';

let browser: Browser;
let site: PortfolioSite;
beforeAll(async () => {
  browser = await openChromium();
}, INSTALLATION_MS);
afterAll(() => browser?.close());

const opened: TestPage[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
  await site.close();
});

async function visit(options: PageOptions = {}): Promise<TestPage> {
  site = await portfolioSite();
  return another(options);
}

async function another(options: PageOptions = {}): Promise<TestPage> {
  const tab = await newPage(browser, options);
  opened.push(tab);
  return tab;
}

const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
const answer = (page: Page, text: string) => page.locator('[data-answer]').filter({ hasText: text }).waitFor();
const status = (page: Page, text: string) => page.locator('[data-offline]').filter({ hasText: text }).waitFor();
const visits = (page: Page) => page.locator('[data-queue] li').allTextContents();

describe('the phone', () => {
  async function onThePhone(options: PageOptions = {}): Promise<TestPage> {
    const tab = await visit({ expected: [/status of 401/], ...options });
    await tab.page.goto(`${site.origin}/phone`);
    await press(tab.page, 'Sign in as Ada');
    await answer(tab.page, '"tokenType": "DPoP"');
    return tab;
  }

  /** Time goes by, for the phone too. */
  async function wait(page: Page, by: `${number}s`): Promise<void> {
    site.advance(by);
    await page.evaluate(`{
      const [date, elapsed] = [Date.now, performance.now.bind(performance)];
      Date.now = () => date() + ${Number.parseInt(by, 10) * 1_000};
      performance.now = () => elapsed() + ${Number.parseInt(by, 10) * 1_000};
    }`);
  }

  test('proves its key with every call, and neither the token alone nor an old proof is of use', async () => {
    const { complaints, page } = await onThePhone();
    await press(page, 'Read my account');
    await answer(page, '"device": "bound"');
    expect(await page.locator('[data-request]').textContent()).toMatch(/authorization: DPoP .*"htm": "GET".*"ath"/s);
    await press(page, 'Send the last proof again');
    await answer(page, 'device_proof_invalid');
    await press(page, 'Send the token without the key');
    await answer(page, 'device_proof_missing');
    await screenshot(page, 'demo-phone-stolen');
    await press(page, 'Transfer € 20');
    await answer(page, 'acr_values="aal2"');
    await press(page, 'Confirm with a code');
    await answer(page, '200 OK');
    await press(page, 'Transfer € 20');
    await answer(page, '"transferred": 20');
    await press(page, 'New token');
    await answer(page, '"tokenType": "DPoP"');
    await press(page, 'Read my account');
    await answer(page, '"balance": 120');
    await page.locator('[data-for="/phone/me"][data-tone="open"]').waitFor();
    await press(page, 'Sign out');
    await answer(page, '"signedOut": true');
    expect(complaints).toEqual([]);
  });

  test('goes offline, notes visits, and brings them back', async () => {
    const { complaints, page } = await onThePhone();
    await press(page, 'Go offline');
    await status(page, 'Offline, with a lease.');
    expect(await page.getByRole('button', { name: 'Read my account' }).isDisabled()).toBe(true);
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Note a visit');
    await press(page, 'Note a visit');
    await press(page, 'Note a visit');
    await screenshot(page, 'demo-phone-offline');
    await press(page, 'Come back');
    await status(page, 'Online. The report: settled.');
    expect(await visits(page)).toEqual(['accepted', 'accepted']);
    await screenshot(page, 'demo-phone-settled');
    await press(page, 'Read my account');
    await answer(page, '"balance": 120');
    expect(complaints).toEqual([]);
  });

  test('notes nothing after the lease, and what comes back late is refused', async () => {
    const { complaints, page } = await onThePhone({ width: 390, colorScheme: 'dark' });
    await press(page, 'Go offline');
    await press(page, 'Note a visit');
    await wait(page, '61s');
    await status(page, 'The lease is over');
    expect(await page.getByRole('button', { name: 'Note a visit' }).isDisabled()).toBe(true);
    await press(page, 'Come back');
    await status(page, 'refused, because the lease was over');
    expect(await visits(page)).toEqual(['refused: the lease was over']);
    await screenshot(page, 'demo-phone-late');
    expect(complaints).toEqual([]);
  });

  test('keeps its visits until there is a report, also when its session was ended in the shop meanwhile', async () => {
    const { complaints, page, context } = await onThePhone();
    await press(page, 'Go offline');
    await press(page, 'Note a visit');
    const shop = await context.newPage();
    await signIn(shop, site.origin, 'shop', 'Ada');
    await shop.goto(`${site.origin}/shop/account`);
    await press(shop, 'End this session in phone');
    await shop.getByText('That session is over.').waitFor();
    await press(page, 'Come back');
    await status(page, 'Sign in, then come back again');
    await answer(page, 'session_revoked');
    expect(await visits(page)).toEqual(['waits']);
    await press(page, 'Sign in as Ada');
    await answer(page, '"tokenType": "DPoP"');
    await press(page, 'Come back');
    await status(page, 'refused, because the session was ended meanwhile');
    expect(await visits(page)).toEqual(['refused: the session was ended meanwhile']);
    expect(complaints).toEqual([]);
  });
});

describe('the front desk', () => {
  test('is closed, until an administrator enrols the browser; and again when they forget it', async () => {
    const { complaints, page } = await visit({ expected: [/status of 403/] });
    await page.goto(`${site.origin}/desk`);
    await screenshot(page, 'demo-desk-closed');
    await page.getByRole('link', { name: 'Get a code in the console' }).click();
    await page.getByRole('button', { name: 'Grace' }).click();
    await page.getByRole('heading', { level: 1, name: 'Workstations' }).waitFor();
    await press(page, 'Enrol a workstation');
    const code = (await page.locator('output.code').textContent()) as string;
    await screenshot(page, 'demo-desk-code');
    await page.getByRole('link', { name: '/desk/device/enroll' }).click();
    await page.getByLabel('Code').fill(code.toLowerCase());
    await press(page, 'Set up this workstation');
    await page.getByRole('button', { name: 'Mina' }).click();
    await page.getByText('Stocktaking').waitFor();
    await page.locator('[data-for="/desk"][data-tone="open"]').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Ada' }).click();
    await page.getByText('Fitting').waitFor();
    await page.goto(`${site.origin}/admin/workstations`);
    await press(page, 'Forget Front desk 2');
    await page.getByText('That workstation is out of use.').waitFor();
    await page.goto(`${site.origin}/desk/login`);
    await page.getByRole('link', { name: 'Get a code in the console' }).waitFor();
    expect(complaints).toEqual([]);
  });

  test('and the shop stay what they are to this browser when somebody signs out of the console or the shop', async () => {
    const { complaints, page } = await visit({ expected: [/status of 403/] });
    await enrolWorkstation(page, site.origin);
    await signIn(page, site.origin, 'shop', 'Ada');
    await page.goto(`${site.origin}/shop/account/cards`);
    await screenshot(page, 'demo-cards-refused');
    await page.getByRole('link', { name: 'Enrol this one in My account' }).click();
    await press(page, 'Enrol this device');
    await confirmWithCode(page);
    await press(page, 'Send it now');
    await page.getByText('This device is known from now on').waitFor();
    await screenshot(page, 'demo-account-known');
    for (const app of ['shop', 'admin']) {
      await page.goto(`${site.origin}/${app}`);
      await press(page, 'Sign out');
      await page.getByText('You are signed out.').waitFor();
    }
    await signIn(page, site.origin, 'shop', 'Ada');
    await page.getByRole('link', { name: 'My account' }).click();
    await page.getByRole('link', { name: 'Saved cards' }).click();
    await page.getByText('Visa ending in 4242').waitFor();
    await page.goto(`${site.origin}/desk/login`);
    await page.getByRole('button', { name: 'Mina' }).waitFor();
    expect(complaints).toEqual([]);
  });
});
