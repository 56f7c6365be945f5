import type { ServerResponse } from 'node:http';

type Method = 'writeHead' | 'write' | 'end' | 'flushHeaders';
type AnyMethod = (this: ServerResponse, ...args: unknown[]) => unknown;

/** A call that waits: what to call once the answer may leave. */
interface HeldCall {
  readonly method: Method;
  readonly base: AnyMethod;
  readonly args: unknown[];
}

const METHODS: readonly Method[] = ['writeHead', 'write', 'end', 'flushHeaders'];

/** What has to happen before an answer may leave. `undefined` where nothing has to be waited for. */
export type BeforeHeaders = () => Promise<void> | undefined;

/** What storing a session adds to an answer that is already complete; everything else stays as the handler left it. */
const ADDED: ReadonlySet<string> = new Set([
  'set-cookie',
  'clear-site-data',
  'cache-control',
  'cross-origin-opener-policy',
  'session-device',
]);

const intercepted = new WeakSet<object>();

/**
 * Lets a gate stand before the methods that send an answer. Done once, on the prototype that all responses of an Express app
 * have: a property of its own on every response would cost each request more than the gate itself.
 */
export function interceptResponses(prototype: object, gateOf: (res: ServerResponse) => ResponseGate | undefined): void {
  if (intercepted.has(prototype)) return;
  intercepted.add(prototype);
  for (const method of METHODS) intercept(prototype, method, gateOf);
}

function intercept(target: object, method: Method, gateOf: (res: ServerResponse) => ResponseGate | undefined): void {
  const methods = target as Record<Method, AnyMethod>;
  const base = methods[method];
  methods[method] = function sendWhenStored(this: ServerResponse, ...args: unknown[]): unknown {
    const gate = gateOf(this);
    return gate === undefined ? base.apply(this, args) : gate.called(method, base, args);
  };
}

/**
 * Holds an answer back until the session is stored. What the handler wrote meanwhile is kept and sent as it was; if storing
 * fails, none of it is sent and `onFailure` answers instead.
 */
export class ResponseGate {
  readonly #res: ServerResponse;
  readonly #before: BeforeHeaders;
  readonly #onFailure: (error: unknown) => void;
  #state: 'closed' | 'holding' | 'open' = 'closed';
  #held: HeldCall[] = [];

  constructor(res: ServerResponse, before: BeforeHeaders, onFailure: (error: unknown) => void) {
    this.#res = res;
    this.#before = before;
    this.#onFailure = onFailure;
    // Middleware before us that wrapped a method may have done so before the prototype was ours.
    for (const method of METHODS) if (Object.hasOwn(res, method)) intercept(res, method, () => this);
  }

  /** Called in the place of a method of the response; `base` is that method. */
  called(method: Method, base: AnyMethod, args: unknown[]): unknown {
    const passed = method === 'writeHead' && this.#state === 'closed' ? takeHeaders(this.#res, args) : args;
    if (this.#state === 'closed') this.#start();
    if (this.#state === 'open') return base.apply(this.#res, passed);
    if (this.#takes(method)) this.#held.push({ method, base, args: passed });
    return method === 'write' ? false : this.#res;
  }

  /** The headers of an answer are written once, and nothing follows its end. */
  #takes(method: Method): boolean {
    return !this.#held.some((call) => call.method === 'end' || (method === 'writeHead' && call.method === 'writeHead'));
  }

  #start(): void {
    let work: Promise<void> | undefined;
    try {
      work = this.#before();
    } catch (error) {
      work = Promise.reject(error);
    }
    if (work === undefined) return this.#open();
    this.#state = 'holding';
    // To whoever would answer in its place, an error handler for one, the answer is on its way.
    Object.defineProperty(this.#res, 'headersSent', { configurable: true, value: true });
    const answer = snapshot(this.#res);
    work.then(
      () => this.#release(answer),
      (error: unknown) => this.#fail(error),
    );
  }

  #open(): void {
    if (this.#state === 'holding') Reflect.deleteProperty(this.#res, 'headersSent');
    this.#state = 'open';
  }

  #release(answer: Snapshot): void {
    restore(this.#res, answer);
    this.#open();
    const held = this.#held;
    this.#held = [];
    let drained = true;
    for (const { method, base, args } of held) {
      const result = base.apply(this.#res, args);
      if (method === 'write') drained = result !== false;
    }
    const goesOn = held.some(({ method }) => method === 'write') && held.at(-1)?.method !== 'end';
    if (goesOn && drained) this.#res.emit('drain');
  }

  #fail(error: unknown): void {
    this.#held = [];
    this.#open();
    if (this.#res.destroyed) return;
    for (const name of this.#res.getHeaderNames()) this.#res.removeHeader(name);
    this.#res.statusMessage = '';
    this.#onFailure(error);
  }
}

/** Headers given to `writeHead` would replace a session cookie set on the answer; set beforehand, both are sent. So is the status. */
function takeHeaders(res: ServerResponse, args: unknown[]): unknown[] {
  if (typeof args[0] === 'number') res.statusCode = args[0];
  const headers = args.at(-1);
  if (args.length < 2 || headers === null || typeof headers !== 'object') return args;
  const pairs: readonly (readonly [unknown, unknown])[] = Array.isArray(headers) ? pairsOf(headers as unknown[]) : Object.entries(headers);
  for (const [name, value] of pairs) {
    if (value === undefined) continue;
    if (String(name).toLowerCase() === 'set-cookie') res.appendHeader('Set-Cookie', value as string | string[]);
    else res.setHeader(String(name), value as string | string[]);
  }
  return args.slice(0, -1);
}

/** Node takes `[[name, value], …]` and `[name, value, …]`. */
function pairsOf(list: readonly unknown[]): readonly (readonly [unknown, unknown])[] {
  if (Array.isArray(list[0])) return list as readonly [unknown, unknown][];
  return list.flatMap((name, index) => (index % 2 === 0 ? [[name, list[index + 1]] as const] : []));
}

interface Snapshot {
  readonly statusCode: number;
  readonly statusMessage: string;
  readonly headers: ReturnType<ServerResponse['getHeaders']>;
}

function snapshot(res: ServerResponse): Snapshot {
  return { statusCode: res.statusCode, statusMessage: res.statusMessage, headers: { ...res.getHeaders() } };
}

/** What an error handler changed after the answer was complete must not get into it. */
function restore(res: ServerResponse, answer: Snapshot): void {
  res.statusCode = answer.statusCode;
  if (answer.statusMessage !== undefined) res.statusMessage = answer.statusMessage;
  for (const name of res.getHeaderNames()) {
    if (!ADDED.has(name) && !(name in answer.headers)) res.removeHeader(name);
  }
  for (const [name, value] of Object.entries(answer.headers)) {
    if (!ADDED.has(name) && value !== undefined && res.getHeader(name) !== value) res.setHeader(name, value);
  }
}
