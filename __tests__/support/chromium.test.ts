import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import express from 'express';
import {
  type Browser,
  INSTALLATION_MS,
  type Site,
  type TestPage,
  findChromium,
  newPage,
  openChromium,
  screenshot,
  serve,
  serveAt,
  virtualAuthenticator,
} from './chromium.ts';
import { passkeySite } from './passkey-page.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await openChromium();
}, INSTALLATION_MS);
afterAll(() => browser?.close());

describe('Chromium is found or got', () => {
  let cache: string;
  const nothing = () => ({ environment: { PATH: '' }, cache });
  beforeEach(async () => {
    cache = await mkdtemp(join(tmpdir(), 'chromium-test-'));
  });
  afterEach(() => rm(cache, { recursive: true, force: true }));

  test('none and no way to get one: an error that says what to install', async () => {
    const offline = async () => Promise.reject(new Error('no network'));
    const search = findChromium({ ...nothing(), isRoot: false, download: offline });
    await expect(search).rejects.toThrow(/apt-get install chromium.*CHROMIUM_PATH[^]*unpackIntoCache: no network/);
  });

  test('a CHROMIUM_PATH that does not start is an error, though another Chromium is there', async () => {
    const environment = { ...process.env, CHROMIUM_PATH: '/nowhere/chromium' };
    await expect(findChromium({ environment })).rejects.toThrow(/CHROMIUM_PATH is \/nowhere\/chromium/);
  });

  test('CHROMIUM_PATH goes before PATH, PATH before the cache', async () => {
    const chosen = await fakeChromium(cache, 'mine');
    const onPath = await fakeChromium(cache, 'google-chrome');
    expect(await findChromium({ environment: { CHROMIUM_PATH: chosen, PATH: cache }, cache })).toBe(chosen);
    expect(await findChromium({ environment: { PATH: cache }, cache })).toBe(onPath);
  });

  test('root installs with apt-get, and fetches the package lists only if it does not work without', async () => {
    const ran: string[] = [];
    const command = async (file: string, args: readonly string[]) => {
      ran.push(`${file} ${args.at(-1)}`);
      if (ran.length === 1) throw new Error('Unable to locate package chromium');
      if (ran.length === 3) await fakeChromium(cache, 'chromium');
    };
    const found = await findChromium({ environment: { PATH: cache }, cache, isRoot: true, command });
    expect(found).toBe(join(cache, 'chromium'));
    expect(ran).toEqual(['apt-get chromium', 'apt-get update', 'apt-get chromium']);
  });

  test('who comes at the same time waits, and installs nothing', async () => {
    let installations = 0;
    const command = async () => {
      installations += 1;
      await sleep(50);
      await fakeChromium(cache, 'chromium');
    };
    const search = { environment: { PATH: cache }, cache, isRoot: true, command };
    const found = await Promise.all([findChromium(search), findChromium(search), findChromium(search)]);
    expect(new Set(found)).toEqual(new Set([join(cache, 'chromium')]));
    expect(installations).toBe(1);
  });
});

test('Chromium does not outlive a process that dies without closing it', async () => {
  const program = `import('${url('./typescript-loader.mjs')}').then(async () => {
    const { openChromium } = await import('${url('./chromium.ts')}');
    const browser = await openChromium();
    const cdp = await browser.newBrowserCDPSession();
    const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
    console.log(processInfo.find(({ type }) => type === 'browser').id);
    setInterval(() => {}, 1000);
  })`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString());
  expect(isAlive(pid)).toBe(true);
  child.kill('SIGKILL');
  while (isAlive(pid)) await sleep(20);
});

describe('a page', () => {
  let site: Site;
  const open: TestPage[] = [];
  beforeAll(async () => {
    const app = express();
    app.get('/plain', (_req, res) => void res.send(page('<p>Hello</p>')));
    app.get(
      '/strict',
      (_req, res) => void res.set('content-security-policy', "default-src 'none'").send(page('<script>document.title = 1</script>')),
    );
    app.get('/throws', (_req, res) => void res.send(page('<script>throw new Error("broken page")</script>')));
    app.get(
      '/calls',
      (_req, res) =>
        void res.send(page('<script>document.title = "Waiting"; fetch("/refused").then(() => { document.title = "Answered"; })</script>')),
    );
    app.get('/refused', (_req, res) => void res.status(401).end());
    app.get('/cookie', (_req, res) => void res.cookie('__Host-id', 'v', { secure: true, httpOnly: true, path: '/' }).send(page('')));
    app.get('/cookie/seen', (req, res) => void res.send(page(`<p>${req.headers.cookie ?? 'none'}</p>`)));
    app.get('/cookie/cleared', (_req, res) => void res.set('clear-site-data', '"cookies"').send(page('')));
    site = await serve(app);
  });
  afterEach(async () => {
    for (const page of open.splice(0)) await page.close();
  });
  afterAll(() => site.close());

  async function visit(path: string, options?: Parameters<typeof newPage>[1]): Promise<TestPage> {
    const opened = await newPage(browser, options);
    open.push(opened);
    await opened.page.goto(site.origin + path);
    await opened.page.waitForFunction('document.title !== "Waiting"');
    return opened;
  }

  test('without fault has no complaints', async () => {
    const { page, complaints } = await visit('/plain');
    expect(await page.textContent('p')).toBe('Hello');
    expect(complaints).toEqual([]);
  });

  test.each([
    ['/strict', /console error: .*Content Security Policy/],
    ['/throws', /uncaught: broken page/],
    ['/calls', /console error: .*status of 401.*\/refused/],
  ])('%s complains', async (path, complaint) => {
    const { complaints } = await visit(path);
    expect(complaints).toEqual([expect.stringMatching(complaint)]);
  });

  test('a complaint in a second tab counts, an expected one does not', async () => {
    const { context, complaints } = await visit('/calls', { expected: [/status of 401/] });
    expect(complaints).toEqual([]);
    await (await context.newPage()).goto(`${site.origin}/throws`);
    expect(complaints).toEqual(['uncaught: broken page']);
  });

  test('is on a secure origin: a __Host- cookie is kept, Clear-Site-Data takes it, the next page never has it', async () => {
    const { page } = await visit('/cookie');
    const seen = async () => {
      await page.goto(`${site.origin}/cookie/seen`);
      return page.textContent('p');
    };
    expect(await page.evaluate('isSecureContext')).toBe(true);
    expect(await seen()).toBe('__Host-id=v');
    const { page: other } = await visit('/cookie/seen');
    expect(await other.textContent('p')).toBe('none');
    await page.goto(`${site.origin}/cookie/cleared`);
    expect(await seen()).toBe('none');
  });

  test('has the size, the colours and the scripts that were asked for', async () => {
    const { page } = await visit('/plain', { width: 360, height: 740, colorScheme: 'dark' });
    expect(await page.evaluate('[innerWidth, innerHeight, matchMedia("(prefers-color-scheme: dark)").matches]')).toEqual([360, 740, true]);
    const { complaints } = await visit('/throws', { javaScriptEnabled: false });
    expect(complaints).toEqual([]);
  });

  test('can be kept as a picture, under a plain name only', async () => {
    const { page } = await visit('/plain');
    const path = await screenshot(page, 'chromium-test');
    expect((await readFile(path)).subarray(1, 4).toString()).toBe('PNG');
    await expect(screenshot(page, '../elsewhere')).rejects.toThrow(/small letters/);
  });
});

describe('a virtual authenticator', () => {
  let site: Site;
  let opened: TestPage;
  beforeEach(async () => {
    site = await serveAt(passkeySite);
    opened = await newPage(browser);
    await opened.page.goto(site.origin);
  });
  afterEach(async () => {
    await opened.close();
    await site.close();
  });

  async function press(button: 'register' | 'confirm'): Promise<string> {
    await opened.page.click(`#${button}`);
    const answered = opened.page.locator('output:not(:empty)');
    await answered.waitFor();
    return (await answered.textContent()) as string;
  }

  test('registers a passkey and answers with it', async () => {
    const device = await virtualAuthenticator(opened.page);
    expect(await press('register')).toBe('registered');
    expect(await device.credentials()).toEqual([expect.objectContaining({ rpId: 'localhost', signCount: 1 })]);
    expect(await press('confirm')).toBe('confirmed');
    expect(opened.complaints).toEqual([]);
  });

  test('a person who fails the check is refused by the browser', async () => {
    const device = await virtualAuthenticator(opened.page, { userVerified: false });
    expect(await press('register')).toBe('NotAllowedError');
    await device.setUserVerified(true);
    expect(await press('register')).toBe('registered');
    await device.setUserVerified(false);
    expect(await press('confirm')).toBe('NotAllowedError');
  });

  test('a device without a check is refused by the server', async () => {
    await virtualAuthenticator(opened.page, { hasUserVerification: false, userVerified: false });
    expect(await press('register')).toMatch(/user .*verified/i);
  });

  test('one that answers falsely is refused by the server', async () => {
    const device = await virtualAuthenticator(opened.page);
    await press('register');
    await device.misbehave({ isBadUV: true });
    expect(await press('confirm')).toMatch(/user .*verified/i);
    await device.misbehave({ isBogusSignature: true });
    expect(await press('confirm')).toBe('refused');
    await device.misbehave({});
    expect(await press('confirm')).toBe('confirmed');
  });

  test('its passkey can be taken away and given to another', async () => {
    const device = await virtualAuthenticator(opened.page);
    await press('register');
    const [passkey] = await device.credentials();
    await device.removeCredential(passkey?.credentialId as string);
    expect(await press('confirm')).toBe('NotAllowedError');
    await device.remove();
    const other = await virtualAuthenticator(opened.page);
    await other.addCredential({ ...(passkey as NonNullable<typeof passkey>), signCount: 5 });
    expect(await press('confirm')).toBe('confirmed');
  });

  test('a person who does not touch it leaves the request open', async () => {
    const device = await virtualAuthenticator(opened.page);
    await press('register');
    await device.setPresent(false);
    await opened.page.click('#confirm');
    await sleep(200);
    expect(await opened.page.textContent('output')).toBe('');
    await device.setPresent(true);
    await opened.page.reload();
    expect(await press('confirm')).toBe('confirmed');
  });
});

function url(file: string): string {
  return new URL(file, import.meta.url).href;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function page(body: string): string {
  return `<!doctype html><html lang="en"><head><title>A page</title></head><body>${body}</body></html>`;
}

async function fakeChromium(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, '#!/bin/sh\necho Chromium 150.0\n');
  await chmod(path, 0o755);
  return path;
}
