import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { prove } from '../native-client/client.js';

/** A phone with a key, as in ../native-client, that can send headers of its own. */
export function newPhone(origin, device) {
  let token;

  async function call(method, path, { headers, body } = {}) {
    const url = origin + path;
    const proof = await prove(device, { method, url, token });
    const authorization = token && { Authorization: `DPoP ${token}` };
    const json = body && { 'Content-Type': 'application/json' };
    return fetch(url, { method, headers: { DPoP: proof, ...authorization, ...json, ...headers }, body: JSON.stringify(body) });
  }

  async function signIn() {
    ({ token } = await (await call('POST', '/login')).json());
  }

  return { call, signIn, device };
}

/** Proves, with the challenge of the session, that the phone holds the key that it was attested for. */
export function proveInstance({ device }, { audience, challenge }) {
  const claims = { aud: audience, jti: randomUUID(), challenge };
  const header = { alg: 'ES256', typ: 'oauth-client-attestation-pop+jwt' };
  return new SignJWT(claims).setProtectedHeader(header).setIssuedAt().sign(device.privateKey);
}
