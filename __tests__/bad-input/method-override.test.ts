import { describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { definePolicy } from '../../lib/policy/define-policy.ts';
import { expressVersions } from '../support/express.ts';
import { FailingStore } from '../faults/failing-store.ts';
import { SECRET } from '../faults/small-app.ts';
import { sessionPolicy } from '../../lib/express/session-policy.ts';

const POLICY = definePolicy({
  version: 1,
  profiles: { web: { preset: 'public-web', idle: '30m', absolute: '12h' } },
  apps: {
    shop: { profile: 'web', routes: [{ id: 'remove', methods: ['DELETE'], path: '/item', access: 'authenticated' }] },
  },
});

type Row = [what: string, target: string, headers: Record<string, string>, body: string | undefined];

// DELETE /item needs somebody who is signed in; POST /item does not. Middleware after ours may turn one into the other.
describe.each(expressVersions)('a method that is asked for by a header or parameter, on %s', (_name, express) => {
  function post(target: string, headers: Record<string, string> = {}, body?: string) {
    const app = express();
    app.use(express.urlencoded({ extended: false }));
    app.use(sessionPolicy({ policy: POLICY, secret: SECRET, store: new FailingStore(), log: () => undefined }));
    app.use((_req, res) => void res.send('reached'));
    const sent = request(app).post(target).set(headers);
    return body === undefined ? sent : sent.type('form').send(body);
  }

  test('a plain POST is a POST', async () => {
    await post('/item').expect(200, 'reached');
    await post('/item', { 'X-HTTP-Method-Override': 'PUT' }).expect(200);
  });

  test.each<Row>([
    ['a header', '/item', { 'X-HTTP-Method-Override': 'DELETE' }, undefined],
    ['in lower case', '/item', { 'X-HTTP-Method-Override': 'delete' }, undefined],
    ['with blanks', '/item', { 'X-Method-Override': ' DELETE ' }, undefined],
    ['the other header', '/item', { 'X-HTTP-Method': 'DELETE' }, undefined],
    ['a parameter', '/item?_method=DELETE', {}, undefined],
    ['a parameter whose name is encoded', '/item?_meth%6Fd=DELETE', {}, undefined],
    ['a parameter whose value is encoded', '/item?_method=D%45LETE', {}, undefined],
    ['a field of a form that was read before', '/item', {}, '_method=DELETE'],
  ])('%s gets the rule of that method', async (_what, target, headers, body) => {
    expect((await post(target, headers, body).expect(401)).body.reason).toBe('session_missing');
  });

  test.each<Row>([
    ['two headers', '/item', { 'X-HTTP-Method-Override': 'PUT', 'X-Method-Override': 'DELETE' }, undefined],
    ['a header and a parameter', '/item?_method=DELETE', { 'X-HTTP-Method-Override': 'PUT' }, undefined],
    ['two parameters', '/item?_method=PUT&_method=DELETE', {}, undefined],
    ['a parameter and a field', '/item?_method=PUT', {}, '_method=DELETE'],
    ['two fields', '/item', {}, '_method=PUT&_method=DELETE'],
    ['a list', '/item', { 'X-HTTP-Method-Override': 'DELETE, PUT' }, undefined],
  ])('%s that ask for different methods are refused', async (_what, target, headers, body) => {
    expect((await post(target, headers, body).expect(400)).body.reason).toBe('method_ambiguous');
  });

  test.each(['<script>', 'A'.repeat(400), '%', 'DELETE;', '__proto__'])('junk like %j is no method, and no crash', async (junk) => {
    expect([200, 400, 401]).toContain((await post(`/item?_method=${encodeURIComponent(junk)}`, { 'X-Method-Override': junk })).status);
  });
});
