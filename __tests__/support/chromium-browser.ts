import { type Browser, chromium } from 'playwright-core';
import { findChromium } from './chromium-binary.ts';

export type { Browser } from 'playwright-core';

/** No sandbox: containers rarely allow one, and the pages are our own. The rest keeps it from calling anyone but them. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface BrowserOptions {
  /** Pages that were left stay in memory, as in everybody's browser, and come back as they were. playwright turns that off. */
  readonly backForwardCache?: boolean;
  /** More switches of the command line. */
  readonly flags?: readonly string[];
}

/**
 * Starts Chromium without a window. Once a test file is enough: `newPage` gives each test a browser profile of its own.
 *
 * @throws Error that says what to install if there is no Chromium.
 * @example
 * let browser: Browser;
 * beforeAll(async () => { browser = await openChromium(); }, INSTALLATION_MS);
 * afterAll(() => browser.close());
 */
export async function openChromium({ backForwardCache = false, flags = [] }: BrowserOptions = {}): Promise<Browser> {
  const ignoreDefaultArgs = backForwardCache ? ['--disable-back-forward-cache'] : [];
  return chromium.launch({ executablePath: await findChromium(), args: [...FLAGS, ...flags], ignoreDefaultArgs, timeout: 60_000 });
}
