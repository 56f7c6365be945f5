import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';

const SCREENSHOTS = fileURLToPath(new URL('../../.cache/screenshots', import.meta.url));
/** Shorter than the timeout of a test, so that what failed is named. */
const PATIENCE_MS = 8_000;

/** How a page is looked at. */
export interface PageOptions {
  /** Of the window, in CSS pixels. */
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
  readonly javaScriptEnabled?: boolean;
  /**
   * Complaints that the test means to cause, such as /status of 401/ for a call that is refused on purpose: Chromium reports
   * each failed load as a console error. Where all of a test's complaints are meant, look at `complaints` instead.
   */
  readonly expected?: readonly RegExp[];
}

/** A page in a browser profile of its own. */
export interface TestPage {
  readonly page: Page;
  /** More tabs of the same person: `context.newPage()`. Their complaints count too. */
  readonly context: BrowserContext;
  /** Uncaught errors and console errors, violations of a Content-Security-Policy among them. Assert that it is empty. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

/**
 * A fresh page with no cookies, no storage and no cache.
 *
 * @example
 * const { page, complaints } = await newPage(browser, { width: 360, height: 740 });
 * await page.goto(`${site.origin}/confirm`);
 * expect(complaints).toEqual([]);
 */
export async function newPage(browser: Browser, options: PageOptions = {}): Promise<TestPage> {
  const { width = 1280, height = 800, colorScheme = 'light', javaScriptEnabled = true, expected = [] } = options;
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, javaScriptEnabled });
  context.setDefaultTimeout(PATIENCE_MS);
  const complaints = complaintsOf(context, expected);
  return { page: await context.newPage(), context, complaints, close: () => context.close() };
}

function complaintsOf(context: BrowserContext, expected: readonly RegExp[]): readonly string[] {
  const complaints: string[] = [];
  const note = (complaint: string): void => {
    if (!expected.some((pattern) => pattern.test(complaint))) complaints.push(complaint);
  };
  context.on('console', (message) => {
    const { url } = message.location();
    if (message.type() === 'error' && !isDefaultIcon(url)) note(`console error: ${message.text()} (${url})`);
  });
  context.on('weberror', (error) => note(`uncaught: ${error.error().message}`));
  return complaints;
}

/** Browsers ask for it unless the page names an icon: no fault of the page. */
function isDefaultIcon(url: string): boolean {
  return URL.canParse(url) && new URL(url).pathname === '/favicon.ico';
}

/** Keeps a picture of the whole page for people to look at, in .cache/screenshots. Returns its path. */
export async function screenshot(page: Page, name: string): Promise<string> {
  if (!/^[a-z0-9-]+$/.test(name)) throw new Error(`${name}: the name of a screenshot has small letters, digits and hyphens`);
  await mkdir(SCREENSHOTS, { recursive: true });
  const path = join(SCREENSHOTS, `${name}.png`);
  await page.screenshot({ path, fullPage: true });
  return path;
}
