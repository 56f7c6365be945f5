import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import express from 'express';
import { type Browser, INSTALLATION_MS, type Site, type TestPage, newPage, openChromium, screenshot, serve } from '../support/chromium.ts';
import { builtClient } from './built-client.ts';
import { type Desk, desk } from './desk.ts';

let browser: Browser;
let script: string;
let world: Desk;
let site: Site;
let opened: TestPage;
let page: TestPage['page'];

beforeAll(async () => {
  [browser, script] = await Promise.all([openChromium(), builtClient()]);
}, INSTALLATION_MS);

afterAll(() => browser.close());

beforeEach(async () => {
  world = desk(script);
  site = await serve(world.app);
  opened = await newPage(browser, { expected: [/status of 401/] });
  ({ page } = opened);
  await page.goto(`${site.origin}/login`);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL('**/home');
  await page.getByRole('button', { name: 'Pay' }).waitFor();
});

afterEach(async () => {
  await opened.close();
  await site.close();
});

const dialog = () => page.getByRole('alertdialog', { name: "Please confirm that it's you" });
const payments = () => world.requests.filter((one) => one === 'POST /pay').length;

/** The result of an expression in the page, which has been promised. */
function inPage<T = unknown>(expression: string): Promise<T> {
  return page.evaluate(expression);
}

describe('fetchWithStepUp', () => {
  test('lets the person confirm in a new tab, sends the same request once more, and closes the tab', async () => {
    await page.getByRole('button', { name: 'Pay' }).click();
    await dialog().waitFor();
    expect(await inPage('document.activeElement.textContent')).toBe('Confirm in a new tab');
    await screenshot(page, 'session-confirm-1280');
    const [tab] = await Promise.all([opened.context.waitForEvent('page'), page.keyboard.press('Enter')]);
    world.clock.advance('1s');
    const closed = tab.waitForEvent('close');
    await tab.getByRole('button', { name: 'It is me' }).click();
    await page.getByText('200 400 € to Grace').waitFor();
    await closed;
    expect(payments()).toBe(2);
    expect(await dialog().count()).toBe(0);
    expect(opened.complaints).toEqual([]);
  });

  test('gives back the refusal where the person does not want to, and asks nobody else', async () => {
    await page.getByRole('button', { name: 'Pay' }).click();
    await dialog().waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('401').waitFor();
    expect(payments()).toBe(1);
    expect(await inPage('document.activeElement.id')).toBe('pay');
  });

  test('hands the whole problem to a function of the page, and never asks twice', async () => {
    const [status, asked] = await inPage<[number, { reason: string }[]]>(`(async () => {
      const asked = [];
      const meet = async (problem) => { asked.push(problem); return true; };
      const response = await client.fetchWithStepUp('/pay', { method: 'POST', body: new URLSearchParams({ to: 'x' }) }, { meet });
      return [response.status, asked];
    })()`);
    expect(status).toBe(401);
    expect(payments()).toBe(2);
    expect(asked).toEqual([
      expect.objectContaining({
        reason: 'assurance_insufficient',
        level: 'aal2',
        resume: expect.any(String),
        reauthenticate: expect.stringMatching(/^\/reauthenticate\?return_to=/),
      }),
    ]);
  });

  test("a confirmation that is handed the problem's `resume` is for exactly that request", async () => {
    const meet = `async (problem) => {
      const body = new URLSearchParams({ resume: problem.resume });
      await fetch('/reauthenticate', { method: 'POST', body, redirect: 'manual' });
      return true;
    }`;
    world.clock.advance('1s');
    const send = (to: string, sentAgain: string) => `(async () => {
      const body = new URLSearchParams({ to: '${to}', amount: '1' });
      const response = await client.fetchWithStepUp('/pay', { method: 'POST', body }, { meet: ${sentAgain} });
      return response.status;
    })()`;
    expect(await inPage(send('Grace', meet))).toBe(200);
    expect(await inPage(send('Mallory', 'async () => true'))).toBe(401);
  });

  test('sends a Request, a form and a blob again as they were', async () => {
    for (const [body, form] of [
      ["new Request('/pay', { method: 'POST', body: new URLSearchParams({ to: 'Ada', amount: '7' }) })", 'request'],
      ["'/pay', { method: 'POST', body: new Blob(['to=Ada&amount=7'], { type: 'application/x-www-form-urlencoded' }) }", 'init'],
    ]) {
      world.clock.advance('1s');
      const args = form === 'request' ? `${body}, undefined` : body;
      const text = await inPage(`(async () => {
        const meet = async ({ resume }) => { await fetch('/reauthenticate', { method: 'POST', body: new URLSearchParams({ resume }), redirect: 'manual' }); return true; };
        return (await client.fetchWithStepUp(${args}, { meet })).text();
      })()`);
      expect(text).toBe('7 € to Ada');
    }
  });

  test('refuses a stream only where it would have to be sent again, before anybody is asked', async () => {
    const stream = "{ method: 'POST', duplex: 'half', body: new Blob(['x']).stream() }";
    // Chromium sends streams over HTTP/2 only: what the server would answer stands in for it here.
    const outcome = await inPage(`(async () => {
      const real = globalThis.fetch;
      const problem = (await real('/stream', { method: 'POST' }));
      globalThis.fetch = async (input, init) => init?.body instanceof ReadableStream ? problem : real(input, init);
      const asked = [];
      const met = client.fetchWithStepUp('/stream', ${stream}, { meet: async () => asked.push(1) });
      return [await met.catch((error) => error.name + ': ' + error.message), asked];
    })()`);
    expect(outcome).toEqual(['TypeError: a request whose body is a stream cannot be sent again', []]);
  });

  test('asks nothing on behalf of another site', async () => {
    const other = express();
    other.use((_req, res) => {
      res.set({
        'Access-Control-Allow-Origin': '*',
        'Access-Control-Expose-Headers': 'WWW-Authenticate',
        'WWW-Authenticate': 'Bearer error="insufficient_user_authentication"',
      });
      res.status(401).type('application/problem+json').send({ title: 'x', detail: 'x', reauthenticate: 'https://evil.example/' });
    });
    const elsewhere = await serve(other);
    try {
      await page.goto(`${site.origin}/home?open`);
      await page.getByRole('button', { name: 'Pay' }).waitFor();
      const outcome = await inPage(`(async () => {
        const asked = [];
        const response = await client.fetchWithStepUp('${elsewhere.origin}/', {}, { meet: async () => asked.push(1) });
        return [response.status, asked];
      })()`);
      expect(outcome).toEqual([401, []]);
    } finally {
      await elsewhere.close();
    }
  });

  test('opens no script in the place of a page', async () => {
    const outcome = await inPage(`(async () => {
      const real = globalThis.fetch;
      const headers = { 'content-type': 'application/problem+json', 'www-authenticate': 'Bearer error="insufficient_user_authentication"' };
      globalThis.fetch = async () => {
        const answer = new Response(JSON.stringify({ reauthenticate: 'javascript:alert(1)' }), { status: 401, headers });
        Object.defineProperty(answer, 'url', { value: location.href });
        return answer;
      };
      return (await client.fetchWithStepUp('/pay')).status;
    })()`);
    expect(outcome).toBe(401);
    expect(await page.getByRole('alertdialog').count()).toBe(0);
  });

  test('gives up waiting when the session is over', async () => {
    await page.getByRole('button', { name: 'Pay' }).click();
    await dialog().waitFor();
    await page.evaluate('session.stop()');
    await world.revokeAll();
    await page.evaluate("window.dispatchEvent(new Event('focus'))");
    await page.getByText('401').waitFor();
    expect(await dialog().count()).toBe(0);
  });
});
