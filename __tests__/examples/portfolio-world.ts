import { join } from 'node:path';
import type { Express } from 'express';
import request from 'supertest';
import type { Duration, SessionPolicyMiddleware } from '../../lib/index.ts';
import { manualClock } from '../../lib/testing/manual-clock.ts';
import { openRedis, type SharedRedis } from '../support/redis.ts';
import { ROOT } from '../support/source-tree.ts';

type Package = typeof import('../../lib/index.ts');

/** The demonstration, with its time in the hand of the test. */
export interface World {
  readonly app: Express;
  readonly sessions: SessionPolicyMiddleware;
  readonly advance: (by: Duration) => void;
  /** The time as the sessions of this world know it. */
  readonly now: () => number;
  /** A browser of its own, that asks for pages and keeps cookies. */
  readonly browser: () => Browser;
  /** A browser that an administrator has made a workstation of the front desk. */
  readonly workstation: () => Promise<Browser>;
}

/** Where the sessions of a world are kept. */
export interface Place {
  open(): Promise<void>;
  /** A world of its own; `at` is when it is there, where time can be chosen. */
  world(at?: string): Promise<World>;
  close(): Promise<void>;
}

/** A day on which the exception of the policy is in force. */
const ORDINARY_DAY = '2026-11-10T09:00:00Z';
const SECRET = 'a-secret-for-the-demonstration-under-test';

/** In the memory of this process. */
export function inMemory(): Place {
  return {
    open: async () => undefined,
    async world(at = ORDINARY_DAY) {
      const clock = manualClock(Date.parse(at));
      const { memoryStore } = await thePackage();
      return makeWorld({ store: memoryStore({ clock: clock.now }), clock: clock.now }, (by) => void clock.advance(by));
    },
    close: async () => undefined,
  };
}

/** In a real Redis, whose clock is moved on for the store. */
export function inRedis(): Place {
  let redis: SharedRedis;
  let worlds = 0;
  return {
    async open() {
      redis = await openRedis();
    },
    async world() {
      const offset = manualClock(0);
      const { redisStore } = await thePackage();
      worlds += 1;
      const store = redisStore({ client: redis.client(), prefix: `${redis.prefix}${worlds}:`, clockOffset: offset.now });
      return makeWorld({ store, clock: () => Date.now() + offset.now() }, (by) => void offset.advance(by));
    },
    close: () => redis.stop(),
  };
}

/** The built package, which the examples use: its classes are not those of lib. */
async function thePackage(): Promise<Package> {
  return (await import(join(ROOT, 'dist/index.js'))) as Package;
}

async function makeWorld(
  options: { readonly clock: () => number; readonly store: object },
  advance: (by: Duration) => void,
): Promise<World> {
  const { createApp } = (await import(join(ROOT, 'examples/portfolio/app.js'))) as {
    readonly createApp: (options: object) => Promise<Pick<World, 'app' | 'sessions'>>;
  };
  const { app, sessions } = await createApp({ secret: SECRET, ...options });
  await sessions.ready();
  return {
    app,
    sessions,
    advance,
    now: options.clock,
    browser: () => new Browser(app),
    async workstation() {
      const browser = new Browser(app);
      const { code, path } = await sessions.devices.inviteWorkstation({ app: 'desk', label: 'Front desk 2' });
      await browser.press(path, { code }).expect(303);
      return browser;
    },
  };
}

/** What a person does with pages: opens them, presses buttons, is sent elsewhere. */
export class Browser {
  readonly agent: ReturnType<typeof request.agent>;

  constructor(app: Express) {
    this.agent = request.agent(app);
  }

  open(path: string): request.Test {
    return this.agent.get(path).set('Accept', 'text/html');
  }

  /** Sends a form that stands on the page `from`. */
  press(path: string, fields: Record<string, string> = {}, from = path): request.Test {
    const test = this.agent.post(path).set('Accept', 'text/html').type('form');
    return test.set('Host', 'demo.test').set('Referer', `http://demo.test${from}`).send(fields);
  }

  async signIn(app: 'shop' | 'admin' | 'desk', person = 'ada'): Promise<void> {
    await this.press(`/${app}/login`, { person }).expect(303);
  }

  /** What the session endpoints of an app say about a request, or about the session itself. */
  status(app: string, method?: string, path?: string): request.Test {
    const query = path === undefined ? '' : `?for=${encodeURIComponent(path)}&method=${method}`;
    return this.agent.get(`/${app}/session${query}`).set('Accept', 'application/json');
  }

  /** Confirms with the code that the page shows, and answers with where that leads. */
  async confirmWithCode(url: string): Promise<string> {
    const { text } = await this.open(url).expect(200);
    const [, code = ''] = /class="code">([\d ]+)</.exec(text) ?? [];
    return this.#confirm(text, 'code', { code });
  }

  async confirmWithPassword(url: string): Promise<string> {
    const { text } = await this.open(url).expect(200);
    return this.#confirm(text, 'password', { password: 'demo' });
  }

  async #confirm(page: string, way: string, fields: Record<string, string>): Promise<string> {
    const action = formAction(page, `form?way=${way}`);
    return (await this.press(action, fields).expect(303)).headers['location'] as string;
  }

  /** Sends what was kept, as "Send it now" does. */
  async sendKept(resumption: string): Promise<request.Response> {
    const page = await this.open(resumption).expect(200);
    return this.press(formAction(page.text, resumption.split('?')[0] as string), {}, resumption);
  }
}

/** Where the first form leads whose address has this in it. */
export function formAction(page: string, part: string): string {
  const actions = [...page.matchAll(/<form[^>]* action="([^"]*)"/g)].map(([, action = '']) => action.replaceAll('&#38;', '&'));
  const found = actions.find((action) => action.includes(part));
  if (found === undefined) throw new Error(`no form of the page leads to ${part}: ${actions.join(' ')}`);
  return found;
}
