import { asksForStepUp, problemOf, type SessionProblem } from './problem.ts';
import type { SessionStatus } from './session-status.ts';

/** What the server says: the status, or that the session is over. */
export interface Reply {
  readonly status?: SessionStatus;
  readonly ended?: SessionProblem;
}

const PATIENCE_MS = 10_000;
const REPLACED_MS = 1_000;
/** The workstation is one no more, and nothing goes on there. */
const FORGOTTEN = 'device_not_enrolled';

/**
 * Asks one of the session endpoints.
 *
 * @throws whatever keeps the server from saying how things stand: no network, no answer in time, another refusal.
 */
export async function askServer(url: string, method = 'GET', again = true): Promise<Reply> {
  const response = await fetch(url, {
    method,
    headers: { accept: 'application/json' },
    cache: 'no-store',
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  if (response.status === 204) return {};
  if (response.ok) return { status: (await response.json()) as SessionStatus };
  const ended = await endOf(response);
  if (ended === undefined) throw new Error(`${url} answered ${response.status}`);
  if (ended.reason !== 'session_rotated' || !again) return { ended };
  // A sign-in or a confirmation in another tab has just brought another cookie.
  await new Promise((resolve) => setTimeout(resolve, REPLACED_MS));
  return askServer(url, method, false);
}

async function endOf(response: Response): Promise<SessionProblem | undefined> {
  const { status } = response;
  if ((status !== 401 && status !== 403) || asksForStepUp(response)) return undefined;
  const problem = await problemOf(response);
  return status === 401 || problem?.reason === FORGOTTEN ? problem : undefined;
}
