import type { IncomingMessage, ServerResponse } from 'node:http';
import helmet from 'helmet';
import type { CompiledApp } from '../policy/policy.ts';

export type StaticHeader = readonly [name: string, value: string];

/**
 * The headers that helmet sets for an app, taken down once: they are the same for every answer, so the request path only copies
 * them. On a plain connection outside production nothing asks the browser to move to https, so that a phone can open a
 * development machine by its address.
 *
 * @throws {Error} helmet's own error for options that it does not take.
 */
export function responseHeaders(app: CompiledApp, production: boolean): (secure: boolean) => readonly StaticHeader[] {
  const { headers } = app.profile.document;
  const all = headers === false ? [] : takenDown(headers ?? {});
  const plain = production ? all : all.flatMap(withoutHttps);
  return (secure) => (secure ? all : plain);
}

/**
 * helmet's own default sends no referrer at all. A form then has no page to go back to after a step-up, and over plain http, where
 * browsers send no Fetch Metadata, it posts `Origin: null` and cannot be told from one of another site. Other origins see nothing.
 */
const OWN_DEFAULTS = { referrerPolicy: { policy: 'same-origin' } } as const;

/** An opener policy that differs from that of the pages with these headers. */
export function otherOpenerPolicy(headers: readonly StaticHeader[]): string {
  const own = headers.find(([name]) => name.toLowerCase() === 'cross-origin-opener-policy')?.[1];
  return own === 'same-origin' ? 'unsafe-none' : 'same-origin';
}

function takenDown(options: Readonly<Record<string, unknown>>): readonly StaticHeader[] {
  const taken = new Map<string, string>();
  const answer = {
    setHeader: (name: string, value: unknown) => void taken.set(name, String(value)),
    removeHeader: (name: string) => void taken.delete(name),
  };
  let failure: unknown;
  helmet({ ...OWN_DEFAULTS, ...options })({} as IncomingMessage, answer as unknown as ServerResponse, (error?: unknown) => {
    failure = error;
  });
  if (failure !== undefined) throw failure;
  return [...taken];
}

function withoutHttps([name, value]: StaticHeader): readonly StaticHeader[] {
  if (name.toLowerCase() === 'strict-transport-security') return [];
  return [[name, value.replace(/;\s*upgrade-insecure-requests/i, '')]];
}
