import { describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { sessionPolicy } from '../../lib/index.ts';
import { FailingStore } from '../faults/failing-store.ts';
import { expressVersions } from '../support/express.ts';
import { SECRET } from './portfolio.ts';

describe.each(expressVersions)('a layout that fails, on %s', (_name, express) => {
  const site = (layout: () => string) => {
    const logged: string[] = [];
    const store = new FailingStore({ clock: () => 1_000_000 });
    const app = express();
    app.use(sessionPolicy({ profile: 'public-web', secret: SECRET, store, layout, log: ({ code }) => logged.push(code) }));
    app.get('/', (_req, res) => res.send('hello'));
    return { app, logged, store };
  };
  const badLayouts: readonly (readonly [string, () => string])[] = [
    [
      'throws',
      () => {
        throw new Error('a template is missing');
      },
    ],
    ['gives no text', () => undefined as unknown as string],
  ];

  test.each(badLayouts)('because it %s leaves the answer plain, and is told to who operates it', async (_why, layout) => {
    const { app, logged, store } = site(layout);
    store.failEverything();
    const { headers, text } = await request(app).get('/').set('Accept', 'text/html').expect(503);
    expect(text).toContain('<h1>');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(logged).toContain('layout_failed');
  });

  test('may ask what was decided while the store is out', async () => {
    const logged: string[] = [];
    const store = new FailingStore({ clock: () => 1_000_000 });
    store.failEverything();
    const app = express();
    const layout = (_view: unknown, req: { sessionPolicy?: { decision: { reason: string } } }) =>
      `because ${req.sessionPolicy?.decision.reason}`;
    app.use(sessionPolicy({ profile: 'staff-web', secret: SECRET, store, layout, log: ({ code }) => logged.push(code) }));
    const { text } = await request(app).get('/').set('Accept', 'text/html').expect(503);
    expect(text).toBe('because store_unavailable');
    expect(logged).not.toContain('layout_failed');
  });
});
