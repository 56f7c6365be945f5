import { hash } from 'node:crypto';
import { compactVerify, decodeProtectedHeader, type ProtectedHeaderParameters } from 'jose';
import type { SignedAction } from '../policy/offline-queue.ts';
import type { ActionReason } from '../policy/offline-reason.ts';
import { DpopKeys, isDpopAlgorithm } from './dpop-key.ts';

/** An action that the key of a lease has signed, with what it is. */
export interface OfflineAction extends SignedAction {
  /** Any JSON value, for the application. */
  readonly action: unknown;
}

/** What is signed: the claims of a JWT (RFC 7519), of which the standard ones say nothing here. */
interface Payload {
  readonly lease: string;
  readonly seq: number;
  readonly at: number;
  readonly scope: string;
  readonly action: unknown;
}

const TYPE = 'offline-action+jwt';
const FORM = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const LONGEST = 16_384;
const LONGEST_SCOPE = 100;
const DIGEST_CHARACTERS = 22;

/** Reads what a device signed while it was offline, for one lease. */
export class OfflineActionReader {
  readonly #lease: string;
  readonly #thumbprint: string;
  /** The device's key is made once, not for each of a thousand actions. */
  readonly #keys = new DpopKeys();

  /**
   * @param lease Its `jti`.
   * @param thumbprint Of the key that it is bound to (RFC 7638).
   */
  constructor(lease: string, thumbprint: string) {
    this.#lease = lease;
    this.#thumbprint = thumbprint;
  }

  /** One after the other, so that a long queue does not hold up the proofs of everybody else. */
  async readAll(texts: readonly string[]): Promise<readonly (OfflineAction | ActionReason)[]> {
    const read: (OfflineAction | ActionReason)[] = [];
    for (const text of texts) read.push(await this.read(text));
    return read;
  }

  /** The action, or why the text is none of this lease. */
  async read(text: string): Promise<OfflineAction | ActionReason> {
    if (text.length > LONGEST) return 'action_malformed';
    const verified = await this.#verify(text);
    if (typeof verified === 'string') return verified;
    const payload = parsePayload(verified);
    if (payload === undefined) return 'action_malformed';
    if (payload.lease !== this.#lease) return 'action_of_other_lease';
    const { seq, at, scope, action } = payload;
    return { seq, at, scope, action, digest: hash('sha256', verified, 'base64url').slice(0, DIGEST_CHARACTERS) };
  }

  async #verify(text: string): Promise<Uint8Array | ActionReason> {
    const head = headOf(text);
    if (head?.typ !== TYPE || head['crit'] !== undefined || !isDpopAlgorithm(head.alg)) return 'action_malformed';
    const named = await this.#keys.read(head.alg, head.jwk);
    // What has the thumbprint of the lease's key is the lease's key.
    if (named?.thumbprint !== this.#thumbprint) return 'action_signature_invalid';
    const verified = await compactVerify(text, named.key, { algorithms: [head.alg] }).catch(() => undefined);
    return verified?.payload ?? 'action_signature_invalid';
  }
}

function headOf(text: string): ProtectedHeaderParameters | undefined {
  try {
    return FORM.test(text) ? decodeProtectedHeader(text) : undefined;
  } catch {
    return undefined;
  }
}

/** The parser's own error would quote the text, and an object with another prototype is for nobody. */
function parsePayload(bytes: Uint8Array): Payload | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes), withoutPrototype);
    return isPayload(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function withoutPrototype(key: string, value: unknown): unknown {
  if (key === '__proto__') throw new TypeError('a key that sets a prototype');
  return value;
}

function isPayload(value: unknown): value is Payload {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'action')) return false;
  const { lease, seq, at, scope } = value as Partial<Record<keyof Payload, unknown>>;
  if (typeof lease !== 'string' || typeof scope !== 'string' || scope.length > LONGEST_SCOPE) return false;
  return isWhole(seq) && isWhole(at);
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
