/** One line of the benchmark of proofs of devices: who is asked, and what the client sends. Rows with the same server share its process. */
export interface DeviceRow {
  readonly name: string;
  /** `own-tls`: ours, with TLS that ends there and asks for certificates. */
  readonly server: 'bare-express' | 'own' | 'own-tls' | 'express-oauth2-jwt-bearer';
  /** Where this client is let in only with this proof. */
  readonly page: string;
  /** What shows who asks. Cookies come by a proxy in front, at which TLS ends. */
  readonly client: 'anybody' | 'token' | 'cookie';
  readonly proof?: 'dpop' | 'bound-cookie' | 'device-cookie' | 'certificate' | 'client-cert';
  /** Of the key that signs proofs of DPoP. */
  readonly alg?: 'ES256' | 'EdDSA' | 'RS256';
  /** The row that does the same without the proof. */
  readonly against?: string;
}

const phone = { server: 'own', client: 'token' } as const;
const dpop = { ...phone, page: '/phone/bound', proof: 'dpop', against: 'token' } as const;
const web = { server: 'own', client: 'cookie' } as const;
const tls = { server: 'own-tls', client: 'token' } as const;
const jwt = { server: 'express-oauth2-jwt-bearer', client: 'token' } as const;

/** All rows, in the order in which they are printed. */
export const DEVICE_ROWS: readonly DeviceRow[] = [
  { name: 'bare Express', server: 'bare-express', client: 'anybody', page: '/account' },
  { ...phone, name: 'token', page: '/phone/account' },
  { ...dpop, name: 'DPoP, ES256', alg: 'ES256' },
  { ...dpop, name: 'DPoP, EdDSA', alg: 'EdDSA' },
  { ...dpop, name: 'DPoP, RS256', alg: 'RS256' },
  { ...web, name: 'cookie', page: '/web/account' },
  { ...web, name: 'bound cookie (DBSC)', page: '/web/bound', proof: 'bound-cookie', against: 'cookie' },
  { ...web, name: 'device cookie (known)', page: '/web/known', proof: 'device-cookie', against: 'cookie' },
  { ...web, name: 'Client-Cert of a proxy', page: '/web/bound', proof: 'client-cert', against: 'cookie' },
  { ...tls, name: 'token over TLS', page: '/phone/account' },
  { ...tls, name: 'client certificate over TLS', page: '/phone/bound', proof: 'certificate', against: 'token over TLS' },
  { ...jwt, name: 'express-oauth2-jwt-bearer: JWT', page: '/account' },
  {
    ...jwt,
    name: 'express-oauth2-jwt-bearer: DPoP, ES256',
    page: '/bound',
    proof: 'dpop',
    alg: 'ES256',
    against: 'express-oauth2-jwt-bearer: JWT',
  },
];
