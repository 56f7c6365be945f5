import { hash, timingSafeEqual } from 'node:crypto';
import { randomNonce, randomPKCECodeVerifier, randomState } from 'openid-client';
import type { RequestContext } from '../../express/request-context.ts';
import { keepNote, takeNote } from '../../express/interruption/session-notes.ts';

/** For as long as a person may take at the provider. */
const FLOW_MS = 10 * 60_000;
const STATE = /^([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})$/;

/** What the answer of the provider has to show. Fixed when the person is sent there, whatever becomes of the way back. */
export interface OidcDemand {
  /** Lowest level of the policy; `undefined`: any. */
  readonly level: string | undefined;
  /** Methods (RFC 8176) that all have to have been used. */
  readonly amr: readonly string[];
  /** Longest time since the authentication when the person comes back; `undefined`: any. */
  readonly maxAgeMs: number | undefined;
  /** Seconds that the provider is told (`max_age`). 0: only an authentication from after the beginning counts. */
  readonly maxAgeSeconds: number;
}

/** One way to the provider and back, of one session. */
export interface OidcFlow {
  readonly nonce: string;
  readonly codeVerifier: string;
  /** By the store's clock. */
  readonly beganAt: number;
  /** The signed way back, if the person came with one. */
  readonly returnTo: string | undefined;
  readonly demand: OidcDemand;
}

/** A flow that has just begun, and the `state` by which it is found again. */
export interface BegunFlow extends OidcFlow {
  readonly state: string;
}

interface KeptFlow extends OidcFlow {
  readonly secret: string;
}

/**
 * Keeps a new flow for this session.
 *
 * @throws {SessionError} `ERR_SESSION_ENDED`, `ERR_STORE_UNAVAILABLE`
 */
export async function beginFlow(context: RequestContext, demand: OidcDemand, returnTo: string | undefined): Promise<BegunFlow> {
  const flow = { nonce: randomNonce(), codeVerifier: randomPKCECodeVerifier(), beganAt: context.now, returnTo, demand };
  const secret = randomState();
  const id = await keepNote(context, 'oidc', { ...flow, secret } satisfies KeptFlow, FLOW_MS);
  return { ...flow, state: `${id}.${secret}` };
}

/**
 * The flow of this session that a `state` belongs to, which is over then: of parallel answers, one gets it.
 *
 * @throws {SessionError} `ERR_SESSION_ENDED`, `ERR_STORE_UNAVAILABLE`
 */
export async function takeFlow(context: RequestContext, state: string | null): Promise<OidcFlow | undefined> {
  const [, id, secret = ''] = STATE.exec(state ?? '') ?? [];
  if (id === undefined) return undefined;
  const flow = (await takeNote(context, 'oidc', id)) as KeptFlow | undefined;
  return flow !== undefined && isSame(flow.secret, secret) ? flow : undefined;
}

function isSame(a: string, b: string): boolean {
  return timingSafeEqual(hash('sha256', a, 'buffer'), hash('sha256', b, 'buffer'));
}
