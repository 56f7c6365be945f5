import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type Browser,
  INSTALLATION_MS,
  type PageOptions,
  type Site,
  type TestPage,
  newPage,
  openChromium,
  screenshot,
  serve,
} from '../support/chromium.ts';
import { builtClient } from './built-client.ts';
import { type Desk, desk } from './desk.ts';

let browser: Browser;
let script: string;
let world: Desk;
let site: Site;
const opened: TestPage[] = [];

beforeAll(async () => {
  [browser, script] = await Promise.all([openChromium(), builtClient()]);
}, INSTALLATION_MS);

afterAll(() => browser.close());

beforeEach(async () => {
  world = desk(script);
  site = await serve(world.app);
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
  await site.close();
});

type Page = TestPage['page'];

/** A person who has signed in and looks at the page. */
async function atDesk({
  path = '/home',
  frozen = false,
  ...options
}: PageOptions & { path?: string; frozen?: boolean } = {}): Promise<TestPage> {
  const one = await newPage(browser, options);
  opened.push(one);
  await one.page.goto(`${site.origin}/login`);
  if (frozen) await one.page.clock.install();
  await one.page.getByRole('button', { name: 'Sign in' }).click();
  await one.page.waitForURL('**/home');
  await visit(one.page, path);
  return one;
}

async function visit(page: Page, path: string): Promise<void> {
  await page.goto(site.origin + path);
  await until(page, 'globalThis.statuses > 0');
}

const refused = { expected: [/status of 401/] };

/** What a browser does when somebody comes back to a page. */
function comeBack(page: Page): Promise<unknown> {
  return page.evaluate("window.dispatchEvent(new Event('focus'))");
}

/** Asked from outside: what waits inside the page needs an eval that its content security policy forbids. */
async function until(page: Page, expression: string): Promise<void> {
  const late = Date.now() + 8_000;
  while (!(await page.evaluate(expression))) {
    if (Date.now() > late) throw new Error(`${expression} did not come true`);
    await page.waitForTimeout(20);
  }
}

function dialogOf(page: Page) {
  return page.getByRole('alertdialog', { name: 'Are you still there?' });
}

function focused(page: Page): Promise<unknown> {
  return page.evaluate('document.activeElement?.id || document.activeElement?.textContent');
}

describe('the warning', () => {
  test('counts down, and by keyboard alone the person stays and goes on where they were', async () => {
    const { page, complaints } = await atDesk();
    await page.getByLabel('Note').focus();
    world.clock.advance('14m');
    world.clock.advance('15s');
    await comeBack(page);
    await dialogOf(page).waitFor();
    expect(await focused(page)).toBe('Stay signed in');
    const first = await page.getByRole('timer').textContent();
    expect(first).toMatch(/^0:4[45]$/);
    await until(page, `document.querySelector('[role=timer]').textContent < '${first}'`);
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('Sign out');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await dialogOf(page).waitFor({ state: 'detached' });
    expect(await focused(page)).toBe('note');
    expect(await page.evaluate('session.status.left.idle')).toBe(900);
    expect(world.requests).toContain('POST /session/keep-alive');
    expect(complaints).toEqual([]);
  });

  test('stays by Escape, too', async () => {
    const { page } = await atDesk();
    world.clock.advance('14m');
    await comeBack(page);
    await dialogOf(page).waitFor();
    await page.keyboard.press('Escape');
    await dialogOf(page).waitFor({ state: 'detached' });
    expect(await page.evaluate('session.status.left.idle')).toBe(900);
  });

  test('is announced when it appears and at 30 and 10 seconds, and not every second', async () => {
    const { page } = await atDesk({ frozen: true });
    world.clock.advance('14m');
    await comeBack(page);
    await dialogOf(page).waitFor();
    await page.evaluate(`
      globalThis.said = [];
      const status = document.querySelector('dialog [role=status]');
      said.push(status.textContent);
      new MutationObserver(() => said.push(status.textContent)).observe(status, { childList: true, characterData: true, subtree: true });`);
    await page.clock.runFor(52_000);
    expect(await page.evaluate('said')).toEqual([60, 30, 10].map((seconds) => `You will be signed out within ${seconds} seconds.`));
    expect(await page.getByRole('timer').getAttribute('aria-live')).toBe('off');
  });

  test('comes by itself in time, after asking the server whether it is due', async () => {
    const { page } = await atDesk({ frozen: true });
    await page.clock.runFor(20_000);
    expect(await dialogOf(page).count()).toBe(0);
    world.clock.advance('14m');
    await page.clock.runFor(11_000);
    await dialogOf(page).waitFor();
  });

  test('does not come, and does not end anything, where the person was active elsewhere', async () => {
    const { page } = await atDesk({ frozen: true });
    const before = (await page.evaluate('statuses')) as number;
    await page.evaluate('globalThis.shown = 0; new MutationObserver(() => { shown += 1; }).observe(document.body, { childList: true })');
    await page.evaluate("Object.defineProperty(document, 'hidden', { value: true })");
    await page.clock.fastForward('13:59');
    await page.clock.runFor(2_000);
    await until(page, `statuses > ${before}`);
    expect(await page.evaluate('shown')).toBe(0);
    expect(await page.getByText('Balance of Ada').count()).toBe(1);
  });

  test('says so where staying is not possible, and can be put aside', async () => {
    const { page } = await atDesk();
    for (let quarter = 0; quarter < 34; quarter += 1) {
      world.clock.advance('14m');
      await page.evaluate('session.extend()');
    }
    world.clock.advance('3m');
    world.clock.advance('15s');
    await comeBack(page);
    await dialogOf(page).waitFor();
    expect(await dialogOf(page).getByRole('button').allTextContents()).toEqual(['Close', 'Sign out']);
    expect(await dialogOf(page).textContent()).toContain('longest duration');
    await page.getByRole('button', { name: 'Close' }).click();
    await dialogOf(page).waitFor({ state: 'detached' });
    await comeBack(page);
    await page.waitForTimeout(50);
    expect(await dialogOf(page).count()).toBe(0);
  });

  test('says that staying did not work, and stays itself', async () => {
    const { page, context } = await atDesk({ expected: [/net::ERR_/] });
    world.clock.advance('14m');
    await comeBack(page);
    await dialogOf(page).waitFor();
    await context.setOffline(true);
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('That did not work.').waitFor();
    await context.setOffline(false);
    await page.getByRole('button', { name: 'Stay signed in' }).click();
    await dialogOf(page).waitFor({ state: 'detached' });
  });

  test('gives at least 20 seconds', async () => {
    const { page } = await atDesk();
    await expect(page.evaluate('client.watchSession({ warnSeconds: 19 })')).rejects.toThrow('warnSeconds is at least 20');
    await expect(page.evaluate('client.watchSession({ poll: 10 })')).rejects.toThrow('poll is at least 1000');
  });

  test("can be the page's own", async () => {
    const { page } = await atDesk();
    world.clock.advance('14m');
    await page.evaluate(`
      session.stop();
      globalThis.heard = [];
      client.watchSession({ onWarning: (warning) => heard.push(warning === undefined ? 'over' : [warning.secondsLeft, warning.canExtend]) });`);
    await until(page, 'heard.length > 0');
    expect(await page.evaluate('heard[0]')).toEqual([60, true]);
    expect(await page.getByRole('alertdialog').count()).toBe(0);
  });
});

describe('several tabs', () => {
  async function twoTabs() {
    const first = await atDesk(refused);
    const page = await first.context.newPage();
    await visit(page, '/home');
    return { one: first.page, two: page };
  }

  async function warnBoth(one: Page, two: Page): Promise<void> {
    world.clock.advance('14m');
    for (const page of [one, two]) {
      await comeBack(page);
      await dialogOf(page).waitFor();
    }
  }

  test('staying in one takes the warning away in all', async () => {
    const { one, two } = await twoTabs();
    await warnBoth(one, two);
    await two.getByRole('button', { name: 'Stay signed in' }).click();
    await Promise.all([one, two].map((page) => dialogOf(page).waitFor({ state: 'detached' })));
  });

  test('a page that is loaded in one takes the warning away in the other', async () => {
    const { one, two } = await twoTabs();
    await warnBoth(one, two);
    await visit(two, '/home');
    await dialogOf(one).waitFor({ state: 'detached' });
  });

  test('signing out in one ends all, without another request of theirs', async () => {
    const { one, two } = await twoTabs();
    const before = world.requests.length;
    await two.evaluate('session.signOut()');
    for (const page of [one, two]) {
      await page.getByRole('heading', { name: 'You have been signed out' }).waitFor();
      expect(await page.content()).not.toContain('Balance of Ada');
    }
    expect(world.requests.slice(before)).toEqual(['POST /session/sign-out']);
  });
});

describe('the end', () => {
  test('leaves nothing of the person on the page, and leads back to it through the sign-in', async () => {
    const { page } = await atDesk({ ...refused, path: '/home?tab=2' });
    world.clock.advance('15m');
    await comeBack(page);
    await page.getByRole('heading', { name: 'You have been signed out' }).waitFor();
    expect(await page.content()).not.toMatch(/Balance of Ada|Ada's desk/);
    expect(await page.title()).toBe('You have been signed out');
    expect(await focused(page)).toBe('You have been signed out');
    expect(await page.getByText('The session was not used for a while.').count()).toBe(1);
    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL('**/home?tab=2');
    await page.getByText('Balance of Ada').waitFor();
  });

  test('is seen by polling, which is no activity', async () => {
    const { page } = await atDesk({ ...refused, path: '/home?poll=1000' });
    await until(page, 'statuses > 1');
    await world.revokeAll();
    await page.getByText('The session has ended.').waitFor();
  });

  test('comes where the workstation is one no more', async () => {
    const { page } = await atDesk({ expected: [/status of 403/], path: '/home?poll=1000' });
    await until(page, 'statuses > 1');
    world.closeElsewhere();
    await page.getByRole('heading', { name: 'You have been signed out' }).waitFor();
    expect(await page.content()).not.toContain('Balance of Ada');
  });

  test('comes in time where the server cannot be reached', async () => {
    const { page, context } = await atDesk({ frozen: true, expected: [/net::ERR_/] });
    await context.setOffline(true);
    await page.clock.runFor('14:30');
    expect(await page.getByText('Balance of Ada').count()).toBe(1);
    await page.clock.runFor('00:31');
    await page.getByRole('heading', { name: 'You have been signed out' }).waitFor();
    expect(await page.content()).not.toContain('Balance of Ada');
  });

  test('is found out at once when a call is refused because of it', async () => {
    const { page } = await atDesk(refused);
    await world.revokeAll();
    expect(
      await page.evaluate("client.fetchWithStepUp('/home', { headers: { accept: 'application/json' } }).then((one) => one.status)"),
    ).toBe(401);
    await page.getByRole('heading', { name: 'You have been signed out' }).waitFor();
  });

  test("can be the page's own", async () => {
    const { page } = await atDesk(refused);
    world.clock.advance('15m');
    await page.evaluate('session.stop(); client.watchSession({ onEnd: (end) => { globalThis.end = end; } })');
    await until(page, 'globalThis.end');
    expect(await page.evaluate('end')).toEqual({ reason: 'idle_timeout', signInUrl: expect.stringMatching(/^\/login\?return_to=/) });
    expect(await page.getByText('Balance of Ada').count()).toBe(1);
  });
});

test('a hidden page does not poll, and one that is seen does so at its pace', async () => {
  const { page } = await atDesk({ frozen: true });
  await page.clock.runFor(200);
  const polls = () => world.requests.filter((one) => one === 'GET /session/' || one === 'GET /session').length;
  const before = polls();
  await page.clock.runFor(29_000);
  expect(polls()).toBe(before);
  await page.clock.runFor(1_500);
  await until(page, 'statuses >= 2');
  expect(polls()).toBe(before + 1);
  await page.evaluate("Object.defineProperty(document, 'hidden', { value: true })");
  await page.clock.runFor(30_500);
  await page.clock.runFor('05:00');
  expect(polls()).toBeLessThanOrEqual(before + 2);
});

test('the strictest content security policy has no complaint about the dialogs', async () => {
  const { page, complaints } = await atDesk({ path: '/home?strict' });
  world.clock.advance('14m');
  await comeBack(page);
  await dialogOf(page).waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'You have been signed out' }).waitFor();
  expect(complaints).toEqual([]);
});

test.each([
  [1280, 'light'],
  [1280, 'dark'],
  [390, 'light'],
  [390, 'dark'],
] as const)('pictures for people to look at: %d px, %s', async (width, colorScheme) => {
  const { page } = await atDesk({ width, colorScheme });
  world.clock.advance('14m');
  await comeBack(page);
  await dialogOf(page).waitFor();
  await screenshot(page, `session-warning-${width}-${colorScheme}`);
  const box = await dialogOf(page).boundingBox();
  expect({ fits: box !== null && box.x >= 0 && box.x + box.width <= width }).toEqual({ fits: true });
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'You have been signed out' }).waitFor();
  await screenshot(page, `session-ended-${width}-${colorScheme}`);
});
