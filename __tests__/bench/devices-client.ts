import { once } from 'node:events';
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, type AgentOptions, request as httpsRequest } from 'node:https';
import { finished } from 'node:stream/promises';

/** The headers of one request. */
export type Headers = Readonly<Record<string, string>>;

export interface Answer {
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

/** Somebody with one connection to a server, which stays open. */
export class DeviceClient {
  readonly origin: string;
  readonly #agent: HttpAgent;
  readonly #request: typeof httpRequest;

  /** `tls`: a certificate of the client's own, and whom it believes. */
  constructor(origin: string, tls: AgentOptions) {
    const isEncrypted = origin.startsWith('https:');
    this.origin = origin;
    this.#request = isEncrypted ? httpsRequest : httpRequest;
    this.#agent = isEncrypted
      ? new HttpsAgent({ keepAlive: true, maxSockets: 1, servername: 'localhost', ...tls })
      : new HttpAgent({ keepAlive: true, maxSockets: 1 });
  }

  /** @throws {Error} for every answer other than 200, with what it says. */
  async send(method: string, path: string, headers: Headers): Promise<Answer> {
    const asked = this.#request(this.origin + path, { method, headers, agent: this.#agent });
    asked.end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    let text = '';
    answer.setEncoding('utf8').on('data', (part: string) => (text += part));
    await finished(answer);
    if (answer.statusCode !== 200) throw new Error(`${method} ${path} was answered with ${answer.statusCode}: ${text.slice(0, 500)}`);
    return { headers: answer.headers, body: JSON.parse(text) as unknown };
  }

  close(): void {
    this.#agent.destroy();
  }
}
