import http from 'node:http';
import https from 'node:https';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Express, NextFunction, Request, Response } from 'express';
import { createServer } from '../../lib/express/create-server.ts';
import { expressVersions } from '../support/express.ts';
import { selfSigned } from '../support/self-signed.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

type Framework = (typeof expressVersions)[number][1];

/** From Node 24 on it is a plain server, which is as fast. */
const BORN = Number.parseInt(process.versions.node, 10) < 24;

interface Probe {
  readonly method?: string;
  readonly path: string;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: string;
}

const PROBES: Readonly<Record<string, Probe>> = {
  json: { path: '/json?a=1&a=2' },
  'request properties': {
    path: '/about',
    headers: { 'X-Forwarded-For': '203.0.113.9', 'X-Forwarded-Proto': 'https', 'X-Requested-With': 'XMLHttpRequest' },
  },
  'mounted app': { path: '/sub/deep/page' },
  'nested mounted app': { path: '/sub/inner/page' },
  'after a mounted app': { path: '/sub/passes-on' },
  'file sent': { path: '/file' },
  'part of a file': { path: '/file', headers: { Range: 'bytes=0-9' } },
  'static file': { path: '/static/package.json' },
  'error thrown': { path: '/throws' },
  'error handled': { path: '/handled' },
  'not found': { path: '/nowhere' },
  head: { method: 'HEAD', path: '/json' },
  options: { method: 'OPTIONS', path: '/json' },
  'json body': { method: 'POST', path: '/echo', headers: { 'Content-Type': 'application/json' }, body: '{"a":[1,{"b":"ü"}]}' },
  'broken body': { method: 'POST', path: '/echo', headers: { 'Content-Type': 'application/json' }, body: '{"a":' },
  'form body': { method: 'POST', path: '/echo', headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: 'a=1&b=2' },
  cookies: { path: '/cookies', headers: { Cookie: 'x=1; y=2' } },
  redirect: { path: '/redirect' },
  negotiated: { path: '/format', headers: { Accept: 'text/html' } },
  'not modified': { path: '/json', headers: { 'If-None-Match': '*' } },
  streamed: { path: '/stream' },
  malformed: { path: '/item/%E0%A4%A' },
};

const open: http.Server[] = [];

afterEach(async () => {
  for (const server of open.splice(0)) {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }
});

describe.each(expressVersions)('createServer with %s', (_name, express) => {
  test.each(Object.entries(PROBES))('answers as app.listen does: %s', async (_probe, probe) => {
    const plain = await ask(await listen(app(express).listen(0, '127.0.0.1')), probe);
    const born = await ask(await listen(createServer(app(express)).listen(0, '127.0.0.1')), probe);
    expect(born).toEqual(plain);
    expect(plain.status).toBeGreaterThanOrEqual(200);
  });

  test('a request and its response have the prototypes of the app before Express sees them, where that helps', async () => {
    const created = app(express);
    const server = createServer(created);
    const seen: unknown[] = [];
    server.prependListener('request', (req, res) => seen.push(Object.getPrototypeOf(req), Object.getPrototypeOf(res)));
    await ask(await listen(server.listen(0, '127.0.0.1')), { path: '/json' });
    expect([seen[0] === created.request, seen[1] === created.response]).toEqual([BORN, BORN]);
  });

  test('serves https with a certificate, and answers the same there', async () => {
    const identity = selfSigned();
    const secure = createServer(app(express), identity);
    expect(secure).toBeInstanceOf(https.Server);
    const plain = await listen(https.createServer(identity, app(express) as http.RequestListener).listen(0, '127.0.0.1'));
    const born = await listen(secure.listen(0, '127.0.0.1'));
    for (const probe of Object.values(PROBES)) expect(await ask(born, probe)).toEqual(await ask(plain, probe));
  });

  test('several requests on one connection do not know each other', async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const server = await listen(createServer(app(express)).listen(0, '127.0.0.1'));
    const first = await ask(server, { path: '/mark?with=one' }, agent);
    const second = await ask(server, { path: '/mark' }, agent);
    expect([first.body, second.body]).toEqual(['{"before":null}', '{"before":null}']);
    agent.destroy();
  });

  test('a protocol upgrade reaches its listener, with the request of the app', async () => {
    const created = app(express);
    const server = createServer(created);
    server.on('upgrade', (req, socket) => {
      socket.end(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: test\r\nConnection: Upgrade\r\nX-Born: ${Object.getPrototypeOf(req) === created.request}\r\n\r\n`,
      );
    });
    const { port } = (await listen(server.listen(0, '127.0.0.1'))).address() as AddressInfo;
    const request = http.request({ port, host: '127.0.0.1', headers: { Connection: 'Upgrade', Upgrade: 'test' } }).end();
    const [response, socket] = (await once(request, 'upgrade')) as [http.IncomingMessage, import('node:net').Socket];
    socket.destroy();
    expect(response.headers['x-born']).toBe(String(BORN));
  });

  test('passes the options of the server on', () => {
    expect(createServer(express(), { requestTimeout: 1234 }).requestTimeout).toBe(1234);
  });

  test('refuses what is no app, and constructors that would undo it', () => {
    const refused = expect.objectContaining({ code: 'ERR_OPTIONS_INVALID' });
    expect(() => createServer((() => undefined) as unknown as Express)).toThrow(refused);
    expect(() => createServer(undefined as unknown as Express)).toThrow(refused);
    expect(() => createServer(express(), { IncomingMessage: http.IncomingMessage })).toThrow(refused);
  });
});

function app(express: Framework): Express {
  const created = express();
  created.set('trust proxy', 'loopback');
  created.set('env', 'test');
  addPages(created, express);
  created.use('/sub', mounted(express));
  created.get('/sub/passes-on', (req, res) => res.json({ own: req.app === created, base: req.baseUrl, same: res.app === created }));
  created.use('/handled', (error: Error, _req: Request, res: Response, _next: NextFunction) =>
    res.status(418).json({ message: error.message }),
  );
  return created;
}

function addPages(created: Express, express: Framework): void {
  created.get('/json', (req, res) => res.json({ query: req.query, url: req.originalUrl }));
  created.get('/about', ({ ip, ips, protocol, secure, hostname, xhr, path, fresh }, res) =>
    res.json({ ip, ips, protocol, secure, hostname: typeof hostname, xhr, path, fresh }),
  );
  created.get('/file', (_req, res) => res.sendFile('package.json', { root: ROOT }));
  created.use('/static', express.static(ROOT));
  created.get('/throws', () => {
    throw Object.assign(new Error('broken'), { status: 503, headers: { 'Retry-After': '5' }, stack: 'fixed' });
  });
  created.get('/handled', (_req, _res, next) => next(new Error('handled')));
  created.post('/echo', express.json(), express.urlencoded({ extended: false }), (req, res) => res.json(req.body));
  created.get('/cookies', (req, res) => res.cookie('a', 'b', { httpOnly: true }).clearCookie('c').send(req.get('cookie')));
  created.get('/redirect', (_req, res) => res.redirect(303, '/json'));
  created.get('/format', (_req, res) => res.format({ html: () => res.send('<p>hi</p>'), json: () => res.json({}) }));
  created.get('/item/:id', (req, res) => res.send(req.params['id']));
  created.get('/stream', (_req, res) => {
    for (const part of ['a', 'b', 'c']) res.write(part.repeat(1000));
    res.end();
  });
  created.get('/mark', (req, res) => {
    const marked = req as Request & { mark?: unknown };
    const before = marked.mark ?? null;
    marked.mark = req.query['with'];
    res.json({ before });
  });
}

function mounted(express: Framework): Express {
  const inner = express();
  inner.get('/page', (req, res) => res.json({ base: req.baseUrl, inner: req.app === inner, parent: inner.path() }));
  const outer = express();
  outer.get('/deep/page', (req, res) => res.append('X-Sub', '1').json({ base: req.baseUrl, url: req.url, outer: req.app === outer }));
  outer.use('/inner', inner);
  return outer;
}

async function listen<S extends http.Server>(server: S): Promise<S> {
  open.push(server);
  if (!server.listening) await once(server, 'listening');
  return server;
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

async function ask(server: http.Server, { method = 'GET', path, headers = {}, body }: Probe, agent?: http.Agent): Promise<Answer> {
  const { port } = server.address() as AddressInfo;
  const options = {
    port,
    host: '127.0.0.1',
    method,
    path,
    headers: { Host: 'shop.example.com', ...headers },
    ...(agent === undefined ? {} : { agent }),
  };
  const request = server instanceof https.Server ? https.request({ ...options, rejectUnauthorized: false }) : http.request(options);
  request.end(body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const { date: _date, ...kept } = response.headers;
  return { status: response.statusCode, headers: kept, body: Buffer.concat(chunks).toString('utf8') };
}
