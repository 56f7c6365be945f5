import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import express from 'express';
import type { Page } from 'playwright-core';
import { type Browser, INSTALLATION_MS, newPage, openChromium, screenshot, serve, type Site } from '../support/chromium.ts';
import { approvalWorld, type ApprovalWorld } from './approval-world.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await openChromium();
}, INSTALLATION_MS);
afterAll(() => browser?.close());

const REASON = `She asked us to, see "ticket 4711" <b>today</b> ${'x'.repeat(100)}`;

/** The desk with the pages that are the application's own. */
async function desk(): Promise<{ readonly world: ApprovalWorld; readonly site: Site }> {
  const world = approvalWorld();
  const front = express();
  front.get('/desk/login', (_req, res) => void res.send(ownPage('Sign in', '/desk/login')));
  front.use(world.app);
  world.app.get('/desk/reauthenticate', (req, res, next) => {
    const way = new URLSearchParams(req.originalUrl.split('?')[1]).toString();
    req.sessionPolicy.asked().then((what) => res.send(ownPage(what?.description ?? '', `/desk/reauthenticate?${way}`)), next);
  });
  return { world, site: await serve(front) };
}

function ownPage(title: string, action: string): string {
  const text = title.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
  return `<!doctype html><html lang="en"><title>Desk</title><link rel="icon" href="data:,"><h1>${text}</h1>
<form method="post" action="${action.replaceAll('&', '&amp;')}"><button>Confirm</button></form>`;
}

async function signIn(page: Page, { origin }: Site, id: string): Promise<void> {
  await page.goto(`${origin}/desk/login`);
  await page.evaluate((who) => fetch(`/desk/login?id=${who}`, { method: 'POST' }), id);
}

const NAME_OF_FOCUSED = `(({ activeElement: at }) =>
  at?.getAttribute('aria-label') ?? at?.labels?.[0]?.textContent ?? at?.textContent ?? '')(document)`;

/** Goes on with the tab key until something with that name has the focus, as somebody without a mouse does. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let presses = 0; presses < 30; presses += 1) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate<string>(NAME_OF_FOCUSED);
    if (name.test(focused)) return;
  }
  throw new Error(`nothing named ${String(name)} gets the focus`);
}

async function fits(page: Page): Promise<boolean> {
  return page.evaluate('document.documentElement.scrollWidth <= innerWidth');
}

describe.each([
  ['wide', 1280, 800, 'light'],
  ['narrow', 360, 740, 'dark'],
] as const)('in a browser that is %s', (name, width, height, colorScheme) => {
  test('one asks and goes on, the other approves with the keyboard alone', async () => {
    const { world, site } = await desk();
    const look = { width, height, colorScheme, javaScriptEnabled: true };
    const [ann, bob] = [await newPage(browser, look), await newPage(browser, look)];
    try {
      await signIn(ann.page, site, 'ann');
      await signIn(bob.page, site, 'bob');

      await ann.page.goto(`${site.origin}/desk/customers/7/delete?sure=1`);
      expect(new URL(ann.page.url()).pathname).toBe('/desk/approvals');
      await screenshot(ann.page, `approval-ask-${name}`);
      expect(await fits(ann.page)).toBe(true);
      await ann.page.getByLabel('Why do you need it?').fill(REASON);
      await ann.page.getByRole('button', { name: 'Ask for approval' }).click();
      await ann.page.getByText('Somebody else has to approve it').waitFor();
      await screenshot(ann.page, `approval-waiting-${name}`);

      world.clock.advance('6m');
      await bob.page.goto(`${site.origin}/desk/approvals`);
      expect(await bob.page.getByRole('region', { name: 'delete a customer, ann of /desk' }).innerText()).toContain(REASON);
      await screenshot(bob.page, `approval-decide-${name}`);
      expect(await fits(bob.page)).toBe(true);
      await tabTo(bob.page, /^Comment/);
      await bob.page.keyboard.type('Go on');
      await bob.page.keyboard.press('Enter');
      expect(new URL(bob.page.url()).pathname).toBe('/desk/approvals');
      await bob.page.keyboard.type('then');
      await tabTo(bob.page, /^Approve delete a customer, ann/);
      await Promise.all([bob.page.waitForURL('**/desk/reauthenticate?**'), bob.page.keyboard.press('Enter')]);
      expect(await bob.page.getByRole('heading').innerText()).toBe('Approve “delete a customer” for ann');
      await tabTo(bob.page, /^Confirm$/);
      await Promise.all([bob.page.waitForURL('**resume_request=**'), bob.page.keyboard.press('Enter')]);
      await screenshot(bob.page, `approval-confirm-${name}`);
      await tabTo(bob.page, /^Send it now$/);
      await Promise.all([bob.page.waitForURL(`${site.origin}/desk/approvals`), bob.page.keyboard.press('Enter')]);
      await bob.page.getByText('Open until').waitFor();
      await screenshot(bob.page, `approval-given-${name}`);

      await ann.page.getByRole('link', { name: 'Look again' }).click();
      await ann.page.getByText('Approved by bob of /desk').first().waitFor();
      await screenshot(ann.page, `approval-granted-${name}`);
      await ann.page.getByRole('link', { name: 'Go on' }).click();
      await ann.page.waitForURL('**/desk/customers/7/delete?sure=1');
      expect(await ann.page.textContent('body')).toBe('{"done":"GET"}');

      await bob.page.goto(`${site.origin}/desk/approvals`);
      await tabTo(bob.page, /^End it now: delete a customer/);
      await bob.page.keyboard.press('Enter');
      await bob.page.getByText('Nothing is waiting for you.').waitFor();
      await ann.page.goto(`${site.origin}/desk/customers/7/delete?sure=1`);
      expect(await ann.page.getByRole('status').innerText()).toMatch(/^Ended by bob of \/desk \d\d:\d\d UTC \(now\)\.$/);
      await screenshot(ann.page, `approval-ended-${name}`);
      expect([...ann.complaints, ...bob.complaints]).toEqual([]);
    } finally {
      await Promise.all([ann.close(), bob.close()]);
      await site.close();
    }
  });
});
