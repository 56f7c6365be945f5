import type { Request } from 'express';
import type { DpopFault } from '../../../proofs/dpop-fault.ts';
import { inWords, isAboutNonce } from '../../../proofs/dpop-fault.ts';
import { SessionError } from '../../../sessions/errors.ts';
import { SetupError } from '../../errors.ts';
import type { RequestContext } from '../../request-context.ts';
import { contextOf } from '../../request-properties.ts';
import { dpopChallenge, nonceFor, sendNonce } from './dpop-challenge.ts';
import { checkProof, type DpopCheck } from './dpop-evidence.ts';

/** An access token that somebody else has verified. */
export interface DpopAccessToken {
  /** As the request presents it. */
  readonly token: string;
  /** Its claim `cnf.jkt`: thumbprint of the key that it is bound to (RFC 9449 section 6.1). A token without it is refused. */
  readonly jkt: string | undefined;
}

/** A proof of possession that does not hold (RFC 9449). Express's own error handler answers with its status and headers. */
export class DpopError extends SessionError {
  override readonly name: string = 'DpopError';
  readonly reason: 'device_proof_invalid' | 'device_nonce_required';
  /** `WWW-Authenticate`, and `DPoP-Nonce` where a nonce is asked for. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(fault: DpopFault, nonce: string | undefined) {
    super('ERR_DEVICE_PROOF', 401, inWords(fault));
    this.reason = isAboutNonce(fault) ? 'device_nonce_required' : 'device_proof_invalid';
    const challenge = { 'WWW-Authenticate': dpopChallenge(fault), 'Cache-Control': 'no-store' };
    this.headers = nonce === undefined ? challenge : { ...challenge, 'DPoP-Nonce': nonce };
  }
}

/**
 * Checks the proof of possession that comes with an access token (RFC 9449 section 4.3), for tokens that another library verifies: a JWT of an
 * authorization server, for one. The middleware's store remembers the proof, so it is good once on all nodes; the window and the nonce are
 * those of the profile that the request is under. Whatever else is to be known about the token is for who verified it.
 *
 * @returns Thumbprint of the key that was proved.
 * @throws {DpopError} `ERR_DEVICE_PROOF`, status 401, if there is no proof, it does not hold, is for another request, token or key, or was used
 * before; if the token came under another scheme than `DPoP`; or if it is bound to no key.
 * @throws {SessionError} `ERR_STORE_UNAVAILABLE`
 * @throws {SetupError} `ERR_MIDDLEWARE_MISSING` for a request that did not go through the middleware.
 * @example
 * app.use('/api', async (req, res, next) => {
 *   const token = req.headers.authorization?.split(' ')[1] ?? '';
 *   const { payload } = await jwtVerify(token, keys, { issuer, audience });
 *   await verifyDpop(req, { token, jkt: payload.cnf?.jkt });
 *   next();
 * });
 */
export async function verifyDpop(req: Request, { token, jkt }: DpopAccessToken): Promise<string> {
  const context = contextOf(req);
  if (context === undefined)
    throw new SetupError('ERR_MIDDLEWARE_MISSING', 'verifyDpop(req) needs a request that went through app.use(sessions)');
  const check = context.dpop?.isSettled === true ? context.dpop : await checkNow(context);
  const fault = check.fault ?? faultOfToken(check, token, jkt);
  if (fault !== undefined) throw new DpopError(fault, nonceFor(context));
  sendNonce(context);
  return jkt as string;
}

/** Where the middleware itself takes no proofs, nobody has looked at this one. */
async function checkNow(context: RequestContext): Promise<DpopCheck> {
  const { store } = context.engine.settings;
  const check = await checkProof(context);
  const [now] = await Promise.all([store.now(), check.ask(store, undefined)]);
  context.now = now;
  check.present(now, undefined);
  return check;
}

function faultOfToken({ presented, proof }: DpopCheck, token: string, jkt: string | undefined): DpopFault | undefined {
  if (presented?.scheme !== 'DPoP') return 'scheme';
  if (presented.token !== token) return 'token';
  if (typeof jkt !== 'string' || jkt === '') return 'token-unbound';
  return proof?.key === jkt ? undefined : 'other-key';
}
