import type { DeviceBinding, PresentedDevice } from '../../policy/device.ts';
import { type ClientCertificate, isInTerm } from '../../proofs/client-certificate.ts';
import { certificateOfConnection } from '../../proofs/client-certificate-connection.ts';
import { readClientCertHeader } from '../../proofs/client-certificate-header.ts';
import { INVALID, NOTHING } from '../../proofs/presented.ts';
import type { RequestContext } from '../request-context.ts';

/** What a request brings: a certificate, or what should be one and is none. */
export type PresentedCertificate = ClientCertificate | typeof INVALID;

/**
 * The certificate that the client proved to hold the key of: to us, by the TLS connection (RFC 8705), or to the proxy in front, which says so
 * in `Client-Cert` (RFC 9440) where it is known to. The certificate of a proxy is not its clients'.
 */
export function clientCertificate(context: RequestContext): PresentedCertificate | undefined {
  const { req, facts, engine } = context;
  const header = req.headers['client-cert'];
  if (header === undefined && !isEncrypted(req.socket)) return undefined;
  const isProxied = facts.trust(req.socket.remoteAddress ?? '', 0);
  if (isProxied && engine.settings.clientCertHeader) return inHeader(header);
  if (header !== undefined) logIgnored(context, isProxied);
  return isProxied ? undefined : certificateOfConnection(req.socket);
}

/** The key that it proves at an instant, or that it is none. */
export function provenByCertificate(
  presented: PresentedCertificate | undefined,
  now: number,
): { readonly key?: DeviceBinding; readonly fault?: PresentedDevice['fault'] } {
  if (presented === INVALID) return { fault: 'device_proof_invalid' };
  return presented !== undefined && isInTerm(presented, now) ? { key: { by: 'mtls', key: presented.thumbprint, provenAt: now } } : {};
}

function inHeader(header: string | readonly string[] | undefined): PresentedCertificate | undefined {
  const found = readClientCertHeader(header);
  return found === NOTHING ? undefined : found;
}

function isEncrypted(socket: RequestContext['req']['socket']): boolean {
  return (socket as { encrypted?: boolean }).encrypted === true;
}

function logIgnored({ engine, runtime }: RequestContext, isProxied: boolean): void {
  const message = isProxied
    ? 'a Client-Cert header means nothing here: trustProxy has to name the proxy by its address, and clientCertHeader not to be false'
    : 'a Client-Cert header came from a peer that trustProxy does not name, and was ignored';
  engine.settings.log({ code: 'client_certificate_ignored', message, app: runtime.app.name });
}
