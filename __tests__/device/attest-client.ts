import request, { type Response as Answer } from 'supertest';
import type { AttestWorld } from './attest-world.ts';
import { type DpopDevice, dpopDevice } from './dpop-device.ts';

const HOST = 'phone.example';

/** A phone with a key, and a session that is bound to it. */
export class AttestClient {
  readonly #world: AttestWorld;
  readonly device: DpopDevice;
  token: string | undefined;

  constructor(world: AttestWorld, device: DpopDevice) {
    this.#world = world;
    this.device = device;
  }

  get key(): string {
    return this.device.thumbprint;
  }

  async send(
    method: 'GET' | 'POST',
    path: string,
    options: { readonly headers?: Record<string, string>; readonly isUnproven?: boolean } = {},
  ): Promise<Answer> {
    const { token } = this;
    const asked = method === 'GET' ? request(this.#world.app).get(path) : request(this.#world.app).post(path);
    asked.set('Host', HOST).set(options.headers ?? {});
    if (token !== undefined) asked.set('Authorization', `DPoP ${token}`);
    if (options.isUnproven === true) return asked;
    const url = `http://${HOST}${path.split('?')[0]}`;
    return asked.set('DPoP', await this.device.prove({ method, url, token, iat: Math.floor(this.#world.clock.now() / 1_000) }));
  }

  async signIn(as = 'ada'): Promise<Answer> {
    this.token = undefined;
    const answer = await this.send('POST', `/phone/login?as=${as}`);
    this.token = answer.body.token as string | undefined;
    return answer;
  }

  async confirm(): Promise<void> {
    this.token = (await this.send('POST', '/phone/confirm')).body.token as string;
  }

  async challenge(): Promise<string> {
    return (await this.send('POST', '/phone/challenge')).body.challenge as string;
  }

  attest(by: string, evidence: string): Promise<Answer> {
    return this.send('POST', `/phone/attest?by=${by}`, { headers: { 'x-evidence': evidence } });
  }

  /** Has itself attested by a trusting verifier, as it should be. */
  async attestWithChallenge(): Promise<Answer> {
    return this.attest('trusting', `${await this.challenge()}.${this.key}`);
  }

  async assertPosture(): Promise<Answer> {
    return this.attest('posture', await this.#world.posture(this.key));
  }

  async trust(): Promise<string> {
    return (await this.send('GET', '/phone/me')).body.trust as string;
  }
}

/** One that has signed in. */
export async function signedIn(world: AttestWorld, device?: DpopDevice, as?: string): Promise<AttestClient> {
  const client = new AttestClient(world, device ?? (await dpopDevice()));
  const answer = await client.signIn(as);
  if (answer.status !== 200) throw new Error(`no sign-in: ${answer.status} ${answer.text}`);
  return client;
}
