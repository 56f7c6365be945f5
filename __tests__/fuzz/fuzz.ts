import { expectNoSecrets, secretsOf } from '../bad-input/secrets.ts';
import { SECRET } from '../express/portfolio.ts';
import { openFuzzSite } from './fuzz-site.ts';
import { sendRaw } from './raw-socket.ts';
import { randomRequest } from './requests.ts';

const AT_A_TIME = 16;
/** So long no server of this size may think about one request. Half a request is waited for, which is not thinking. */
const ANSWER_WITHIN_MS = 3_000;

/** Headers after which a server rightly waits for more bytes. */
const WAITS_FOR_MORE = /content-length|transfer-encoding|expect|upgrade/i;

/** How a run ended: answers by status, and what must not have happened. */
export interface FuzzReport {
  readonly sent: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
}

/** Throws random requests at a site until the time is over. */
export async function fuzz(durationMs: number): Promise<FuzzReport> {
  const site = await openFuzzSite();
  const statuses: Record<string, number> = {};
  const faults: string[] = [];
  const note = (error: unknown): void => void faults.push(String((error as Error)?.stack ?? error));
  process.on('uncaughtException', note);
  process.on('unhandledRejection', note);
  const end = performance.now() + durationMs;
  let sent = 0;

  const work = async (): Promise<void> => {
    while (performance.now() < end && faults.length < 10) {
      const bytes = randomRequest(site.cookie, site.token);
      const complete = bytes.includes('\r\n\r\n') && bytes.includes('Connection: close');
      const answer = await sendRaw(site.port, bytes, complete ? ANSWER_WITHIN_MS : 50);
      sent += 1;
      const kind = answer === undefined ? 'none' : answer === 'closed' ? 'closed' : String(answer.status);
      statuses[kind] = (statuses[kind] ?? 0) + 1;
      if (kind === 'none' && complete && !WAITS_FOR_MORE.test(bytes.toString('latin1')))
        faults.push(`no answer: ${bytes.toString('latin1')}`);
      if (kind === '500') faults.push(`500: ${bytes.toString('latin1')}`);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));

  process.off('uncaughtException', note);
  process.off('unhandledRejection', note);
  await site.close();
  try {
    expectNoSecrets([...secretsOf(site.cookie, SECRET), site.token], site.logged, site.world.events);
  } catch (error) {
    note(error);
  }
  return { sent, statuses, faults };
}
