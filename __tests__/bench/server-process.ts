import type { Row } from './rows.ts';
import { startChild } from './server-child.ts';
import { PAGE_PATH, SIGN_IN_PATH } from './site.ts';

/** A server of the benchmark that runs in a process of its own, with a session to use it with. */
export interface ServerProcess {
  readonly row: Row;
  readonly origin: string;
  /** Values of the `Cookie` header of visitors who have signed in; none where there are no sessions. */
  readonly cookies: readonly string[];
  /** Processor time used so far, in microseconds. */
  cpu(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts the server of a row on the core for servers, and signs visitors in, with a session each. */
export async function startServer(row: Row, redisUrl: string, visitors: number): Promise<ServerProcess> {
  const child = await startChild(row.name, 'serve.ts', [row.name, redisUrl]);
  const origin = `http://127.0.0.1:${child.port}`;
  const cookies = row.store === 'none' ? [] : await signInAll(origin, row, visitors);
  return { row, origin, cookies, cpu: child.cpu, stop: child.stop };
}

async function signInAll(origin: string, { name }: Row, visitors: number): Promise<readonly string[]> {
  const cookies: string[] = [];
  for (let visitor = 0; visitor < visitors; visitor += 1) {
    const answer = await fetch(`${origin}${SIGN_IN_PATH}?visitor=${visitor}`);
    const cookie = answer.headers
      .getSetCookie()
      .map((line) => line.split(';')[0] as string)
      .join('; ');
    const page = await fetch(origin + PAGE_PATH, { headers: { cookie } });
    const seen: unknown = await page.json();
    if ((seen as { signedIn?: boolean }).signedIn !== true)
      throw new Error(`"${name}" did not sign in: ${answer.status}, ${JSON.stringify(seen)}`);
    cookies.push(cookie);
  }
  return cookies;
}
