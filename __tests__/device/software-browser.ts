import type { Express } from 'express';
import { type CryptoKey, CompactSign, exportJWK, generateKeyPair, type JWK, type CompactJWSHeaderParameters } from 'jose';
import request, { type Response } from 'supertest';

/** A key as a browser makes it for one session. */
export interface BrowserKey {
  readonly algorithm: 'ES256' | 'RS256';
  readonly jwk: JWK;
  readonly privateKey: CryptoKey;
}

export async function browserKey(algorithm: BrowserKey['algorithm'] = 'ES256'): Promise<BrowserKey> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
  return { algorithm, jwk: await exportJWK(publicKey), privateKey };
}

/** What a proof is to have another way than a real browser's. */
export interface ProofOptions {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly payload?: unknown;
}

/** A JWT for a challenge, as browsers make it to register a key. */
export function registrationProof(key: BrowserKey, challenge: string, options: ProofOptions = {}): Promise<string> {
  return signed(key, { alg: key.algorithm, typ: 'dbsc+jwt', jwk: key.jwk, ...options.header }, options.payload ?? { jti: challenge });
}

/** The same to prove the key again: without the key. */
export function refreshProof(key: BrowserKey, challenge: string, options: ProofOptions = {}): Promise<string> {
  return signed(key, { alg: key.algorithm, typ: 'dbsc+jwt', ...options.header }, options.payload ?? { jti: challenge });
}

function signed({ privateKey }: BrowserKey, header: Readonly<Record<string, unknown>>, payload: unknown): Promise<string> {
  const bytes = new TextEncoder().encode(typeof payload === 'string' ? payload : JSON.stringify(payload));
  return new CompactSign(bytes).setProtectedHeader(header as CompactJWSHeaderParameters).sign(privateKey);
}

/** What an answer asks a browser to sign. */
export function challengeOf(answer: Response): string | undefined {
  const header = answer.headers['secure-session-challenge'] ?? answer.headers['secure-session-registration'];
  return /challenge="([^"]+)"/.exec(header ?? '')?.[1] ?? /^"([^"]+)"/.exec(header ?? '')?.[1];
}

const PAGE = { Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Site': 'same-origin' };

/** A browser as far as the wire shows one: it keeps cookies, and makes and proves keys when it is told to. */
export class SoftwareBrowser {
  readonly cookies: Map<string, string> = new Map();
  readonly #app: Express;
  readonly #at: string;
  key: BrowserKey | undefined;
  identifier = '';
  challenge = '';

  constructor(app: Express, at = '/vault') {
    this.#app = app;
    this.#at = at;
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return this.#send('get', path, headers);
  }

  /** Loads a page. */
  visit(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return this.#send('get', path, { ...PAGE, ...headers });
  }

  /** Sends a form. */
  submit(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return this.#send('post', path, { ...PAGE, ...headers });
  }

  post(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return this.#send('post', path, headers);
  }

  async signIn(who = 'ada'): Promise<Response> {
    const answer = await this.post(`/login?who=${who}`);
    this.challenge = challengeOf(answer) ?? '';
    return answer;
  }

  /** Registers a key as the last sign-in, or demand, has asked for. */
  async register(proof?: string): Promise<Response> {
    this.key ??= await browserKey();
    const jwt = proof ?? (await registrationProof(this.key, this.challenge));
    return this.#learn(await this.post('/device/dbsc/register', { 'Secure-Session-Response': jwt }));
  }

  /** Proves the key again with the challenge that is at hand. */
  async refresh(options: { readonly proof?: string; readonly headers?: Readonly<Record<string, string>> } = {}): Promise<Response> {
    const proof = options.proof ?? (await refreshProof(this.key as BrowserKey, this.challenge));
    const headers = { 'Sec-Secure-Session-Id': this.identifier, 'Secure-Session-Response': proof, ...options.headers };
    return this.#learn(await this.post('/device/dbsc/refresh', headers));
  }

  /** Asks for a challenge first. */
  async askRefresh(headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return this.#learn(await this.post('/device/dbsc/refresh', { 'Sec-Secure-Session-Id': this.identifier, ...headers }));
  }

  async boundFromSignIn(who = 'ada'): Promise<this> {
    await this.signIn(who);
    await this.register();
    return this;
  }

  #learn(answer: Response): Response {
    this.challenge = challengeOf(answer) ?? this.challenge;
    this.identifier = (answer.body as { session_identifier?: string })?.session_identifier ?? this.identifier;
    return answer;
  }

  async #send(method: 'get' | 'post', path: string, headers: Readonly<Record<string, string>>): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const call = request(this.#app)
      [method](this.#at + path)
      .set('X-Forwarded-Proto', 'https');
    const answer = await (cookie === '' ? call : call.set('Cookie', cookie)).set(headers).redirects(0);
    for (const line of (answer.headers['set-cookie'] ?? []) as unknown as string[]) this.#keep(line);
    return answer;
  }

  #keep(line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (value === '' || /Max-Age=0|1970/.test(line)) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}

/** The one line that sets a cookie. */
export function cookieLine(answer: Response, name: string): string {
  const lines = (answer.headers['set-cookie'] ?? []) as unknown as readonly string[];
  const [line, ...more] = lines.filter((one) => one.startsWith(`${name}=`));
  if (line === undefined || more.length > 0) throw new Error(`${name} is set ${line === undefined ? 'not at all' : 'more than once'}`);
  return line;
}
