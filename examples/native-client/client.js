// A native application, played by a script: it signs in, works, and shows what a thief of its token can do. It starts the server by itself.
//
//   npm run build && node examples/native-client/client.js
import { createHash, randomUUID } from 'node:crypto';
import { exportJWK, SignJWT } from 'jose';
import { start } from './server.js';

/** A key that nobody can take out of this process, not even this script. A phone has it in its Secure Enclave or StrongBox. */
export async function newDevice() {
  const { privateKey, publicKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
  return { privateKey, jwk: await exportJWK(publicKey) };
}

/** The proof for one request: for this method and address, with this token, now, and never again (RFC 9449 section 4.2). */
export function prove({ privateKey, jwk }, { method, url, token, nonce }) {
  const ath = token && createHash('sha256').update(token).digest('base64url');
  const claims = { jti: randomUUID(), htm: method, htu: url, nonce, ath };
  return new SignJWT(claims).setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk }).setIssuedAt().sign(privateKey);
}

/** A client of the server at an address. It keeps its token and the server's newest nonce. */
export function newClient(origin, device) {
  let token;
  let nonce;

  async function send(method, path, body) {
    const url = origin + path;
    const headers = { DPoP: await prove(device, { method, url, token, nonce }) };
    if (token !== undefined) headers.Authorization = `DPoP ${token}`;
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    const answer = await fetch(url, { method, headers, body: JSON.stringify(body) });
    nonce = answer.headers.get('DPoP-Nonce') ?? nonce;
    return answer;
  }

  /** Sends it again, once, if only the nonce was missing or old. */
  async function call(method, path, body) {
    const answer = await send(method, path, body);
    const isNonceWanted = answer.status === 401 && /error="use_dpop_nonce"/.test(answer.headers.get('WWW-Authenticate'));
    return isNonceWanted ? send(method, path, body) : answer;
  }

  async function takeToken(path) {
    const answer = await call('POST', path);
    const body = await answer.json();
    if (answer.ok) ({ token } = body);
    return body;
  }

  return { call, signIn: () => takeToken('/login'), renew: () => takeToken('/token'), stolenToken: () => token, stolenNonce: () => nonce };
}

async function work(client, log) {
  const { tokenType } = await client.signIn();
  log(`signed in: the token is of the type ${tokenType}`);
  log(`account: ${await (await client.call('GET', '/account')).text()}`);
}

/** What somebody can do who has the token, and everything that went over the wire, but not the key. */
async function steal(origin, client, log) {
  const url = `${origin}/account`;
  const token = client.stolenToken();
  const ask = async (what, headers) => {
    const answer = await fetch(url, { headers });
    log(`${what}: ${answer.status} ${(await answer.json()).reason ?? 'let through'}`);
  };
  await ask('the token alone', { Authorization: `Bearer ${token}` });
  const target = { method: 'GET', url, token, nonce: client.stolenNonce() };
  await ask('the token with a key of the thief', { Authorization: `DPoP ${token}`, DPoP: await prove(await newDevice(), target) });
}

async function renew(client, log) {
  const before = client.stolenToken();
  await client.renew();
  log(`renewed: ${client.stolenToken() === before ? 'the same token' : 'another token, for the same session'}`);
  log(`account: ${(await client.call('GET', '/account')).status}`);
}

export async function run({ url, log = console.log }) {
  const client = newClient(url, await newDevice());
  await work(client, log);
  await steal(url, client, log);
  await renew(client, log);
  await client.call('POST', '/logout');
  log(`signed out: ${(await (await client.call('GET', '/account')).json()).reason}`);
}

if (import.meta.filename === process.argv[1]) {
  const server = await start({ port: 0 });
  await run(server);
  await server.close();
}
