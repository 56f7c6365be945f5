import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { transform } from 'esbuild';
import type { Express } from 'express';
import type { BrowserContext, Page } from 'playwright-core';
import { manualClock } from '../../lib/testing/manual-clock.ts';
import { FailingStore } from '../faults/failing-store.ts';
import { type Browser, INSTALLATION_MS, newPage, type PageOptions, screenshot } from '../support/chromium.ts';
import { expressVersions } from '../support/express.ts';
import { openSecureChromium, type SecureSite, serveSecurely } from '../support/secure-site.ts';
import { ROOT } from '../support/source-tree.ts';
import { type DbscWorld, dbscWorld, page as htmlPage } from './dbsc-world.ts';

const [, express] = expressVersions[0] as (typeof expressVersions)[0];
const BOUND = '__Host-vault.bound';

let chromium: Browser;
let script: string;
beforeAll(async () => {
  const source = await readFile(join(ROOT, 'lib/client/device-page.ts'), 'utf8');
  script = (await transform(source, { loader: 'ts', format: 'esm', target: 'es2022', minify: true })).code;
  chromium = await openSecureChromium();
}, INSTALLATION_MS);
afterAll(() => chromium?.close());

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly complaints: readonly string[];
}

interface Site extends DbscWorld {
  readonly store: FailingStore;
  readonly site: SecureSite;
  /** Method and path of everything that came in, and the status that it got. */
  readonly seen: string[];
  readonly url: (path: string, name?: string) => string;
  /** Another browser profile, as another person or a thief has. */
  readonly visitor: (options?: PageOptions, browser?: Browser) => Promise<Visit>;
  /** Signed in, with the key registered. */
  readonly signedIn: (at?: string) => Promise<Visit>;
}

/** The whole site on https; `onRegister` holds back what the browser sends to register. */
async function secure(onRegister: () => Promise<unknown> = () => Promise.resolve()): Promise<Site> {
  const clock = manualClock();
  const store = new FailingStore({ clock: clock.now });
  const seen: string[] = [];
  const world = dbscWorld(express, { clock, store, before: (app) => prepare(app, seen, onRegister) });
  const site = await serveSecurely(world.app);
  opened.push(site);
  const url = (path: string, name = 'work'): string => site.origin(name) + path;
  const visitor = async (options: PageOptions = {}, browser = chromium): Promise<Visit> => {
    const visit = await newPage(browser, { expected: [/status of (?:403|503)/], ...options });
    opened.push(visit);
    return visit;
  };
  const signedIn = async (at = '/vault'): Promise<Visit> => {
    const visit = await visitor();
    await signIn(visit.page, url(`${at}/login`));
    return visit;
  };
  return { ...world, store, site, seen, url, visitor, signedIn };
}

function prepare(app: Express, seen: string[], onRegister: () => Promise<unknown>): void {
  app.use((req, res, next) => {
    const { method, path } = req;
    res.on('finish', () => seen.push(`${method} ${path} ${res.statusCode}`));
    next();
  });
  app.post(
    '/:app/device/dbsc/register',
    (_req, res, next) =>
      void onRegister().then(
        () => next(),
        () => res.status(500).end(),
      ),
  );
  app.get('/:app/device/dbsc/page.js', (_req, res) => void res.type('js').send(script));
  app.get('/link', (req, res) => {
    res.send(htmlPage('Elsewhere', `<a id="link" href="https://work.test:${req.socket.localPort}/vault/files?a=1#part">to the vault</a>`));
  });
}

async function signIn(page: Page, login: string): Promise<void> {
  await page.goto(login);
  await page.click('#sign-in');
  await shows(page, 'ada');
}

/** The browser's text, once the page that was asked for is there. */
async function shows(page: Page, text: string): Promise<void> {
  await page.getByText(text, { exact: false }).filter({ visible: true }).first().waitFor();
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10));
}

const boundCookie = async (context: BrowserContext, name = BOUND) => (await context.cookies()).find((cookie) => cookie.name === name);
const loseProof = (context: BrowserContext, name = BOUND) => context.clearCookies({ name });

describe('Chromium', () => {
  test('makes a key at the sign-in; the page that comes first is there, however long the key takes', async () => {
    const slow = () => new Promise((resolve) => setTimeout(resolve, 700));
    const { seen, url, visitor } = await secure(slow);
    const { page, context, complaints } = await visitor();
    await page.goto(url('/vault/login'));
    await page.click('#sign-in');
    await shows(page, 'One moment');
    await screenshot(page, 'dbsc-checking');
    await shows(page, 'ada');
    expect(new URL(page.url()).pathname).toBe('/vault/files');
    expect(seen).toContain('POST /vault/device/dbsc/register 200');
    expect(await boundCookie(context)).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Lax', path: '/', domain: 'work.test' });
    await page.goto(url('/vault/bound'));
    await shows(page, 'bound');
    expect(complaints).toEqual([]);
  });

  test('asked to register a second time after the first one was lost, does so', async () => {
    let calls = 0;
    const lost = async () => {
      calls += 1;
      if (calls === 1) throw new Error('lost');
    };
    const { clock, url, visitor } = await secure(lost);
    const { page } = await visitor();
    await page.goto(url('/vault/login'));
    await page.click('#sign-in');
    await shows(page, 'One moment');
    clock.advance('5s');
    await shows(page, 'ada');
    expect(calls).toBe(2);
  });

  test('proves its key again before a request when the cookie has run out; forms keep their body, three pages prove once', async () => {
    const { seen, url, signedIn } = await secure();
    const { page, context } = await signedIn();
    await loseProof(context);
    await page.click('#send');
    await shows(page, 'sent');
    expect(seen.filter((line) => line.includes('/refresh'))).toEqual(['POST /vault/device/dbsc/refresh 200']);
    await loseProof(context);
    const tabs = await Promise.all([page, await context.newPage(), await context.newPage()].map((tab) => tab.goto(url('/vault/files'))));
    expect(tabs.map((answer) => answer?.status())).toEqual([200, 200, 200]);
    expect(seen.filter((line) => line.includes('/refresh'))).toHaveLength(2);
  });

  test('whose proof is over for the server, though not for itself, proves anew', async () => {
    const { clock, seen, url, signedIn } = await secure();
    const { page, complaints } = await signedIn();
    clock.advance('10m');
    await page.goto(url('/vault/files'));
    await shows(page, 'ada');
    expect(seen.filter((line) => line.includes('/refresh'))).toEqual(['POST /vault/device/dbsc/refresh 200']);
    expect(complaints).toEqual([]);
  });

  test('of a thief with the session cookie gets no further, and the owner notices nothing', async () => {
    const { url, signedIn, visitor, seen } = await secure();
    const owner = await signedIn();
    const thief = await visitor();
    await thief.context.addCookies((await owner.context.cookies()).filter(({ name }) => name === '__Host-vault.session'));
    await thief.page.goto(url('/vault/files'));
    await shows(thief.page, 'belongs to the browser that signed in');
    expect([await thief.page.title(), await thief.page.getByRole('heading').textContent()]).toEqual(Array(2).fill('Device not accepted'));
    await screenshot(thief.page, 'dbsc-refused');
    expect(seen.filter((line) => line.includes('/register'))).toEqual(['POST /vault/device/dbsc/register 200']);
    expect(await thief.page.getByRole('link', { name: 'Sign in again' }).getAttribute('href')).toMatch(/^\/vault\/login\?/);
    await owner.page.goto(url('/vault/bound'));
    await shows(owner.page, 'bound');
  });

  test('keeps its key while the store is out, and goes on afterwards', async () => {
    const { seen, store, url, signedIn } = await secure();
    const { page, context } = await signedIn();
    await loseProof(context);
    store.failEverything();
    expect((await page.goto(url('/vault/files')))?.status()).toBe(503);
    expect(seen).toContain('POST /vault/device/dbsc/refresh 503');
    store.restore();
    expect((await page.goto(url('/vault/files')))?.status()).toBe(200);
  });

  test('that could not prove its key for a form is told that nothing was done, and when to send it again', async () => {
    const { logged, store, url, signedIn } = await secure();
    const { page, context } = await signedIn();
    await loseProof(context);
    let failures = 0;
    store.fate = (method) => (method === 'list' && (failures += 1) <= 2 ? 'fails' : 'works');
    await page.click('#send');
    await shows(page, 'nothing was done');
    await shows(page, 'Go back and send it again');
    expect(page.url()).toBe(url('/vault/bound'));
    expect(logged.map(({ message }) => message)).toContainEqual(expect.stringMatching(/refused: server_error/));
  });

  test('comes by a link from another site: the proof is made up for, and the place in the page is kept', async () => {
    const { seen, url, signedIn } = await secure();
    const { page, context, complaints } = await signedIn();
    await loseProof(context);
    await page.goto(url('/link', 'elsewhere'));
    await page.click('#link');
    await shows(page, 'ada');
    expect(page.url()).toBe(url('/vault/files?a=1#part'));
    expect(seen).toContain('GET /vault/files 403');
    expect(seen).toContain('POST /vault/device/dbsc/refresh 200');
    expect(complaints).toEqual([]);
  });

  test('without scripts is told what to do, and it works', async () => {
    const { seen, url, visitor } = await secure();
    const { page } = await visitor({ javaScriptEnabled: false });
    await page.goto(url('/vault/login'));
    await page.click('#sign-in');
    const again = page.getByRole('link', { name: 'Try again' });
    await again.waitFor();
    expect(await page.getByText('One moment').isVisible()).toBe(false);
    await until(() => seen.includes('POST /vault/device/dbsc/register 200'));
    await again.click();
    await shows(page, 'ada');
  });

  test('that has signed out has nothing left to prove; who signs in then gets another key', async () => {
    const { seen, sessions, url, signedIn } = await secure();
    const { page, context } = await signedIn();
    const first = (await boundCookie(context))?.value;
    await page.evaluate(`fetch('/vault/logout', { method: 'POST', redirect: 'manual' })`);
    expect(await boundCookie(context)).toBeUndefined();
    await page.goto(url('/vault/files'));
    expect(new URL(page.url()).pathname).toBe('/vault/login');
    expect(await sessions.list({ subject: 'ada' })).toEqual([]);
    await page.click('#sign-in');
    await shows(page, 'ada');
    expect((await boundCookie(context))?.value).not.toBe(first);
    expect(seen.filter((line) => line.includes('/register'))).toEqual(Array(2).fill('POST /vault/device/dbsc/register 200'));
  });

  test('in which somebody signs in again without signing out: the key before gives way, and takes no cookie from the new one', async () => {
    const { seen, url, signedIn } = await secure();
    const { page, context } = await signedIn();
    await context.clearCookies({ name: '__Host-vault.session' });
    await signIn(page, url('/vault/login'));
    for (let round = 0; round < 3; round += 1) {
      await loseProof(context);
      expect((await page.goto(url('/vault/files')))?.status()).toBe(200);
    }
    // Once each round by the newer key; the older one may prove itself once, and hears that it is over.
    const refreshes = seen.filter((line) => line.includes('/refresh'));
    expect([3, 4]).toContain(refreshes.length);
    expect(new Set(refreshes)).toEqual(new Set(['POST /vault/device/dbsc/refresh 200']));
    expect(seen.filter((line) => line.includes('/register'))).toEqual(Array(2).fill('POST /vault/device/dbsc/register 200'));
  });

  test('has a key for each of two apps on one host, and neither proves the other', async () => {
    const { seen, url, signedIn } = await secure();
    const { page, context } = await signedIn('/vault');
    await signIn(page, url('/desk/login'));
    await loseProof(context);
    expect((await page.goto(url('/desk/files')))?.status()).toBe(200);
    expect(seen.filter((line) => line.includes('/refresh'))).toEqual([]);
    expect((await page.goto(url('/vault/files')))?.status()).toBe(200);
    await loseProof(context, '__Host-desk.bound');
    expect((await page.goto(url('/desk/files')))?.status()).toBe(200);
    expect(seen.filter((line) => line.includes('/refresh'))).toEqual([
      'POST /vault/device/dbsc/refresh 200',
      'POST /desk/device/dbsc/refresh 200',
    ]);
    const key = (app: string) => page.goto(url(`/${app}/device-now`)).then((answer) => answer?.json() as Promise<{ key: string }>);
    expect((await key('vault')).key).not.toBe((await key('desk')).key);
  });

  test('is asked for a key only where one is needed, and opens the page with it', async () => {
    const { seen, url, visitor } = await secure();
    const { page } = await visitor();
    await signIn(page, url('/shop/login'));
    expect(seen.filter((line) => line.includes('/register'))).toEqual([]);
    await page.goto(url('/shop/bound'));
    await shows(page, 'bound');
    expect(seen).toContain('POST /shop/device/dbsc/register 200');
  });
});

test('a browser that binds no sessions is told so after some seconds', async () => {
  const plain = await openSecureChromium({ bindsSessions: false });
  opened.push(plain);
  const { url, visitor } = await secure();
  const { page, complaints } = await visitor({}, plain);
  await signIn(page, url('/shop/login'));
  await page.goto(url('/shop/bound'));
  await shows(page, 'One moment');
  await shows(page, 'Chrome and Edge on Windows and macOS can do that');
  expect(page.url()).toBe(url('/shop/bound'));
  expect(complaints).toEqual([]);
});
