import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import {
  type Browser,
  INSTALLATION_MS,
  newPage,
  openChromium,
  type PageOptions,
  screenshot,
  type TestPage,
  virtualAuthenticator,
} from '../support/chromium.ts';
import { confirmWithCode, enrolWorkstation, portfolioSite, type PortfolioSite, signIn } from './portfolio-site.ts';

let browser: Browser;
let site: PortfolioSite;
beforeAll(async () => {
  browser = await openChromium({ backForwardCache: true });
}, INSTALLATION_MS);
afterAll(() => browser?.close());

const opened: TestPage[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
  await site.close();
});

/** A person's browser at a fresh demonstration. */
async function visit(options: PageOptions = {}): Promise<TestPage> {
  site = await portfolioSite();
  return another(options);
}

async function another(options: PageOptions = {}): Promise<TestPage> {
  const tab = await newPage(browser, options);
  opened.push(tab);
  return tab;
}

const goTo = (page: Page, path: string) => page.goto(site.origin + path);
const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name }).waitFor();

describe('shop', () => {
  test('a passkey is registered in the account and then confirms a gift card', async () => {
    const { complaints, page } = await visit();
    await virtualAuthenticator(page);
    await signIn(page, site.origin, 'shop', 'Ada');
    await goTo(page, '/shop/gift');
    await press(page, 'Send');
    expect(await page.getByRole('button', { name: 'Use a passkey' }).count()).toBe(0);
    await goTo(page, '/shop/account');
    await page.getByRole('link', { name: 'Register a passkey' }).click();
    await press(page, 'Register a passkey');
    await page.getByText('The passkey is registered').waitFor();
    await goTo(page, '/shop/gift');
    await page.getByLabel('To').fill('Mina & <Ada>');
    await press(page, 'Send');
    await heading(page, 'Please confirm it’s you');
    expect(await page.locator('.what').textContent()).toBe('Send a gift card of 40 € to Mina & <Ada>');
    await screenshot(page, 'demo-confirm');
    await press(page, 'Use a passkey');
    await heading(page, 'Go on with this?');
    await press(page, 'Send it now');
    await page.getByText('Sent: a gift card of 40 € to Mina & <Ada>.').waitFor();
    expect(complaints).toEqual([]);
  });

  test('a gift card is confirmed and sent by keyboard alone', async () => {
    const { complaints, page } = await visit();
    await signIn(page, site.origin, 'shop', 'Ada');
    await goTo(page, '/shop/gift');
    await tabTo(page, 'To');
    await page.keyboard.press('Enter');
    await heading(page, 'Please confirm it’s you');
    await tabTo(page, 'Password');
    await page.keyboard.type('demo');
    await page.keyboard.press('Enter');
    await heading(page, 'Go on with this?');
    await tabTo(page, 'Send it now');
    await page.keyboard.press('Enter');
    await page.getByText('Sent: a gift card').waitFor();
    await page.goBack();
    await heading(page, 'No longer there');
    expect(complaints).toEqual([expect.stringContaining('status of 410')]);
  });

  test('a script sends a gift card, and goes on when the person has confirmed in a new tab', async () => {
    const { complaints, context, page } = await visit({ expected: [/status of 401/] });
    await signIn(page, site.origin, 'shop', 'Ada');
    await goTo(page, '/shop/gift');
    await press(page, 'Send by a script');
    const dialog = page.getByRole('alertdialog');
    await screenshot(page, 'demo-script');
    const [confirmation] = await Promise.all([context.waitForEvent('page'), dialog.getByRole('link').click()]);
    await heading(confirmation, 'Please confirm it’s you');
    expect(await confirmation.locator('.what').textContent()).toContain('40 € to Grace');
    await confirmWithCode(confirmation);
    await page.getByText('Sent: a gift card of 40 € to Grace.').waitFor();
    expect(new URL(page.url()).pathname).toBe('/shop/gift');
    expect(complaints).toEqual([]);
  });

  test('warns in both tabs before the end, goes on in both, and shows nothing when it is over', async () => {
    const { complaints, context, page } = await visit({ expected: [/status of 401/] });
    await signIn(page, site.origin, 'shop', 'Ada');
    const tab = await context.newPage();
    await goTo(tab, '/shop/checkout');
    site.advance('105s');
    for (const one of [page, tab]) {
      await lookAgain(one);
      await one.getByRole('alertdialog', { name: 'Are you still there?' }).waitFor();
    }
    await screenshot(page, 'demo-warning');
    await press(page, 'Stay signed in');
    await tab.getByRole('alertdialog').waitFor({ state: 'detached' });
    site.advance('121s');
    await lookAgain(page);
    for (const one of [page, tab]) await heading(one, 'You have been signed out');
    await screenshot(page, 'demo-ended');
    await page.getByRole('link', { name: 'Sign in' }).click();
    await heading(page, 'Sign in');
    expect(complaints).toEqual([]);
  });
});

describe('admin console', () => {
  test('the identity provider confirms a deletion, and nobody else and nothing less does', async () => {
    const { complaints, page } = await visit({ expected: [/status of 40[13]/] });
    await signIn(page, site.origin, 'admin', 'Grace');
    const atProvider = async (choose: () => Promise<void>) => {
      await goTo(page, '/admin');
      await press(page, 'Delete Harbour Café');
      await page.getByRole('link', { name: 'Continue' }).click();
      await heading(page, 'Sign in again');
      await choose();
    };
    await atProvider(async () => {
      expect(await page.getByLabel('Grace Lind').isChecked()).toBe(true);
      await screenshot(page, 'demo-provider');
      await page.getByLabel('Mina Sato').check();
      await press(page, 'Sign in');
    });
    await heading(page, 'Not the same account');
    await screenshot(page, 'demo-other-person');
    await atProvider(() => press(page, 'Cancel'));
    await page.getByText('You left your sign-in provider').waitFor();
    await atProvider(async () => {
      await page.getByLabel('Password only').check();
      await press(page, 'Sign in');
    });
    await heading(page, 'Stronger sign-in required');
    await atProvider(() => press(page, 'Sign in'));
    await heading(page, 'Go on with this?');
    await press(page, 'Send it now');
    await page.getByText('The customer is deleted.').waitFor();
    expect(complaints).toEqual([]);
  });

  test('two administrators export the customers', async () => {
    const grace = await visit();
    const mina = await another({ width: 390 });
    await signIn(grace.page, site.origin, 'admin', 'Grace');
    await signIn(mina.page, site.origin, 'admin', 'Mina');
    await grace.page.getByRole('link', { name: 'Export all customers' }).click();
    await grace.page.getByLabel('Why do you need it?').fill('the auditors want it');
    await screenshot(grace.page, 'demo-ask-approval');
    await press(grace.page, 'Ask for approval');
    await mina.page.getByRole('link', { name: 'Approvals' }).click();
    await screenshot(mina.page, 'demo-decide');
    await mina.page.getByRole('button', { name: /^Approve/ }).click();
    await confirmWithCode(mina.page);
    await press(mina.page, 'Send it now');
    await heading(mina.page, 'Approvals');
    await grace.page.getByRole('link', { name: 'Look again' }).click();
    await grace.page.getByRole('link', { name: 'Go on' }).click();
    await heading(grace.page, 'All customers');
    expect(grace.complaints).toEqual([]);
    expect(mina.complaints).toEqual([]);
  });

  test('an upload is refused at once, and the way leads to a confirmation', async () => {
    const { complaints, page } = await visit({ expected: [/status of 401/] });
    await signIn(page, site.origin, 'admin', 'Grace');
    await goTo(page, '/admin/photo');
    const choose = () =>
      page.getByLabel('Photo of the product').setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: Buffer.alloc(9_000) });
    await choose();
    await press(page, 'Send');
    await heading(page, 'Please confirm first');
    await screenshot(page, 'demo-upload');
    await page.getByRole('link', { name: 'Confirm, then send it again' }).click();
    await confirmWithCode(page);
    await heading(page, 'Product photo');
    await choose();
    await press(page, 'Send');
    await page.getByText('Received: 10 kB.').waitFor();
    expect(complaints).toEqual([]);
  });
});

test('the next person at the desk finds nothing of the last one, behind the back button neither', async () => {
  const { complaints, page } = await visit();
  await enrolWorkstation(page, site.origin);
  await signIn(page, site.origin, 'desk', 'Ada');
  await page.getByLabel('Note to yourself').fill('ring my sister');
  await press(page, 'Keep the note');
  await page.evaluate("localStorage.setItem('left', 'behind')");
  await page.getByRole('button', { name: 'Mina' }).click();
  await page.getByText('Stocktaking').waitFor();
  expect(await page.evaluate('localStorage.length')).toBe(0);
  await page.goBack();
  await page.getByText('Signed in as').waitFor();
  expect(await page.textContent('main')).not.toMatch(/Signed in as Ada|Fitting|ring my sister/);
  expect(complaints).toEqual([]);
});

const PAGES = ['/', '/shop', '/shop/gift', '/shop/account', '/shop/account/passkeys', '/shop/reauthenticate', '/admin', '/admin/photo'];
const MORE = [
  '/admin/workstations',
  '/desk/device/enroll',
  '/admin/approvals',
  '/admin/report',
  '/phone',
  '/desk',
  '/about/jobs',
  '/shop/login',
];

test.each([
  [1280, 'light'],
  [390, 'dark'],
] as const)('every page fits in %i pixels, and none complains', async (width, colorScheme) => {
  const { complaints, page } = await visit({ width, colorScheme });
  await enrolWorkstation(page, site.origin);
  for (const [app, person] of [
    ['shop', 'Ada'],
    ['admin', 'Grace'],
    ['desk', 'Ada'],
  ] as const)
    await signIn(page, site.origin, app, person);
  for (const path of [...PAGES, ...MORE]) {
    await goTo(page, path);
    expect([path, await page.evaluate('document.documentElement.scrollWidth - innerWidth')]).toEqual([path, 0]);
    await screenshot(page, `demo-${width}-${path.slice(1).replaceAll('/', '-') || 'overview'}`);
  }
  expect(complaints).toEqual([]);
});

/** What happens when a person comes back to a tab. */
async function lookAgain(page: Page): Promise<void> {
  await page.evaluate("window.dispatchEvent(new Event('focus'))");
}

/** Presses the tabulator until the focus is on what has this label or text. */
async function tabTo(page: Page, name: string): Promise<void> {
  const focused = () => page.evaluate('(document.activeElement.labels?.[0] ?? document.activeElement).textContent');
  for (let presses = 0; presses < 40; presses += 1) {
    await page.keyboard.press('Tab');
    if ((await focused()) === name) return;
  }
  throw new Error(`the tabulator does not lead to ${name}`);
}
