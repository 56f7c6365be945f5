import { SignJWT } from 'jose';
import { type DpopDevice, dpopDevice } from '../device/dpop-device.ts';
import type { Authority } from '../device/mtls-certificates.ts';
import { browserKey, registrationProof } from '../device/software-browser.ts';
import { type Answer, DeviceClient, type Headers } from './devices-client.ts';
import type { DeviceRow } from './devices-rows.ts';
import { SECRET } from './site.ts';

/** Whose access tokens are for what, where a server takes tokens of others. */
export const ISSUER = 'https://issuer.example';
export const AUDIENCE = 'https://api.example';

/** The device that somebody uses: keys, and what it sends with every request. */
interface Device {
  readonly client: DeviceClient;
  readonly dpop: DpopDevice | undefined;
  readonly headers: Headers;
}

/** A person who uses the server of a row, with a device and a connection of their own. */
export class DeviceVisitor {
  readonly #row: DeviceRow;
  readonly #who: string;
  readonly #device: Device;
  readonly #cookies = new Map<string, string>();

  constructor(row: DeviceRow, who: string, device: Device) {
    this.#row = row;
    this.#who = who;
    this.#device = device;
  }

  /** Signs in, and gives the headers of as many requests, each with a proof of its own. */
  async prepare(count: number): Promise<readonly Headers[]> {
    const token = await this.#signIn();
    return Promise.all(Array.from({ length: count }, () => this.#headersFor('GET', this.#row.page, token)));
  }

  /** Asks for the page of the row once for each. */
  async sendAll(requests: readonly Headers[]): Promise<void> {
    for (const headers of requests) await this.#device.client.send('GET', this.#row.page, headers);
  }

  close(): void {
    this.#device.client.close();
  }

  async #signIn(): Promise<string | undefined> {
    const { server, client, proof } = this.#row;
    if (client === 'anybody') return undefined;
    if (server === 'express-oauth2-jwt-bearer') return accessToken(this.#device.dpop);
    const signedIn = await this.#post(`${client === 'cookie' ? '/web' : '/phone'}/login?who=${this.#who}`);
    if (proof === 'bound-cookie') await this.#register(signedIn);
    if (proof === 'device-cookie' && !this.#cookies.has('__Host-web.device')) await this.#post('/web/devices');
    return (signedIn.body as { token?: string }).token;
  }

  /** As a browser does that knows Device Bound Session Credentials. */
  async #register({ headers }: Answer): Promise<void> {
    const challenge = /challenge="([^"]+)"/.exec(String(headers['secure-session-registration']))?.[1] ?? '';
    const proof = await registrationProof(await browserKey(), challenge);
    await this.#post('/web/device/dbsc/register', { 'secure-session-response': proof });
  }

  async #post(path: string, more: Headers = {}): Promise<Answer> {
    const headers = await this.#headersFor('POST', path, undefined);
    const answer = await this.#device.client.send('POST', path, { ...headers, ...more });
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.#cookies.set(name, value);
    }
    return answer;
  }

  async #headersFor(method: string, path: string, token: string | undefined): Promise<Headers> {
    const { client, dpop, headers } = this.#device;
    const url = `${client.origin}${path.split('?')[0]}`;
    const proof = await dpop?.prove({ method, url, token, iat: Math.floor(Date.now() / 1_000) });
    const cookie = [...this.#cookies].map((pair) => pair.join('=')).join('; ');
    return {
      ...headers,
      ...(cookie === '' ? {} : { cookie }),
      ...(token === undefined ? {} : { authorization: `${proof === undefined ? 'Bearer' : 'DPoP'} ${token}` }),
      ...(proof === undefined ? {} : { dpop: proof }),
    };
  }
}

/** `authority`: whom the server believes about its clients, and they about it. */
export async function newVisitor(row: DeviceRow, origin: string, number: number, authority: Authority): Promise<DeviceVisitor> {
  const { key, cert, header } = authority.issue(`visitor ${number}`);
  const client = new DeviceClient(origin, { ca: authority.cert, ...(row.proof === 'certificate' ? { key, cert } : {}) });
  const byProxy = { 'x-forwarded-proto': 'https', ...(row.proof === 'client-cert' ? { 'client-cert': header } : {}) };
  const dpop = row.alg === undefined ? undefined : await dpopDevice(row.alg);
  const who = encodeURIComponent(`visitor ${number} of ${row.name}`);
  return new DeviceVisitor(row, who, { client, dpop, headers: row.client === 'cookie' ? byProxy : {} });
}

function accessToken(device: DpopDevice | undefined): Promise<string> {
  const claims = device === undefined ? {} : { cnf: { jkt: device.thumbprint } };
  const token = new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).setSubject('u-1').setIssuedAt().setExpirationTime('1h');
  return token.setIssuer(ISSUER).setAudience(AUDIENCE).sign(new TextEncoder().encode(SECRET));
}
