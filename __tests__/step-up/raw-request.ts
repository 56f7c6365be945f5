import { once } from 'node:events';
import { connect } from 'node:net';

/** Sends a request line as it is written, which no client library would send, and gives the whole answer. */
export async function rawRequest(origin: string, line: string, headers: Readonly<Record<string, string>>): Promise<string> {
  const { hostname, port, host } = new URL(origin);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const lines = [line, `Host: ${host}`, 'Connection: close', ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
