import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';

export const ISSUER = 'https://mdm.example.com';
export const AUDIENCE = 'https://records.example.com';

/** A device manager: it looks at the devices that it manages, and says which are compliant. */
export async function newManager() {
  const { privateKey, publicKey } = await generateKeyPair('ES256');

  /** What it says of the device with a key, for ten minutes. */
  async function assertCompliance(jwk) {
    const claims = { iss: ISSUER, aud: AUDIENCE, compliant: true, cnf: { jkt: await calculateJwkThumbprint(jwk) } };
    const header = { alg: 'ES256', typ: 'device-posture+jwt' };
    return new SignJWT(claims).setProtectedHeader(header).setIssuedAt().setExpirationTime('10m').sign(privateKey);
  }

  return { assertCompliance, jwks: { keys: [await exportJWK(publicKey)] } };
}
