import { once } from 'node:events';
import { type RequestListener, type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An app that a browser can visit. */
export interface Site {
  /** http://localhost:port. Browsers count localhost as secure: WebAuthn, Secure cookies and Clear-Site-Data work. */
  readonly origin: string;
  readonly server: Server;
  /** Ends it with every open connection. */
  close(): Promise<void>;
}

/** Serves an Express app on a free port. Cookies know no port: two sites in one browser profile share theirs. */
export function serve(app: RequestListener): Promise<Site> {
  return serveAt(() => app);
}

/** Serves an app that has to know its own origin, as passkeys and identity providers demand. */
export async function serveAt(appAt: (origin: string) => RequestListener): Promise<Site> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  server.on('request', appAt(origin));
  return { origin, server, close: () => closed(server) };
}

async function closed(server: Server): Promise<void> {
  const over = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await over;
}
