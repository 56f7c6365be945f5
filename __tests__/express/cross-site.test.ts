import { describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { memoryStore, sessionPolicy } from '../../lib/index.ts';
import { expressVersions } from '../support/express.ts';
import { portfolio, SECRET } from './portfolio.ts';

describe.each(expressVersions)('cross-site requests on %s', (_name, express) => {
  const post = (headers: Record<string, string>, path = '/staff/login') => request(portfolio(express).app).post(path).set(headers);

  test.each([
    [{ 'Sec-Fetch-Site': 'cross-site' }, 403],
    [{ 'Sec-Fetch-Site': 'same-site' }, 403],
    [{ 'Sec-Fetch-Site': 'cross-site', Origin: 'http://shop.example.com', Host: 'shop.example.com' }, 403],
    [{ 'Sec-Fetch-Site': 'same-origin' }, 200],
    [{ 'Sec-Fetch-Site': 'none' }, 200],
    [{ Origin: 'http://shop.example.com', Host: 'shop.example.com' }, 200],
    [{ Origin: 'https://shop.example.com', Host: 'shop.example.com' }, 200],
    [{ Origin: 'http://shop.example.com:8080', Host: 'shop.example.com' }, 403],
    [{ Origin: 'https://evil.example', Host: 'shop.example.com' }, 403],
    [{ Origin: 'null' }, 403],
    [{ Origin: 'garbage' }, 403],
    [{}, 200],
  ])('%j is answered with %i', async (headers, status) => {
    const answer = await post(headers as Record<string, string>).expect(status);
    if (status === 403) expect(answer.body.reason).toBe('cross_site_request');
  });

  test('reading is not refused, and a header transport has nothing to forge', async () => {
    const { app } = portfolio(express);
    await request(app).get('/shop/home').set('Sec-Fetch-Site', 'cross-site').expect(200);
    await request(app).post('/phone/login').set('Sec-Fetch-Site', 'cross-site').expect(200);
  });

  test('an origin that the profile trusts may post', async () => {
    const app = express();
    app.use(
      sessionPolicy({
        profile: { preset: 'public-web', crossSite: { trustedOrigins: ['https://id.example.com'] } },
        secret: SECRET,
        store: memoryStore(),
      }),
    );
    app.post('/callback', (_req, res) => void res.send('ok'));
    await request(app).post('/callback').set({ 'Sec-Fetch-Site': 'cross-site', Origin: 'https://id.example.com' }).expect(200);
    await request(app).post('/callback').set({ 'Sec-Fetch-Site': 'cross-site', Origin: 'https://id.example.com.evil.test' }).expect(403);
  });
});
