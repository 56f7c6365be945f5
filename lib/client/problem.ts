/** A refusal of the server (RFC 9457). */
export interface SessionProblem {
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly reason: string;
  /** Where a person can sign in or confirm who they are; it leads back. */
  readonly reauthenticate?: string;
  /** Names what was interrupted, for a confirmation of your own making: send it with that. */
  readonly resume?: string;
  readonly maxAge?: number;
  readonly level?: string;
  readonly amr?: readonly string[];
}

/** The problem that an answer tells of; the answer itself can still be read. */
export async function problemOf(response: Response): Promise<SessionProblem | undefined> {
  if (!response.headers.get('content-type')?.startsWith('application/problem+json')) return undefined;
  try {
    return (await response.clone().json()) as SessionProblem;
  } catch {
    return undefined;
  }
}

/** Whether the server asks for a fresh or stronger authentication (RFC 9470). Of another site's server we do not ask people anything. */
export function asksForStepUp({ headers, status, url }: Response): boolean {
  const asked = headers.get('www-authenticate') ?? '';
  return status === 401 && new URL(url).origin === location.origin && asked.includes('insufficient_user_authentication');
}

/** A URL that a person may be sent to: of the web, and not a script. */
export function webUrl(url: string | undefined): string | undefined {
  return url !== undefined && /^https?:$/.test(new URL(url, location.href).protocol) ? url : undefined;
}
