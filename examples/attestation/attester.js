import { exportJWK, generateKeyPair, SignJWT } from 'jose';

export const ISSUER = 'https://attester.example.com';

/** The backend of the app: it looks at what the platform says of an installation, and vouches for its key. */
export async function newAttester() {
  const { privateKey, publicKey } = await generateKeyPair('ES256');

  // A stand-in for the look at App Attest or Play Integrity: here, everybody is a genuine installation.
  function attest(jwk) {
    const claims = { iss: ISSUER, sub: 'phone-app', cnf: { jwk } };
    const header = { alg: 'ES256', typ: 'oauth-client-attestation+jwt' };
    return new SignJWT(claims).setProtectedHeader(header).setIssuedAt().setExpirationTime('12h').sign(privateKey);
  }

  return { attest, jwks: { keys: [await exportJWK(publicKey)] } };
}
