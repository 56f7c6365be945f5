import { randomBytes, randomInt } from 'node:crypto';

const METHODS = ['GET', 'POST', 'HEAD', 'OPTIONS', 'DELETE', 'PATCH', 'TRACE', 'QUERY', 'PROPFIND', 'get', 'G\u0000T'];
const PATHS = [
  '/staff/home',
  '/staff/login',
  '/staff/logout',
  '/staff/confirm',
  '/staff/transfer',
  '/shop/home',
  '/shop/pay',
  '/shop/account/x',
  '/admin/home',
  '/phone/home',
  '/jobs/run',
  '/',
  '*',
  '/staff/reports',
];
const PIECES = [
  '..',
  '%2e%2e',
  '%2f',
  '%5c',
  '\\',
  ';',
  '%',
  '%00',
  '?return_to=',
  '?_method=DELETE',
  '#',
  '//',
  'é',
  '\u2028',
  '%u0041',
  'A'.repeat(300),
];
const HEADERS = [
  'Cookie',
  'Authorization',
  'Origin',
  'Sec-Fetch-Site',
  'Sec-Fetch-Mode',
  'Accept',
  'X-Forwarded-For',
  'X-Forwarded-Host',
  'X-Forwarded-Proto',
  'X-HTTP-Method-Override',
  'Referer',
  'Host',
  'Content-Length',
  'Transfer-Encoding',
  'Expect',
  'Upgrade',
  'Connection',
  'Range',
  '__proto__',
  'constructor',
];
const VALUES = [
  '',
  ' ',
  ',',
  '*/*',
  'text/html',
  'null',
  'http://localhost',
  'https://evil.example',
  'same-origin',
  'cross-site',
  'navigate',
  'DELETE',
  '0',
  '-1',
  '99999999999',
  'chunked',
  '100-continue',
  'websocket',
  '::ffff:1.2.3.4',
  '1.2.3.4, junk',
  'Bearer',
  'Bearer a.b',
  '[',
  'bytes=0-',
  'x'.repeat(2_000),
  '%',
  '\u0001',
  '\u00ff',
];

/** Bytes of one request: well formed here and there, with something wrong with most of it. */
export function randomRequest(cookie: string, token: string): Buffer {
  const lines = [`${pick(METHODS)} ${randomTarget()} HTTP/1.${randomInt(2)}`, 'Host: localhost'];
  if (chance(0.7)) lines.push(`Cookie: ${mutated(cookie)}`);
  if (chance(0.3)) lines.push(`Authorization: Bearer ${mutated(token)}`);
  for (let count = randomInt(6); count > 0; count -= 1) lines.push(`${pick(HEADERS)}: ${pick(VALUES)}`);
  if (chance(0.9)) lines.push('Connection: close');
  const text = `${lines.join(chance(0.97) ? '\r\n' : '\n')}\r\n\r\n${chance(0.2) ? '{"a":1}' : ''}`;
  const bytes = Buffer.from(text, chance(0.5) ? 'latin1' : 'utf8');
  return chance(0.1) ? damaged(bytes) : bytes;
}

function randomTarget(): string {
  let target = pick(PATHS);
  for (let count = randomInt(4); count > 0; count -= 1) target += (chance(0.5) ? '/' : '') + pick(PIECES);
  return chance(0.1) ? `http://${pick(['localhost', 'evil.example', 'a@b'])}${target}` : target;
}

/** Good once in a while; else with letters changed, repeated or cut. */
function mutated(text: string): string {
  if (chance(0.25)) return text;
  const at = randomInt(text.length + 1);
  const change = pick([
    () => text.slice(0, at),
    () => text.slice(0, at) + pick(PIECES) + text.slice(at),
    () => `${text}; ${text.slice(0, at)}`,
    () =>
      text.slice(0, at) +
      randomBytes(3)
        .toString('latin1')
        .replace(/[\r\n]/g, 'x') +
      text.slice(at + 3),
    () => text.repeat(randomInt(1, 20)),
  ]);
  return change();
}

function damaged(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  for (let count = randomInt(1, 5); count > 0; count -= 1) copy[randomInt(copy.length)] = randomInt(256);
  return chance(0.5) ? copy : copy.subarray(0, randomInt(copy.length));
}

function pick<T>(from: readonly T[]): T {
  return from[randomInt(from.length)] as T;
}

function chance(of: number): boolean {
  return randomInt(1_000_000) < of * 1_000_000;
}
