import { createHash, createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, openChromium } from './chromium-browser.ts';
import { selfSigned } from './self-signed.ts';

/** An app on https that a browser from `openSecureChromium` visits under any name that ends in `.test`. */
export interface SecureSite {
  readonly port: number;
  readonly server: Server;
  /** `https://name.test:port` */
  origin(name: string): string;
  close(): Promise<void>;
}

/** Admitted by the browsers of `openSecureChromium`. */
export const certificate: ReturnType<typeof selfSigned> = selfSigned();

export async function serveSecurely(app: RequestListener): Promise<SecureSite> {
  const server = createServer(certificate, app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, server, origin: (name) => `https://${name}.test:${port}`, close: () => closed(server) };
}

async function closed(server: Server): Promise<void> {
  const over = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await over;
}

/**
 * A Chromium with Device Bound Session Credentials, whose keys are kept in software here. It admits our certificate by its key: a browser
 * that ignores all faults of certificates binds no sessions. How often it may sign is not limited.
 */
export function openSecureChromium({ bindsSessions = true }: { readonly bindsSessions?: boolean } = {}): Promise<Browser> {
  const spki = createPublicKey(certificate.key).export({ type: 'spki', format: 'der' });
  const digest = createHash('sha256').update(spki).digest('base64');
  const features = 'DeviceBoundSessions:RefreshQuota/false,EnableBoundSessionCredentialsSoftwareKeysForManualTesting';
  return openChromium({
    flags: [
      `--${bindsSessions ? 'enable' : 'disable'}-features=${features}`,
      `--ignore-certificate-errors-spki-list=${digest}`,
      '--host-resolver-rules=MAP *.test 127.0.0.1',
    ],
  });
}
