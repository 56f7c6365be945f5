import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Configuration } from 'openid-client';
import {
  type Browser,
  INSTALLATION_MS,
  newPage,
  openChromium,
  screenshot,
  serveAt,
  type Site,
  type TestPage,
} from '../support/chromium.ts';
import { type RunningProvider, startOidcProvider } from '../support/oidc-provider.ts';
import { type OidcWorld, oidcWorld } from './oidc-world.ts';

let browser: Browser;
let provider: RunningProvider;

beforeAll(async () => {
  [browser, provider] = await Promise.all([openChromium(), startOidcProvider()]);
}, INSTALLATION_MS);
afterAll(() => Promise.all([browser.close(), provider.stop()]));

describe.each(['strict', 'lax'] as const)('in Chromium, with a cookie that is SameSite=%s', (sameSite) => {
  let world: OidcWorld;
  let site: Site;
  let tab: TestPage;
  /** Callbacks as the browser asked for them, and what the site was told about where requests came from. */
  let callbacks: number[];
  let referers: string[];

  beforeEach(async () => {
    [callbacks, referers] = [[], []];
    site = await serveAt((origin) => {
      const redirectUri = `${origin}/reauthenticate/oidc/callback`;
      let client: Promise<Configuration> | undefined;
      world = oidcWorld({ sameSite, configuration: () => (client ??= provider.client(redirectUri)), more: { redirectUri } });
      return (req, res) => {
        if (req.headers.referer !== undefined) referers.push(req.headers.referer);
        world.app(req, res);
      };
    });
    tab = await newPage(browser, { expected: [/status of 40[13]/] });
    tab.page.on('response', (response) => {
      if (response.url().includes('/oidc/callback')) callbacks.push(response.status());
    });
    await tab.context.request.post(`${site.origin}/login`);
  });
  afterEach(async () => {
    await tab.close();
    await site.close();
  });

  test('a person confirms at the provider and comes to the page that they wanted', async () => {
    const { page, complaints } = tab;
    await page.goto(`${site.origin}/report`);
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('Please confirm it’s you');
    await screenshot(page, `oidc-offer-${sameSite}`);
    await page.getByRole('link', { name: 'Continue' }).click();
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(`${site.origin}/report`);
    expect(await page.innerText('body')).toBe('the report');
    // The first answer of a strict one came without the session, and loaded itself again.
    expect(callbacks).toEqual(sameSite === 'strict' ? [200, 303] : [303]);
    expect(referers.filter((referer) => referer.includes('state='))).toEqual([]);
    expect(referers).toContainEqual(expect.stringContaining('/reauthenticate?return_to='));
    expect(complaints).toEqual([]);
  });

  test('a person who cancels there is told so, and goes back with the session as it was', async () => {
    const { page, context, complaints } = tab;
    const before = await context.cookies(site.origin);
    await page.goto(`${site.origin}/report`);
    await page.getByRole('link', { name: 'Continue' }).click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('heading', { name: 'Not confirmed' }).waitFor();
    await screenshot(page, `oidc-cancelled-${sameSite}`);
    expect(callbacks).toEqual(sameSite === 'strict' ? [200, 401] : [401]);
    expect(await context.cookies(site.origin)).toEqual(before);
    await page.getByRole('link', { name: 'Try again' }).click();
    await page.getByRole('link', { name: 'Continue' }).click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('link', { name: 'Cancel' }).click();
    await page.waitForURL(`${site.origin}/`);
    expect(await page.innerText('body')).toContain('u1');
    expect(complaints).toEqual([]);
  });

  test('a form is sent after the confirmation, as it was filled in', async () => {
    const { page, complaints } = tab;
    await page.goto(`${site.origin}/transfer`);
    await page.fill('[name=to]', 'Grace');
    await page.getByRole('button', { name: 'Send' }).click();
    expect(await page.innerText('.what')).toBe('Send 400 € to Grace');
    await page.getByRole('link', { name: 'Continue' }).click();
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Send it now' }).waitFor();
    expect(await page.innerText('.what')).toBe('Send 400 € to Grace');
    expect(world.done).toEqual([]);
    await page.getByRole('button', { name: 'Send it now' }).click();
    await page.getByRole('heading', { name: 'Sent' }).waitFor();
    expect(world.done).toEqual([{ to: 'Grace', amount: '400' }]);
    expect(complaints).toEqual([]);
  });
});
