import type { DeviceBinding, PresentedDevice } from '../../../policy/device.ts';
import type { CompiledProfile } from '../../../policy/policy.ts';
import { addressOfRequest } from '../../../proofs/dpop-address.ts';
import { type DpopFault, isAboutNonce } from '../../../proofs/dpop-fault.ts';
import { type DpopProof, verifyDpopProof } from '../../../proofs/dpop-proof.ts';
import { type PresentedToken, presentedToken } from '../../../proofs/session-header.ts';
import type { SessionStore } from '../../../sessions/session-store.ts';
import type { RequestContext } from '../../request-context.ts';
import type { PresentedSession } from '../device-evidence.ts';

/** A DPoP proof (RFC 9449) whose signature and claims have been checked as far as that goes without the time. */
export interface DpopEvidence {
  /** Whether it was used before. */
  ask(store: SessionStore, tag: string | undefined): Promise<void> | undefined;
  /** The key that it proves, or what is wrong with it. `session`: the one of the token that it came with, if there is one. */
  present(now: number, session: PresentedSession | undefined): Pick<PresentedDevice, 'fault'> & { readonly key?: DeviceBinding };
}

/** Clocks of clients are ahead by this much and not more. */
const AHEAD_MS = 5_000;
/** A proof is remembered until it is too old under any policy: the longest window, what its clock may be ahead, and a little for our own. */
const REMEMBERED_MS = 75_000;

const DPOP_SCHEME = /^dpop(?: |$)/i;

/** The proof that a request brings, for the token that it brings. Only programs prove their key so: a browser has other ways. */
export function dpopEvidence(context: RequestContext): Promise<DpopEvidence> | undefined {
  const { req, runtime } = context;
  if (runtime.app.profile.transport !== 'header') return undefined;
  const { dpop, authorization } = req.headers;
  if (dpop === undefined && (authorization === undefined || !DPOP_SCHEME.test(authorization))) return undefined;
  return checkProof(context);
}

/** Checks the proof of a request once; whoever asks again gets what was found. */
export async function checkProof(context: RequestContext): Promise<DpopCheck> {
  const { engine, runtime, req } = context;
  const token = presentedToken(req.headers.authorization);
  const verified = await verify(context, token);
  if (verified === 'address') logAddress(context);
  const { profile, name } = runtime.app;
  const nonces = {
    required: profile.dpop.nonceRequired,
    isAccepted: (nonce: string, now: number) => engine.dpop.nonces.isAccepted(nonce, name, now),
  };
  context.dpop = new DpopCheck(verified, token, profile.dpop.windowMs, nonces);
  return context.dpop;
}

async function verify(
  { engine, facts, req, secure }: RequestContext,
  presented: PresentedToken | undefined,
): Promise<DpopProof | DpopFault> {
  const header = req.headers['dpop'];
  if (header === undefined) return 'proof-missing';
  if (presented !== undefined && (presented.scheme !== 'DPoP' || presented.token === undefined)) return 'scheme';
  const address = addressOfRequest({ secure, host: facts.host, target: req.originalUrl });
  const text = typeof header === 'string' ? header : header.join(',');
  return verifyDpopProof(text, { method: facts.method, address, token: presented?.token }, engine.dpop.keys);
}

/** Whoever sets up a proxy has to find this; who sends such a proof is told anyway. */
function logAddress({ engine, runtime }: RequestContext): void {
  engine.settings.log({
    code: 'device_proof_address',
    message:
      'a DPoP proof was for another address; behind a proxy, set trustProxy and let scheme, host and path be those that the client sees',
    app: runtime.app.name,
  });
}

interface NonceRule {
  readonly required: CompiledProfile['dpop']['nonceRequired'];
  readonly isAccepted: (nonce: string, now: number) => boolean;
}

/** What became of the proof of a request. */
export class DpopCheck implements DpopEvidence {
  readonly presented: PresentedToken | undefined;
  /** What is wrong with it, as far as it has been found out. */
  fault: DpopFault | undefined;
  readonly proof: DpopProof | undefined;
  readonly #windowMs: number;
  readonly #nonces: NonceRule;
  /** Until the store has been asked, a proof is as good as one that was used. */
  #isUnused = false;
  /** All of it has been looked at; what no `fault` was found in until then may have one. */
  isSettled = false;

  constructor(verified: DpopProof | DpopFault, presented: PresentedToken | undefined, windowMs: number, nonces: NonceRule) {
    this.fault = typeof verified === 'string' ? verified : undefined;
    this.proof = typeof verified === 'string' ? undefined : verified;
    if (this.proof?.nonce === undefined && nonces.required) this.fault ??= 'nonce-missing';
    this.presented = presented;
    this.#windowMs = windowMs;
    this.#nonces = nonces;
  }

  /** A proof without a session has a place by its own id: one place for all of them would be a single server's in a cluster. */
  ask(store: SessionStore, tag: string | undefined): Promise<void> | undefined {
    const { proof } = this;
    if (proof === undefined || this.fault !== undefined) return undefined;
    return store.useOnce(tag ?? `dpop.${proof.id.slice(0, 2)}`, proof.id, REMEMBERED_MS).then((isFirst) => {
      this.#isUnused = isFirst;
    });
  }

  present(now: number, session: PresentedSession | undefined): ReturnType<DpopEvidence['present']> {
    const { proof } = this;
    this.isSettled = true;
    this.fault ??= this.#faultAt(now, proof) ?? this.#faultFor(session);
    if (this.fault !== undefined || proof === undefined) {
      return { fault: this.fault !== undefined && isAboutNonce(this.fault) ? 'device_nonce_required' : 'device_proof_invalid' };
    }
    return { key: { by: 'dpop', key: proof.key, provenAt: now } };
  }

  #faultAt(now: number, proof: DpopProof | undefined): DpopFault | undefined {
    if (proof === undefined) return 'proof-missing';
    if (!this.#isUnused) return 'used';
    if (!(now - proof.at <= this.#windowMs && proof.at - now <= AHEAD_MS)) return 'time';
    return proof.nonce === undefined || this.#nonces.isAccepted(proof.nonce, now) ? undefined : 'nonce-unknown';
  }

  /** A token that is for whoever has it gains nothing by another name. */
  #faultFor(session: PresentedSession | undefined): DpopFault | undefined {
    const isOfOtherKind = session !== undefined && session.device?.binding?.by !== 'dpop';
    return isOfOtherKind && this.presented !== undefined ? 'token-unbound' : undefined;
  }
}
