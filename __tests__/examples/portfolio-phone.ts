import { CompactSign } from 'jose';
import request, { type Response } from 'supertest';
import type { OfflineLease } from '../../lib/index.ts';
import { type DpopDevice, dpopDevice } from '../device/dpop-device.ts';
import type { World } from './portfolio-world.ts';

const HOST = 'demo.test';

/** What the page of the phone does, without the page. */
export class Phone {
  readonly #world: World;
  readonly #device: DpopDevice;
  token: string | undefined;

  constructor(world: World, device: DpopDevice) {
    this.#world = world;
    this.#device = device;
  }

  static async signedIn(world: World): Promise<Phone> {
    const phone = new Phone(world, await dpopDevice());
    await phone.signIn();
    return phone;
  }

  async signIn(): Promise<void> {
    this.token = undefined;
    await this.takeToken('/phone/login', { person: 'ada' });
  }

  /** The token of the answer, from then on. */
  async takeToken(path: string, body: object = {}): Promise<Response> {
    const answer = await this.call('POST', path, body);
    if (answer.status === 200) this.token = answer.body.token as string;
    return answer;
  }

  async call(method: 'GET' | 'POST', path: string, body?: object): Promise<Response> {
    return this.send(method, path, await this.headers(method, path), body);
  }

  /** What a request is sent with. */
  async headers(method: string, path: string): Promise<Record<string, string>> {
    const url = `http://${HOST}${path.replace(/\?.*/, '')}`;
    const proof = await this.#device.prove({ method, url, token: this.token, iat: Math.floor(this.#world.now() / 1_000) });
    return { DPoP: proof, ...(this.token === undefined ? {} : { Authorization: `DPoP ${this.token}` }) };
  }

  /** A request with just these headers, as a thief sends it. */
  async send(method: 'GET' | 'POST', path: string, headers: Readonly<Record<string, string>>, body?: object): Promise<Response> {
    const test = method === 'GET' ? request(this.#world.app).get(path) : request(this.#world.app).post(path).send(body);
    return test.set({ Host: HOST, Accept: 'application/json', ...headers });
  }

  async lease(): Promise<OfflineLease> {
    return (await this.call('POST', '/phone/offline/lease')).body as OfflineLease;
  }

  /** Brings back so many visits that were done under a lease. */
  async bringBack({ lease, id, issuedAt }: OfflineLease, count: number): Promise<Response> {
    const { jwk, privateKey } = this.#device;
    const visit = (seq: number): Promise<string> => {
      const payload = { lease: id, seq, at: issuedAt + seq, scope: 'visits:write', action: { visit: seq + 1 } };
      const bytes = new TextEncoder().encode(JSON.stringify(payload));
      return new CompactSign(bytes).setProtectedHeader({ typ: 'offline-action+jwt', alg: 'ES256', jwk }).sign(privateKey);
    };
    const actions = await Promise.all(Array.from({ length: count }, (_one, seq) => visit(seq)));
    return this.call('POST', '/phone/offline/return', { lease, actions });
  }
}
