import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import express, { type Express } from 'express';
import type { Page } from 'playwright-core';
import { type Browser, INSTALLATION_MS, newPage, openChromium, screenshot, serve, type Site } from '../support/chromium.ts';
import { onePolicy, type WorkstationWorld, workstationWorld } from './workstation-world.ts';

let browser: Browser;
let site: Site;
let world: WorkstationWorld;

beforeAll(async () => {
  browser = await openChromium();
}, INSTALLATION_MS);
afterAll(() => browser?.close());
beforeEach(async () => {
  world = workstationWorld(withPages, { policy: onePolicy });
  site = await serve(world.app);
});
afterEach(() => site.close());

/** Pages beside the answers of the world, for a person who clicks. */
function withPages(): Express {
  const app = express();
  app.get('/outside', (_req, res) => void res.send(form('/login?who=ann', 'in') + form('/logout', 'out')));
  return app;
}

function form(action: string, id: string): string {
  return `<form method="post" action="${action}"><button id="${id}">${id}</button></form>`;
}

async function press(page: Page, button: string): Promise<void> {
  await page.goto(`${site.origin}/outside`);
  await Promise.all([page.waitForNavigation(), page.click(button)]);
}

describe('enrolling a workstation in Chromium', () => {
  test('a code is typed in, without scripts; the workstation stays one when people leave', async () => {
    const { page, context } = await newPage(browser, { javaScriptEnabled: false });
    expect((await page.goto(`${site.origin}/`))?.status()).toBe(403);
    const { code, path } = await world.sessions.devices.inviteWorkstation({ app: 'desk', label: 'Front desk 2' });
    await page.goto(`${site.origin}${path}`);
    expect(await page.textContent('h1')).toBe('Set up this workstation');
    await page.fill('[name=code]', 'not the code');
    await page.click('button');
    expect(await page.textContent('[role=alert]')).toMatch(/^This code is not good/);
    await screenshot(page, 'workstation-enrolment');
    world.clock.advance('2s');
    await page.fill('[name=code]', code.toLowerCase());
    await page.click('button');
    expect(page.url()).toBe(`${site.origin}/login`);
    for (let person = 0; person < 2; person += 1) {
      await press(page, '#in');
      expect(await page.textContent('body')).toContain('"trust":"known"');
      await press(page, '#out');
      expect((await context.cookies()).map(({ name, expires, sameSite }) => [name, expires > 0, sameSite])).toEqual([
        ['desk.device', true, 'Strict'],
      ]);
      expect((await page.goto(`${site.origin}/login`))?.status()).toBe(200);
    }
    await context.close();
  });

  test('a sign-out by a script leaves it enrolled, too', async () => {
    const { page, context } = await newPage(browser);
    const { code, path } = await world.sessions.devices.inviteWorkstation({ app: 'desk', label: 'Front desk 2' });
    await page.goto(`${site.origin}${path}`);
    expect(await page.evaluate('document.activeElement.id')).toBe('code');
    await page.keyboard.type(code);
    await Promise.all([page.waitForURL('**/login'), page.keyboard.press('Enter')]);
    await page.evaluate("fetch('/login', { method: 'POST' })");
    expect((await context.cookies()).map(({ name }) => name).toSorted()).toEqual(['desk.device', 'desk.session']);
    await page.evaluate("fetch('/logout', { method: 'POST' })");
    expect((await context.cookies()).map(({ name }) => name)).toEqual(['desk.device']);
    await context.close();
  });
});
