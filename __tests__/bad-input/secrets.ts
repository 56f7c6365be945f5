import { hash } from 'node:crypto';

/** Whatever of a session cookie must not be found anywhere but in the cookie. */
export function secretsOf(cookie: string, secret: string): readonly string[] {
  const encoded = cookie.slice(cookie.indexOf('=') + 1);
  const signed = decodeURIComponent(encoded).slice('s:'.length);
  const id = signed.slice(0, signed.lastIndexOf('.'));
  const [, random = ''] = id.split('.');
  const signature = signed.slice(signed.lastIndexOf('.') + 1);
  return [encoded, signed, id, random, signature, encodeURIComponent(signature), hash('sha256', id, 'base64url'), secret];
}

/** Looks for them in everything that was written or sent. */
export function expectNoSecrets(secrets: readonly string[], ...written: readonly unknown[]): void {
  const text = written.map((one) => (typeof one === 'string' ? one : (JSON.stringify(one) ?? ''))).join('\n');
  const at = secrets.findIndex((secret) => secret.length > 8 && text.includes(secret));
  if (at !== -1) throw new Error(`secret number ${at} was found in what was written`);
}
