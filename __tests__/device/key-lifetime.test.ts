import { afterEach, describe, expect, test } from '@jest/globals';
import type { Express, Request, Response } from 'express';
import request from 'supertest';
import { definePolicy, memoryStore, SessionError, sessionPolicy } from '../../lib/index.ts';
import { manualClock } from '../../lib/testing/manual-clock.ts';
import { SECRET } from '../express/portfolio.ts';
import { expressVersions } from '../support/express.ts';
import { authority } from './mtls-world.ts';

const at = (path: string) => ({ match: { paths: [path] }, loginUrl: `${path}/login`, reauthenticateUrl: `${path}/confirm` });
const policy = definePolicy({
  version: 1,
  profiles: {
    short: { idle: '1h', absolute: '2h' },
    long: { idle: '3h', absolute: '10h' },
    renewed: { idle: '350d', absolute: '380d', absoluteFrom: 'reauthentication' },
  },
  apps: {
    short: { profile: 'short', ...at('/short') },
    long: { profile: 'long', ...at('/long') },
    renewed: { profile: 'renewed', ...at('/renewed') },
  },
});

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

describe.each(expressVersions)('the key of a device on %s', (_name, express) => {
  /** Two people, one after the other, with one device, and so one client certificate. */
  function world() {
    const clock = manualClock(Date.now());
    const sessions = sessionPolicy({
      policy,
      secret: SECRET,
      store: memoryStore({ clock: clock.now }),
      trustProxy: 'loopback',
      clientCertHeader: true,
    });
    closing.push(() => sessions.close());
    const app = express();
    app.use(sessions);
    for (const path of ['/short', '/long', '/renewed']) mount(app, path);
    const { header } = authority.issue('device', { until: 900 });
    const send = (path: string, cookie = '') => request(app).post(path).set({ 'Client-Cert': header, Cookie: cookie });
    const signIn = async (path: string, who: string): Promise<string> => told(await send(`${path}/login?who=${who}`));
    return { clock, send, signIn };
  }

  test('is free when no session with it can be there any more, and not before', async () => {
    const { clock, send, signIn } = world();
    const cookie = await signIn('/short', 'ann');
    clock.advance('59m');
    expect((await send('/short', cookie)).text).toBe('ann');
    clock.advance('59m');
    expect((await send('/short', cookie)).text).toBe('ann');
    expect(await signIn('/short', 'bob')).toBe('ERR_DEVICE_FOREIGN');
    clock.advance('2m');
    expect((await send('/short', cookie)).status).toBe(401);
    expect(await signIn('/short', 'bob')).toBe('ERR_DEVICE_FOREIGN');
    clock.advance('1m');
    expect(await signIn('/short', 'bob')).toContain('short.session=');
    expect(await signIn('/short', 'ann')).toBe('ERR_DEVICE_FOREIGN');
  });

  test.each<[string, string, string]>([
    ['shorter', '/long', '/short'],
    ['longer', '/short', '/long'],
  ])('is kept as long as the longest session with it, also with a %s one besides', async (_what, first, second) => {
    const { clock, signIn } = world();
    await signIn(first, 'ann');
    await signIn(second, 'ann');
    clock.advance('10h');
    expect(await signIn('/short', 'bob')).toBe('ERR_DEVICE_FOREIGN');
    clock.advance('1m');
    expect(await signIn('/short', 'bob')).toContain('short.session=');
  });

  test('is kept for a session that reauthentications keep alive, and so is the session', async () => {
    const { clock, send, signIn } = world();
    const cookie = await signIn('/renewed', 'ann');
    clock.advance('300d');
    const renewed = told(await send('/renewed/confirm', cookie));
    clock.advance('110d');
    expect((await send('/renewed', renewed)).text).toBe('ann');
    expect(await signIn('/renewed', 'bob')).toBe('ERR_DEVICE_FOREIGN');
  });
});

function mount(app: Express, path: string): void {
  app.post(`${path}/login`, (req, res) => {
    const { who = '' } = req.query as Record<string, string>;
    answer(req.sessionPolicy.signIn({ subject: { id: who, kind: 'user' } }), req, res);
  });
  app.post(`${path}/confirm`, (req, res) => answer(req.sessionPolicy.reauthenticated({ amr: ['pwd'] }), req, res));
  app.post(path, (req, res) => answer(Promise.resolve(), req, res));
}

function answer(work: Promise<unknown>, req: Request, res: Response): void {
  work.then(
    () => void res.send(req.sessionPolicy.subject?.id),
    (error: unknown) => void res.status(400).send(error instanceof SessionError ? error.code : String(error)),
  );
}

/** The cookie of the session that an answer began, or what it says. */
function told({ headers, text }: { readonly headers: Record<string, unknown>; readonly text: string }): string {
  const [line] = (headers['set-cookie'] ?? []) as readonly string[];
  return line?.split(';')[0] ?? text;
}
