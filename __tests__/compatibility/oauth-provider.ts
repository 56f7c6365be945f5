import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** An OAuth 2.0 authorization server (RFC 6749 section 4.1) that signs everybody in as the user it is told. */
export interface OAuthProvider {
  readonly url: string;
  user: string;
  stop(): Promise<void>;
}

export async function startOAuthProvider(): Promise<OAuthProvider> {
  const codes = new Map<string, string>();
  const provider = { url: '', user: 'u1', stop };
  const server = createServer((req, res) => {
    const url = new URL(req.url ?? '/', provider.url);
    if (url.pathname === '/authorize') return authorize(url, res, codes, provider.user);
    if (url.pathname === '/token' && req.method === 'POST') return void token(req, res, codes);
    res.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  provider.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return provider;

  async function stop(): Promise<void> {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }
}

function authorize(url: URL, res: ServerResponse, codes: Map<string, string>, user: string): void {
  const code = randomUUID();
  codes.set(code, user);
  const back = new URL(url.searchParams.get('redirect_uri') ?? '');
  back.searchParams.set('code', code);
  back.searchParams.set('state', url.searchParams.get('state') ?? '');
  res.writeHead(302, { Location: back.href }).end();
}

/** A code is good once. */
async function token(req: IncomingMessage, res: ServerResponse, codes: Map<string, string>): Promise<void> {
  const code = new URLSearchParams(await text(req)).get('code') ?? '';
  const user = codes.get(code);
  codes.delete(code);
  res.writeHead(user === undefined ? 400 : 200, { 'Content-Type': 'application/json' });
  res.end(JSON.stringify(user === undefined ? { error: 'invalid_grant' } : { access_token: `token-of-${user}`, token_type: 'Bearer' }));
}
