const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' };
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' };

/** Whether the browser makes keys here: it does so at secure addresses only. */
export const hasKeys = globalThis.crypto?.subtle !== undefined;

/** A key that nobody can take out of the browser, this script neither. */
export async function newKey() {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(ALGORITHM, false, ['sign']);
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey);
  return { privateKey, jwk: { kty, crv, x, y } };
}

/** The proof for one request: for this method and address, with this token, now, and never again (RFC 9449 section 4.2). */
export async function prove(key, { method, url, token }) {
  const { origin, pathname } = new URL(url, location.href);
  const ath = token === undefined ? {} : { ath: encoded(await crypto.subtle.digest('SHA-256', bytes(token))) };
  const claims = { jti: crypto.randomUUID(), htm: method, htu: origin + pathname, iat: Math.floor(Date.now() / 1_000), ...ath };
  return sign(key, 'dpop+jwt', claims);
}

/** Something as the key signs it: a JWS whose header names the key. */
export async function sign({ privateKey, jwk }, typ, claims) {
  const signed = [{ typ, alg: 'ES256', jwk }, claims].map((part) => encoded(bytes(JSON.stringify(part)))).join('.');
  return `${signed}.${encoded(await crypto.subtle.sign(SIGNATURE, privateKey, bytes(signed)))}`;
}

function bytes(text) {
  return new TextEncoder().encode(text);
}

/** Base64url, as JOSE has it. */
function encoded(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}
