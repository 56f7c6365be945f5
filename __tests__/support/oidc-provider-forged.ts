import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { allowInsecureRequests, Configuration } from 'openid-client';

const CLIENT = 'forged-client';
const CLIENT_SECRET = 'the-secret-of-a-client-that-is-forged';

/** How the token endpoint answers beside what the ID token says. */
export type Manner =
  | 'signed'
  | 'signed by another key'
  | 'signed with the client secret'
  | 'unsigned'
  | 'without an ID token'
  | 'invalid_grant'
  | 'out of order'
  | 'not JSON'
  | 'never'
  | 'hangs up';

/** A provider of which a test says what it says: also what a real one never would. */
export interface ForgedProvider {
  readonly issuer: string;
  readonly configuration: Configuration;
  /** What the next ID tokens hold; `undefined` leaves out a claim that is there otherwise. */
  claims: Readonly<Record<string, unknown>>;
  manner: Manner;
  /** How often a code was exchanged. */
  exchanges: number;
  stop(): Promise<void>;
}

export async function startForgedProvider(): Promise<ForgedProvider> {
  const [own, foreign] = [await generateKeyPair('ES256'), await generateKeyPair('ES256')];
  const jwk = { ...(await exportJWK(own.publicKey)), alg: 'ES256', use: 'sig', kid: 'own' };
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://localhost:${(server.address() as AddressInfo).port}`;
  const configuration = new Configuration(
    {
      issuer,
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      id_token_signing_alg_values_supported: ['ES256'],
      authorization_response_iss_parameter_supported: true,
    },
    CLIENT,
    CLIENT_SECRET,
  );
  allowInsecureRequests(configuration);
  const forged: ForgedProvider = { issuer, configuration, claims: {}, manner: 'signed', exchanges: 0, stop };

  server.on('request', (req, res) => {
    if (req.url === '/jwks') return json(res, 200, { keys: [jwk] });
    forged.exchanges += 1;
    token(forged.manner, res).catch(() => res.destroy());
  });
  return forged;

  async function token(manner: Manner, res: ServerResponse): Promise<void> {
    if (manner === 'never') return;
    if (manner === 'hangs up') return void res.destroy();
    if (manner === 'invalid_grant') return json(res, 400, { error: 'invalid_grant', error_description: '<script>alert(1)</script>' });
    if (manner === 'out of order') return void res.writeHead(503).end('<script>alert(1)</script>');
    if (manner === 'not JSON') return void res.writeHead(200, { 'content-type': 'application/json' }).end('<script>');
    const idToken = manner === 'without an ID token' ? {} : { id_token: await signed(manner) };
    json(res, 200, { access_token: 'of-no-use', token_type: 'Bearer', ...idToken });
  }

  function signed(manner: Manner): Promise<string> | string {
    const now = Math.floor(Date.now() / 1_000);
    const payload = { iss: issuer, aud: CLIENT, sub: 'u1', iat: now, exp: now + 60, ...forged.claims } as JWTPayload;
    if (manner === 'unsigned') return new UnsecuredJWT(payload).encode();
    const secret = new TextEncoder().encode(CLIENT_SECRET);
    if (manner === 'signed with the client secret') return new SignJWT(payload).setProtectedHeader({ alg: 'HS256' }).sign(secret);
    const { privateKey } = manner === 'signed by another key' ? foreign : own;
    return new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid: 'own' }).sign(privateKey);
  }

  async function stop(): Promise<void> {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }
}

function json(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
