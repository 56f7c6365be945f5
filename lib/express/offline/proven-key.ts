import { isProven } from '../../policy/device.ts';
import type { Subject } from '../../policy/facts.ts';
import { SessionError } from '../../sessions/errors.ts';
import type { LoadedSession, RequestContext } from '../request-context.ts';
import { gone } from '../stored-session.ts';

/** The session of a request that has just proved the key it is bound to. */
export interface ProvenSession {
  readonly session: LoadedSession;
  readonly subject: Subject;
  /** Thumbprint (RFC 7638). */
  readonly key: string;
}

/**
 * Whose lease it is: only a native client's key can sign what is done offline. Browsers don't let it sign anything else than their own proofs,
 * and a certificate is not known by the thumbprint of its key.
 *
 * @throws {SessionError} `ERR_SESSION_ENDED`, `ERR_DEVICE_UNBOUND`
 */
export function provenSession({ loaded: session, facts, now }: RequestContext): ProvenSession {
  const subject = session?.record.subject;
  if (session === undefined || subject === undefined || session.record.rotatedAt > 0) throw gone();
  const { binding } = session.record.device ?? {};
  if (binding?.by !== 'dpop' || !isProven({ binding }, facts.device, 'bound', undefined, now)) {
    throw new SessionError(
      'ERR_DEVICE_UNBOUND',
      403,
      'an offline lease is for a session that is bound to a key by DPoP, and a request that proves it',
    );
  }
  return { session, subject, key: binding.key };
}
