import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { allowInsecureRequests, type Configuration, dynamicClientRegistration } from 'openid-client';

const PROGRAM = fileURLToPath(new URL('./oidc-provider.mjs', import.meta.url));

/** A real OpenID provider (oidc-provider) in a process of its own. */
export interface RunningProvider {
  readonly issuer: string;
  /** Makes a client of it that may be sent back to this address. */
  client(redirectUri: string): Promise<Configuration>;
  stop(): Promise<void>;
}

/** Starts one on a free port. */
export async function startOidcProvider(): Promise<RunningProvider> {
  const child = spawn(process.execPath, [PROGRAM], { stdio: ['pipe', 'pipe', 'ignore'] });
  const ended = once(child, 'exit');
  const issuer = await Promise.race([
    firstAddress(child.stdout),
    ended.then(() => Promise.reject(new Error('the OpenID provider ended before it was ready'))),
  ]);
  return {
    issuer,
    client: (redirectUri) =>
      dynamicClientRegistration(new URL(issuer), { redirect_uris: [redirectUri] }, undefined, { execute: [allowInsecureRequests] }),
    async stop() {
      child.kill();
      await ended;
    },
  };
}

async function firstAddress(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: output })) if (line.startsWith('http://')) return line;
  throw new Error('the OpenID provider has said nothing');
}

/** What became of a visit. */
export interface Visit {
  /** Where the provider sends the person back to: path and query. */
  readonly back: string;
  /** Redirects until then. */
  readonly redirects: number;
  readonly signIns: number;
}

/** What somebody fills in on the sign-in page of a provider, below /sign-in/; for the fields of ours see its program. */
export type AtSignIn = Readonly<Record<string, string>>;

/** A person's browser at a provider: it keeps the provider's cookies, and with them its session. */
export function visitorOf(issuer: string): (address: string, signIn: AtSignIn) => Promise<Visit> {
  const cookies = new Map<string, string>();
  return async (address, signIn) => {
    let [redirects, signIns, to] = [0, 0, new URL(address)];
    while (to.origin === issuer) {
      if (redirects > 10) throw new Error('the provider sends in circles');
      const atSignIn = to.pathname.startsWith('/sign-in/');
      if (atSignIn) signIns += 1;
      const answer = await fetch(to, {
        redirect: 'manual',
        headers: { cookie: [...cookies].map((pair) => pair.join('=')).join('; ') },
        ...(atSignIn ? { method: 'POST', body: new URLSearchParams(signIn) } : {}),
      });
      for (const [, name = '', value = ''] of answer.headers.getSetCookie().map((line) => /^([^=]+)=([^;]*)/.exec(line) ?? [])) {
        cookies.set(name, value);
      }
      const location = answer.headers.get('location');
      if (location === null) throw new Error(`the provider answered ${answer.status}: ${(await answer.text()).slice(0, 300)}`);
      to = new URL(location, to);
      redirects += 1;
    }
    return { back: to.pathname + to.search, redirects, signIns };
  };
}
