import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { allowInsecureRequests, discovery } from 'openid-client';

const PROGRAM = fileURLToPath(new URL('identity-provider.js', import.meta.url));
const CLIENT = 'demonstration';

/** Starts the identity provider on a free port, in a process of its own that ends with this one. */
export async function startIdentityProvider(redirectUris) {
  const secret = randomBytes(32).toString('base64url');
  const child = spawn(process.execPath, [PROGRAM], { stdio: ['pipe', 'pipe', 'ignore'] });
  const ended = once(child, 'exit').then(() => ['']);
  // Not as arguments, which other users of this machine could read.
  child.stdin.write(`${JSON.stringify({ client_id: CLIENT, client_secret: secret, redirect_uris: redirectUris })}\n`);
  const [line] = await Promise.race([once(child.stdout.setEncoding('utf8'), 'data'), ended]);
  const issuer = line.trim();
  if (!URL.canParse(issuer)) throw new Error('The identity provider of the demonstration did not start.');
  return {
    issuer,
    // Plain http is for this machine only; openid-client takes nothing but https by itself.
    configuration: () => discovery(new URL(issuer), CLIENT, secret, undefined, { execute: [allowInsecureRequests] }),
    async stop() {
      child.kill();
      await ended;
    },
  };
}
