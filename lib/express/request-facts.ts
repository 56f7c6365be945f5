import type { IncomingMessage } from 'node:http';
import type { Facts, RequestFacts, SessionFacts } from '../policy/facts.ts';
import type { EndReason } from '../policy/reason.ts';
import { actionDigest } from './interruption/action.ts';
import { type Trust, clientIp } from './trusted-proxies.ts';

const OVERRIDE_HEADERS = ['x-http-method-override', 'x-http-method', 'x-method-override'] as const;
const OVERRIDE_FIELD = '_method';
const METHOD = /^[A-Za-z-]{1,20}$/;
const NONE: readonly string[] = [];

/** The facts of one request. What is dear to find out is found out when a rule asks for it, once for all rules that ask. */
export class GatheredFacts implements Facts, RequestFacts {
  readonly request: RequestFacts = this;
  session: SessionFacts | undefined;
  ended: EndReason | undefined;
  /** What the proofs of the request are worth; set with the session. */
  device: Facts['device'];
  /** Found out by the guards that ask for one. */
  approvals: Facts['approvals'];
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly #req: IncomingMessage;
  /** Which hops may speak for the client. */
  readonly trust: Trust;
  #action: string | undefined;
  #ip: string | undefined;
  #overrides: readonly string[] | undefined;

  constructor(req: IncomingMessage, host: string, trust: Trust) {
    const target = (req as { originalUrl?: string }).originalUrl ?? req.url ?? '/';
    const query = target.indexOf('?');
    this.method = req.method ?? 'GET';
    this.host = host;
    this.path = query === -1 ? target : target.slice(0, query);
    this.#req = req;
    this.trust = trust;
  }

  get ip(): string | undefined {
    return (this.#ip ??= clientIp(this.#req, this.trust));
  }

  get action(): string {
    return (this.#action ??= actionDigest(this.method, this.path));
  }

  /** The request has got the body of one that was kept: what it says of the method counts. */
  forgetBody(): void {
    this.#overrides = undefined;
  }

  get overrideMethod(): string | undefined {
    return this.overrideMethods[0];
  }

  /**
   * Every method that the request asks to be taken for. Only a POST can be turned into another method, by a header, parameter or
   * form field that method-override and others read; which of several they take differs.
   */
  get overrideMethods(): readonly string[] {
    return (this.#overrides ??= this.method === 'POST' ? this.#askedFor() : NONE);
  }

  #askedFor(): readonly string[] {
    const asked = [...OVERRIDE_HEADERS.map((name) => this.#req.headers[name]), ...parameters(this.#req.url), formField(this.#req)];
    const words = asked.flatMap((value) => (typeof value === 'string' ? value.split(',') : [])).map((word) => word.trim());
    return [...new Set(words.filter((word) => METHOD.test(word)).map((word) => word.toUpperCase()))];
  }
}

function parameters(url: string | undefined): readonly string[] {
  const query = url?.indexOf('?') ?? -1;
  return query === -1 ? NONE : new URLSearchParams(url?.slice(query)).getAll(OVERRIDE_FIELD);
}

/** A form that was read before us is known; one that is read later is its reader's to guard. */
function formField(req: IncomingMessage & { readonly body?: unknown }): string | undefined {
  const { body } = req;
  const field = body !== null && typeof body === 'object' ? (body as Readonly<Record<string, unknown>>)[OVERRIDE_FIELD] : undefined;
  return Array.isArray(field) ? field.join(',') : typeof field === 'string' ? field : undefined;
}
