import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';

/** What came back, and after how long. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  /** Name and value of the session cookie, if the answer sets one. */
  readonly cookie: string | undefined;
  readonly afterMs: number;
}

export interface AskOptions {
  readonly method?: string;
  readonly cookie?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: 5,000. */
  readonly withinMs?: number;
}

/** Sends one request. `undefined`: no answer came in time. */
export type Ask = (path: string, options?: AskOptions) => Promise<Answer | undefined>;

export interface Served {
  readonly port: number;
  readonly ask: Ask;
  readonly close: () => Promise<void>;
}

/** An app on a server of its own, which nobody else asks. */
export async function serve(app: Express): Promise<Served> {
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    ask: (path, options) => ask(`http://127.0.0.1:${port}${path}`, options),
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function ask(url: string, { method = 'GET', cookie, headers = {}, withinMs = 5_000 }: AskOptions = {}): Promise<Answer | undefined> {
  const sent = cookie === undefined ? headers : { ...headers, Cookie: cookie };
  const startedAt = performance.now();
  try {
    const answer = await fetch(url, { method, headers: sent, redirect: 'manual', signal: AbortSignal.timeout(withinMs) });
    const body = await answer.text();
    const [line] = answer.headers.getSetCookie();
    return { status: answer.status, headers: answer.headers, body, cookie: line?.split(';')[0], afterMs: performance.now() - startedAt };
  } catch (error) {
    if ((error as Error).name === 'TimeoutError') return undefined;
    throw error;
  }
}
