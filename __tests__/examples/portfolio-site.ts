import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { Duration } from '../../lib/index.ts';
import { manualClock } from '../../lib/testing/manual-clock.ts';
import { ROOT } from '../support/source-tree.ts';

interface Provider {
  readonly stop: () => Promise<void>;
}

/** The demonstration as a browser visits it, with its identity provider beside it and its time in the hand of the test. */
export interface PortfolioSite {
  readonly origin: string;
  readonly advance: (by: Duration) => void;
  /** Milliseconds that were advanced so far. */
  readonly offset: () => number;
  close(): Promise<void>;
}

export async function portfolioSite(): Promise<PortfolioSite> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  const { startIdentityProvider } = (await example('start-identity-provider.js')) as {
    readonly startIdentityProvider: (redirectUris: readonly string[]) => Promise<Provider>;
  };
  const provider = await startIdentityProvider(['shop', 'admin'].map((app) => `${origin}/${app}/reauthenticate/oidc/callback`));
  const offset = manualClock(0);
  // The provider has a clock of its own, so this one goes on too.
  const clock = (): number => Date.now() + offset.now();
  const { createApp } = (await example('app.js')) as {
    readonly createApp: (options: object) => Promise<{ readonly app: RequestListener; readonly sessions: { close(): Promise<void> } }>;
  };
  const { app, sessions } = await createApp({ secret: 'a-secret-for-the-demonstration-in-a-browser', clock, origin, provider });
  server.on('request', app);
  return {
    origin,
    advance: (by) => void offset.advance(by),
    offset: offset.now,
    async close() {
      server.close();
      server.closeAllConnections();
      await Promise.all([provider.stop(), sessions.close()]);
    },
  };
}

function example(file: string): Promise<unknown> {
  return import(join(ROOT, 'examples/portfolio', file));
}

/** Signs in to an app, or switches to another person, on its page. */
export async function signIn(page: Page, origin: string, app: string, person: string): Promise<void> {
  await page.goto(`${origin}/${app}/login`);
  await page.getByRole('button', { name: person }).click();
  await page.waitForURL(`${origin}/${app}`);
}

/** Makes this browser a workstation of the front desk, as its administrator: by the code that the console shows. */
export async function enrolWorkstation(page: Page, origin: string): Promise<void> {
  await signIn(page, origin, 'admin', 'Grace');
  await page.goto(`${origin}/admin/workstations`);
  await page.getByRole('button', { name: 'Enrol a workstation' }).click();
  const code = (await page.locator('output.code').textContent()) as string;
  await page.getByRole('link', { name: '/desk/device/enroll' }).click();
  await page.getByLabel('Code').fill(code);
  await page.getByRole('button', { name: 'Set up this workstation' }).click();
  await page.waitForURL(`${origin}/desk/login`);
}

/** Confirms with the code that the page shows. */
export async function confirmWithCode(page: Page): Promise<void> {
  const code = (await page.getByRole('region', { name: 'Your phone' }).locator('output').textContent()) as string;
  const form = page.getByRole('form', { name: 'With a code (aal2)' });
  await form.getByLabel('Code from your phone').fill(code);
  await form.getByRole('button', { name: 'Confirm' }).click();
}
