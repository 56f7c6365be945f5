import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { BrowserContext, Page } from 'playwright-core';
import type { ManualClock } from '../../lib/testing/manual-clock.ts';
import { type Browser, INSTALLATION_MS, newPage, openChromium, screenshot, serve, type Site } from '../support/chromium.ts';
import { leaveTraces, NO_TRACES, tracesOf } from './traces.ts';
import { wardSite } from './ward-site.ts';

let browser: Browser;
let site: Site;
let clock: ManualClock;
let page: Page;
let context: BrowserContext;

beforeAll(async () => {
  browser = await openChromium({ backForwardCache: true });
}, INSTALLATION_MS);
afterAll(() => browser?.close());
beforeEach(async () => {
  const ward = wardSite();
  clock = ward.clock;
  site = await serve(ward.app);
  ({ page, context } = await newPage(browser));
});
afterEach(async () => {
  await context.close();
  await site.close();
});

async function signIn(who: string, at: Page = page): Promise<void> {
  await at.fill('#sign-in input', who);
  await Promise.all([at.waitForURL(`${site.origin}/`), at.click('#sign-in button')]);
}

/** Ann looks at two pages, types into a field, and keeps something in every place. */
async function annWorks(): Promise<string> {
  await page.goto(`${site.origin}/login`);
  await signIn('ann');
  await page.fill('#notes [name=note]', 'of ann');
  await page.click('#patient');
  await page.waitForURL('**/patients/7');
  await leaveTraces(page);
  expect(await tracesOf(page)).toMatchObject({ local: ['note'], session: ['note'], workers: 1, windowName: 'of ann' });
  expect(await page.textContent('#of')).toBe('of ann');
  return (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
}

async function signOut(): Promise<void> {
  await Promise.all([page.waitForURL('**/login'), page.click('#leave button')]);
}

/** What the page says, and what its script and its fields say. */
function shown(at: Page = page): Promise<unknown> {
  return at.evaluate(`({
    text: document.body.innerText,
    script: window.script,
    fields: [...document.querySelectorAll('input')].map(({ name, value }) => name + '=' + value),
  })`);
}

/** A page that comes back as it was is not loaded. */
async function back(): Promise<void> {
  await page.goBack({ waitUntil: 'commit' });
  await page.waitForFunction('document.readyState === "complete"');
}

/** Presses the back button until there is nothing left to go back to. */
async function everythingBefore(): Promise<string> {
  const seen: unknown[] = [];
  for (let step = 0; step < 12; step += 1) {
    await back();
    if (page.url() === 'about:blank') break;
    seen.push(await shown());
  }
  expect(seen.length).toBeGreaterThan(1);
  return JSON.stringify(seen);
}

const SWITCHES: readonly (readonly [string, () => Promise<void>])[] = [
  [
    'signing out, then in',
    async () => {
      await signOut();
      await signIn('bob');
    },
  ],
  ['signing in over the session of the last person', () => signIn('bob')],
  [
    'walking away, and the next person signing in later',
    async () => {
      clock.advance('2m');
      await page.goto(`${site.origin}/`);
      await page.waitForURL('**/login');
      expect(await context.cookies()).toEqual([]);
      await signIn('bob');
    },
  ],
];

describe.each(SWITCHES)('%s', (_how, change) => {
  test('nothing that pages kept is left, and the new session is there', async () => {
    await annWorks();
    await change();
    expect(await tracesOf(page)).toEqual(NO_TRACES);
    expect(await page.textContent('#of')).toBe('of bob');
    await page.goto(`${site.origin}/patients/7`);
    expect(await shown()).toMatchObject({ script: 'of bob' });
  });

  test('the service worker of the last person answers nothing', async () => {
    await annWorks();
    await page.goto(`${site.origin}/patients/9`);
    expect(await page.textContent('body')).toBe('of ann');
    await page.goto(`${site.origin}/`);
    await change();
    await page.goto(`${site.origin}/patients/9`);
    expect(await page.textContent('#of')).toBe('of bob');
  });

  test('the back button shows nothing of the last person', async () => {
    await annWorks();
    await change();
    const seen = await everythingBefore();
    expect(seen).toContain('of bob');
    expect(seen).not.toContain('of ann');
  });

  test('the cookie of the last person, put back, opens nothing', async () => {
    const [name, value] = (await annWorks()).split('=') as [string, string];
    await change();
    await context.clearCookies();
    await context.addCookies([{ name, value, url: site.origin }]);
    await page.goto(`${site.origin}/patients/7`);
    expect(page.url()).toBe(`${site.origin}/login`);
    expect(await page.textContent('body')).not.toContain('of ann');
  });
});

describe('between two people', () => {
  test('the back button leads to the sign-in page', async () => {
    await annWorks();
    await signOut();
    expect(await context.cookies()).toEqual([]);
    expect(await everythingBefore()).not.toContain('of ann');
  });

  test.each([0, 1])('so it does from the page that the sign-in led to, with other cookies: %i', async (others) => {
    if (others > 0) await context.addCookies([{ name: 'of-the-site', value: 'of ann', url: site.origin }]);
    await page.goto(`${site.origin}/login`);
    await signIn('ann');
    await signOut();
    expect(await context.cookies()).toEqual([]);
    expect(await everythingBefore()).not.toContain('of ann');
  });

  test('signing out by a script clears as much', async () => {
    await annWorks();
    await context.addCookies([{ name: 'of-the-site', value: 'of ann', url: site.origin }]);
    await page.evaluate("fetch('/logout', { method: 'POST', redirect: 'manual' })");
    expect(await context.cookies()).toEqual([]);
    expect(await tracesOf(page)).toEqual({ ...NO_TRACES, windowName: 'of ann' });
    await page.goto(`${site.origin}/`);
    expect(await everythingBefore()).not.toContain('of ann');
  });

  test('a second tab keeps what it shows until its next request, and nothing that it could read', async () => {
    await page.goto(`${site.origin}/login`);
    await signIn('ann');
    const second = await context.newPage();
    await second.goto(`${site.origin}/patients/7`);
    await second.evaluate("sessionStorage.setItem('note', 'of ann')");
    await signOut();
    expect(await second.textContent('#of')).toBe('of ann');
    expect(await tracesOf(second)).toEqual(NO_TRACES);
    await second.reload();
    expect(second.url()).toBe(`${site.origin}/login`);
    await signIn('bob');
    await second.goto(`${site.origin}/patients/7`);
    expect(await second.textContent('#of')).toBe('of bob');
    await second.goBack();
    expect(await second.textContent('body')).not.toContain('of ann');
  });
});

describe('why it is made as it is: what this browser does', () => {
  test('it brings back pages as they were, where it may keep them', async () => {
    await page.goto(`${site.origin}/outside`);
    await page.evaluate("window.mark = 'as it was'");
    await page.click('#on');
    await page.waitForURL('**/next');
    await back();
    expect(await page.evaluate('window.mark')).toBe('as it was');
  });

  test('it brings back what was typed, but for fields with autocomplete="off"', async () => {
    await page.goto(`${site.origin}/login`);
    await signIn('ann');
    await page.fill('#notes [name=note]', 'of ann');
    await page.fill('#notes [name=kept]', 'of ann');
    await page.click('#patient');
    await page.waitForURL('**/patients/7');
    await signIn('bob');
    while (page.url() !== `${site.origin}/patients/7`) await back();
    await back();
    // The browser fills the fields in some time after the page is there.
    await page.waitForFunction("document.querySelector('#notes [name=kept]')?.value === 'of ann'");
    expect(await shown()).toMatchObject({ fields: expect.arrayContaining(['note=', 'kept=of ann']) });
  });
});

test.each([
  ['wide', 1280, 800],
  ['narrow', 360, 740],
] as const)('what is not done here is shown with an address for a device of the own: %s', async (name, width, height) => {
  const visit = await newPage(browser, { width, height, expected: [/status of 403/] });
  await visit.page.goto(`${site.origin}/login`);
  await signIn('ann', visit.page);
  await visit.page.click('#prescribe button');
  await visit.page.waitForSelector('code');
  expect(await visit.page.textContent('code')).toBe('https://my.hospital.example/prescriptions');
  expect(await visit.page.$$('a')).toEqual([]);
  expect(await visit.page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  await screenshot(visit.page, `kiosk-own-device-${name}`);
  expect(visit.complaints).toEqual([]);
  await visit.close();
});
