import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { closeExamples, startExample } from '../examples/example.ts';
import { type Browser, INSTALLATION_MS, newPage, openChromium, type TestPage, virtualAuthenticator } from '../support/chromium.ts';

afterEach(closeExamples);

describe('examples/passkey, in a browser', () => {
  let browser: Browser;
  let tab: TestPage;
  beforeAll(async () => {
    browser = await openChromium();
  }, INSTALLATION_MS);
  afterEach(() => tab.close());
  afterAll(() => browser?.close());

  test('from the sign-in to the money that was sent', async () => {
    const { url } = await startExample('passkey');
    tab = await newPage(browser);
    const { complaints, page } = tab;
    const device = await virtualAuthenticator(page);
    await page.goto(url);
    await page.getByLabel('Password').fill('open sesame');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Send money' }).click();
    expect(await page.getByRole('alert').textContent()).toMatch(/None of the ways/);
    await page.getByRole('link', { name: 'Cancel' }).click();
    // Its script is there by then.
    await page.waitForLoadState('load');
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByText('Passkeys of this account: 1').waitFor();
    await page.getByRole('button', { name: 'Send money' }).click();
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await page.getByRole('button', { name: 'Send it now' }).click();
    await page.getByRole('heading', { name: 'Sent' }).waitFor();
    expect(await page.getByText('400 € to Grace').isVisible()).toBe(true);
    const [used] = await device.credentials();
    expect(used?.signCount).toBeGreaterThan(1);
    expect(complaints).toEqual([]);
  });

  test('a passkey is added only after a recent confirmation', async () => {
    let now = Date.UTC(2026, 0, 1);
    const { url } = await startExample('passkey', { clock: () => now });
    tab = await newPage(browser, { expected: [/status of 401/] });
    const { page } = tab;
    await virtualAuthenticator(page);
    await page.goto(url);
    await page.getByLabel('Password').fill('open sesame');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Add a passkey' }).waitFor();
    await page.waitForLoadState('load');
    now += 6 * 60_000;
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByLabel('Password', { exact: true }).fill('open sesame');
    await page.getByRole('button', { name: 'Confirm' }).click();
    // Its script is there by then.
    await page.waitForLoadState('load');
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByText('Passkeys of this account: 1').waitFor();
  });
});

describe('examples/own-check', () => {
  test('a check of the application opens the transfer, and has five tries', async () => {
    const { url } = await startExample('own-check');
    const agent = request.agent(url);
    await agent.post('/login').expect(204);
    await agent.post('/transfer').expect(401);
    await agent.post('/reauthenticate').type('form').send({ code: '123456' }).expect(204);
    await agent.post('/transfer').expect(200, 'transferred\n');
    for (let count = 0; count < 5; count += 1) await agent.post('/reauthenticate').type('form').send({ code: '000000' }).expect(403);
    await agent.post('/reauthenticate').type('form').send({ code: '123456' }).expect(429);
    const again = request.agent(url);
    await again.post('/login').expect(204);
    await again.post('/reauthenticate').type('form').send({ code: '123456' }).expect(429);
    await request(url).post('/reauthenticate').type('form').send({ code: '123456' }).expect(401);
  });
});
