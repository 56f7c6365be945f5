import { confirmInNewTab } from './confirm-in-new-tab.ts';
import { asksForStepUp, problemOf, type SessionProblem } from './problem.ts';
import { joinTabs } from './tabs.ts';
import { ENGLISH, type SessionTexts } from './texts.ts';

/** Options of `fetchWithStepUp`. */
export interface StepUpFetchOptions {
  /** Where `sessionEndpoints()` are mounted. Default `/session`. */
  readonly url?: string;
  /**
   * Lets the person confirm who they are, and says whether they did. The `resume` of the problem, sent with the confirmation, makes it one
   * for this very action. Default: a dialog that opens the confirmation page in a new tab.
   */
  readonly meet?: (problem: SessionProblem) => Promise<boolean>;
  /** Other words for the default dialog. */
  readonly texts?: Partial<SessionTexts>;
}

/**
 * Like `fetch`. If the server asks for a fresh or stronger authentication (RFC 9470), the person can confirm who they are, and then the same
 * request is sent again: once. If they do not want to, the refusal is the answer.
 *
 * @throws {TypeError} as `fetch`, and if a confirmation is asked for a request whose body is a stream: that cannot be sent again.
 * @example
 * const response = await fetchWithStepUp('/api/transfer', { method: 'POST', body: new URLSearchParams({ to: 'Ada', amount: '400' }) });
 */
export async function fetchWithStepUp(
  input: string | URL | Request,
  init?: RequestInit,
  options: StepUpFetchOptions = {},
): Promise<Response> {
  const { url = '/session', texts = {} } = options;
  const again = input instanceof Request ? input.clone() : input;
  const response = await fetch(input, init);
  if (!asksForStepUp(response)) {
    if (response.status === 401) askTabsToLook(url);
    return response;
  }
  if (init?.body instanceof ReadableStream) throw new TypeError('a request whose body is a stream cannot be sent again');
  const problem = await problemOf(response);
  const meet = options.meet ?? confirmInNewTab(url, { ...ENGLISH, ...texts });
  return problem !== undefined && (await meet(problem)) ? fetch(again, init) : response;
}

/** The session may be over; whoever watches it finds out. */
function askTabsToLook(url: string): void {
  const tabs = joinTabs(url, () => undefined);
  tabs.tell('check');
  tabs.close();
}
