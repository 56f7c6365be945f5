import { createReadStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import compression from 'compression';
import type { Express } from 'express';
import request from 'supertest';
import { memoryStore, sessionPolicy } from '../../lib/index.ts';
import { expressVersions } from '../support/express.ts';
import { SECRET } from './portfolio.ts';

const TEXT = 'a line that compresses well\n'.repeat(500);
const THIS_FILE = fileURLToPath(import.meta.url);

describe.each(expressVersions)('answers held until the session is stored, on %s', (_name, express) => {
  function world(compressed: 'before' | 'after' | 'not'): Express {
    const app = express();
    if (compressed === 'before') app.use(compression({ threshold: 0 }));
    app.use(sessionPolicy({ profile: 'public-web', secret: SECRET, store: memoryStore() }));
    if (compressed === 'after') app.use(compression({ threshold: 0 }));
    app.use((req, _res, next) => {
      Object.assign(req.session, { seen: [req.path, ...((req.session as { seen?: string[] }).seen ?? [])] });
      next();
    });
    app.get('/text', (_req, res) => void res.type('text').send(TEXT));
    app.get('/pieces', (_req, res) => {
      res.type('text');
      for (const line of TEXT.match(/.*\n/g) ?? []) res.write(line);
      res.end();
    });
    app.get('/file', (_req, res) => res.sendFile(THIS_FILE));
    app.get('/stream', (_req, res) => void createReadStream(THIS_FILE).pipe(res));
    app.get('/raw', (_req, res) => {
      res.writeHead(201, 'Made', { 'Set-Cookie': 'own=1', 'X-Own': 'yes' });
      res.end('made');
    });
    app.get('/pairs', (_req, res) => {
      res.writeHead(202, ['X-Own', 'yes']);
      res.end();
    });
    app.get('/flushed', (_req, res) => {
      res.flushHeaders();
      res.end('flushed');
    });
    app.get('/twice', (_req, res) => {
      res.end('first');
      res.end('second');
    });
    return app;
  }

  describe.each(['before', 'after', 'not'] as const)('with compression %s', (compressed) => {
    test.each(['/text', '/pieces'])('%s arrives whole, with the session cookie', async (path) => {
      const app = world(compressed);
      const answer = await request(app)
        .get(path)
        .set('Accept-Encoding', compressed === 'not' ? 'identity' : 'gzip')
        .expect(200);
      expect(answer.text).toBe(TEXT);
      expect(answer.headers['content-encoding']).toBe(compressed === 'not' ? undefined : 'gzip');
      expect(answer.headers['set-cookie']).toHaveLength(1);
    });

    test.each(['/file', '/stream'])('%s is piped through', async (path) => {
      const answer = await request(world(compressed)).get(path).buffer(true).parse(readAll).expect(200);
      expect(String(answer.body)).toContain('answers held until the session is stored');
      expect(answer.headers['set-cookie']).toHaveLength(1);
    });
  });

  test('headers given to writeHead stand beside the session cookie', async () => {
    const raw = await request(world('not')).get('/raw').expect(201);
    expect(raw.headers['x-own']).toBe('yes');
    expect(raw.headers['set-cookie']).toEqual(expect.arrayContaining(['own=1', expect.stringMatching(/^app\.session=/)]));
    expect((await request(world('not')).get('/pairs').expect(202)).headers['x-own']).toBe('yes');
    expect((await request(world('not')).get('/flushed').expect(200)).text).toBe('flushed');
  });

  test('what comes after the end is not sent, and what was stored is there for the next request', async () => {
    const agent = request.agent(world('not'));
    expect((await agent.get('/twice').expect(200)).text).toBe('first');
    expect((await agent.get('/text').expect(200)).headers['set-cookie']).toBeUndefined();
  });
});

function readAll(res: request.Response, done: (error: Error | null, body: Buffer) => void): void {
  const body = res as unknown as NodeJS.ReadableStream;
  const chunks: Buffer[] = [];
  body.on('data', (chunk: Buffer) => chunks.push(chunk));
  body.on('end', () => done(null, Buffer.concat(chunks)));
}
