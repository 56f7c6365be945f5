import express from 'express';
import type { AuditEvent } from '../../lib/audit/audit-event.ts';
import type { LogEntry } from '../../lib/express/operational-log.ts';
import type { SessionPolicyOptions } from '../../lib/express/options.ts';
import type { SessionPolicyMiddleware } from '../../lib/express/session-policy.ts';
import type { RedisClient } from '../../lib/sessions/redis/redis-client.ts';
import { redisStore } from '../../lib/sessions/redis/redis-store.ts';
import { type Answer, type Ask, serve } from './serve.ts';
import { smallApp, swallow } from './small-app.ts';

/** The default deadline of the store, and what a busy machine adds to two calls of it. */
export const ANSWERED_WITHIN_MS = 250 + 450;

export interface Site {
  readonly ask: Ask;
  readonly sessions: SessionPolicyMiddleware;
  readonly logged: readonly LogEntry[];
  readonly events: readonly AuditEvent[];
  /** Signs somebody in; gives the cookie. */
  signIn(id?: string): Promise<string>;
  /** Who the site takes the bearer of a cookie for; `undefined` while it cannot tell. */
  whoIs(cookie: string): Promise<string | null | undefined>;
  close(): Promise<void>;
}

/** A site that keeps its sessions in Redis, on a server of its own. */
export async function openSite(client: RedisClient, options: Partial<SessionPolicyOptions> = {}, minReplicas = 0): Promise<Site> {
  const store = redisStore({ client, minReplicas });
  const { app, sessions, logged, events } = smallApp(express, store, options, (made) => {
    made.post('/logout-swallowing', (req, res) => swallow(req.sessionPolicy.signOut(), res, 'signed out'));
    made.post('/login-swallowing', (req, res) =>
      swallow(req.sessionPolicy.signIn({ subject: { id: 'u9', kind: 'user' } }), res, 'signed in'),
    );
  });
  const { ask, close } = await serve(app);
  return {
    ask,
    sessions,
    logged,
    events,
    async signIn(id = 'u1') {
      const answer = await ask(`/login?id=${id}`, { method: 'POST' });
      if (answer?.status !== 200 || answer.cookie === undefined) throw new Error(`sign-in was answered with ${answer?.status}`);
      return answer.cookie;
    },
    async whoIs(cookie) {
      const answer = await ask('/page', { cookie });
      if (answer?.status !== 200) return undefined;
      return (JSON.parse(answer.body) as { subject: { id: string } | null }).subject?.id ?? null;
    },
    async close() {
      await close();
      await sessions.close();
    },
  };
}

/** What an answer says about the store, if it says that it is out in every way in which it has to. */
export function saysUnavailable(answer: Answer | undefined): 'ours' | "Express's" | undefined {
  if (answer?.status !== 503 || answer.cookie !== undefined) return undefined;
  const { headers, body } = answer;
  if (headers.get('retry-after') !== '2' || headers.get('cache-control') !== 'no-store') return undefined;
  if (headers.get('content-type') !== 'application/problem+json; charset=utf-8') return "Express's";
  return (JSON.parse(body) as { reason?: string }).reason === 'store_unavailable' ? 'ours' : undefined;
}

/** Tries until it holds. */
export async function eventually(holds: () => Promise<boolean>, withinMs = 15_000): Promise<void> {
  for (const end = performance.now() + withinMs; !(await holds()); ) {
    if (performance.now() > end) throw new Error('it did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
