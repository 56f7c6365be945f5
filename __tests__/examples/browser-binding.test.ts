import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type Browser, INSTALLATION_MS, newPage } from '../support/chromium.ts';
import { certificate, openSecureChromium } from '../support/secure-site.ts';
import { closeExamples, startExample } from './example.ts';

let chromium: Browser;
beforeAll(async () => {
  chromium = await openSecureChromium();
}, INSTALLATION_MS);
afterAll(() => chromium?.close());
afterEach(closeExamples);

test('browser-binding: the browser that signed in gets to the vault, a copy of its session does not', async () => {
  const { url } = await startExample('browser-binding', { certificate });
  const owner = await newPage(chromium, { expected: [/status of 403/] });
  await owner.page.goto(`${url}/login`);
  await owner.page.getByRole('button').click();
  await owner.page.getByRole('link', { name: 'The vault' }).click();
  await owner.page.getByText('Only the browser that signed in gets here.').waitFor();
  await owner.page.getByRole('link', { name: 'Back' }).click();
  expect(await owner.page.locator('p').first().textContent()).toBe('This session is bound by: dbsc. Trust of this request: bound.');

  const thief = await newPage(chromium, { expected: [/status of 403/] });
  const copied = (await owner.context.cookies()).filter(({ name }) => name === '__Host-app.session');
  await thief.context.addCookies(copied);
  await thief.page.goto(url);
  expect(await thief.page.locator('p').first().textContent()).toBe('This session is bound by: dbsc. Trust of this request: none.');
  expect((await thief.page.goto(`${url}/vault`))?.status()).toBe(403);
  expect([...owner.complaints, ...thief.complaints]).toEqual([]);
  for (const { context } of [owner, thief]) await context.close();
});
