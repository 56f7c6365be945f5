import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { certificateOf, type ClientCertificate } from './client-certificate.ts';

/** To read a certificate costs a tenth of a millisecond, and a connection has one for all its requests. */
const known = new WeakMap<TLSSocket, ClientCertificate>();

/**
 * The certificate that the peer of a TLS connection has proved to hold the key of, if it comes from an authority that the server trusts. A
 * connection that resumes a TLS session has that of the first handshake.
 */
export function certificateOfConnection(socket: Socket): ClientCertificate | undefined {
  return isTls(socket) && socket.authorized ? (known.get(socket) ?? read(socket)) : undefined;
}

function read(socket: TLSSocket): ClientCertificate | undefined {
  // A resumed TLS 1.3 session counts as authorized without one.
  const x509 = socket.getPeerX509Certificate();
  const certificate = x509 === undefined ? undefined : certificateOf(x509);
  if (certificate === undefined) return undefined;
  known.set(socket, certificate);
  // TLS 1.2 lets a client present another one later, which Node would not verify.
  socket.disableRenegotiation();
  return certificate;
}

function isTls(socket: Socket): socket is TLSSocket {
  return (socket as Partial<TLSSocket>).encrypted === true;
}
