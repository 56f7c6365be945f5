import { describe, expect, test } from '@jest/globals';
import type { ErrorRequestHandler } from 'express';
import fc from 'fast-check';
import request from 'supertest';
import { memoryStore } from '../../lib/sessions/memory-store.ts';
import { dataOf, smallApp } from '../faults/small-app.ts';
import { expressVersions } from '../support/express.ts';

describe.each(expressVersions)('what an application puts into a session, on %s', (_name, express) => {
  function world() {
    const made = smallApp(express, memoryStore(), {}, (app) => {
      app.post('/merge', express.json({ limit: '1mb' }), (req, res) => {
        const body = JSON.parse(JSON.stringify(req.body)) as Record<string, unknown>;
        for (const [key, value] of Object.entries(body)) {
          if (key === '__proto__') Object.defineProperty(req.session, key, { value, enumerable: true, configurable: true, writable: true });
          else dataOf(req)[key] = value;
        }
        res.send('merged');
      });
      app.use(((error, _req, res, _next) => void res.status(599).send(String(error))) as ErrorRequestHandler);
    });
    return { ...made, agent: request.agent(made.app) };
  }

  test.each([
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'req',
    'id',
    'save',
    'reload',
    'destroy',
    'touch',
    'toJSON',
  ])('an entry called %s pollutes nothing and breaks nothing', async (key) => {
    const { agent } = world();
    await agent.get('/put/kept/1').expect(200);
    const answer = await agent
      .post('/merge')
      .send(`{${JSON.stringify(key)}:{"polluted":true}}`)
      .type('json');
    expect([200, 500, 599]).toContain(answer.status);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect((await agent.get('/data').expect(200)).body).toMatchObject({ kept: '1' });
    await agent.get('/put/later/2').expect(200);
    expect((await agent.get('/data')).body).toMatchObject({ kept: '1', later: '2' });
    await agent.post('/login').expect(200);
    expect((await agent.get('/page')).body.subject).not.toBeNull();
  });

  test('every JSON object comes back as it was put in', async () => {
    const reserved = ['cookie', 'req', 'id', 'save', 'reload', 'destroy', 'touch', 'regenerate', 'resetMaxAge', '__proto__'];
    const names = fc
      .string({ unit: 'binary', maxLength: 20 })
      .filter((key) => !reserved.includes(key) && !(key in {}) && !/^\d+$/.test(key));
    await fc.assert(
      fc.asyncProperty(fc.dictionary(names, fc.jsonValue({ maxDepth: 3 }), { maxKeys: 8, noNullPrototype: true }), async (data) => {
        const { agent } = world();
        const sent = JSON.parse(JSON.stringify(data)) as Record<string, unknown>;
        await agent.post('/merge').send(sent).expect(200, 'merged');
        const { cookie: _cookie, ...kept } = (await agent.get('/data').expect(200)).body;
        expect(kept).toEqual(sent);
      }),
      { numRuns: 60 },
    );
  });

  test('65,536 bytes are kept, more are refused and leave what was there', async () => {
    const { agent } = world();
    const room = 65_536 - '{"big":""}'.length;
    await agent
      .post('/merge')
      .send({ big: 'x'.repeat(room) })
      .expect(200);
    const answer = await agent
      .post('/merge')
      .send({ big: 'x'.repeat(room + 1) })
      .expect(500);
    expect(answer.body.reason).toBe('session_too_large');
    expect((await agent.get('/data')).body.big).toHaveLength(room);
    expect((await agent.post('/merge').send({ more: 'x' }).expect(500)).body.reason).toBe('session_too_large');
    expect((await agent.get('/data')).body).not.toHaveProperty('more');
  });
});
