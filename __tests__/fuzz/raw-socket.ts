import { connect } from 'node:net';

/** What a server sent before it closed the connection; `undefined`: neither came in time. */
export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Sends bytes as they are on a connection of their own, which HTTP clients will not do. */
export async function sendRaw(port: number, bytes: string | Buffer, withinMs = 2_000): Promise<RawAnswer | 'closed' | undefined> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  // A server may close while it is still being talked to.
  socket.on('error', () => socket.destroy());
  socket.write(bytes);
  const ended = new Promise<boolean>((resolve) => {
    socket.once('close', () => resolve(true));
    socket.setTimeout(withinMs, () => resolve(false));
  });
  const inTime = await ended;
  socket.destroy();
  return inTime ? parse(Buffer.concat(chunks).toString('latin1')) : undefined;
}

/** A request of one line and headers, which asks for the connection to be closed. */
export function requestText(method: string, target: string, headers: Readonly<Record<string, string>> = {}): string {
  const lines = Object.entries({ Host: 'localhost', ...headers, Connection: 'close' }).map(([name, value]) => `${name}: ${value}`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
}

function parse(text: string): RawAnswer | 'closed' {
  const [, status] = /^HTTP\/1\.[01] (\d{3})/.exec(text) ?? [];
  const cut = text.indexOf('\r\n\r\n');
  if (status === undefined || cut === -1) return 'closed';
  const head = text.slice(0, cut);
  const body = text.slice(cut + 4);
  return { status: Number(status), head, body: /transfer-encoding: chunked/i.test(head) ? dechunk(body) : body };
}

function dechunk(body: string): string {
  return body.replace(/(?:^|\r\n)[0-9a-f]+\r\n/gi, '').replace(/\r\n\r\n$/, '');
}
