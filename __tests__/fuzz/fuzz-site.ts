import express from 'express';
import { memoryStore } from '../../lib/sessions/memory-store.ts';
import type { LogEntry } from '../../lib/express/operational-log.ts';
import { portfolio, type Portfolio } from '../express/portfolio.ts';
import { serve } from '../faults/serve.ts';

/** A site to throw bytes at: all apps of the portfolio, with somebody signed in. */
export interface FuzzSite {
  readonly port: number;
  readonly logged: readonly LogEntry[];
  readonly world: Portfolio;
  /** A good cookie of the staff app. */
  readonly cookie: string;
  /** A good token of the phone app. */
  readonly token: string;
  close(): Promise<void>;
}

export async function openFuzzSite(): Promise<FuzzSite> {
  const world = portfolio(express, { store: memoryStore() });
  world.app.set('env', 'test');
  const { port, ask, close } = await serve(world.app);
  const cookie = (await ask('/staff/login', { method: 'POST' }))?.cookie ?? '';
  const { token = '' } = JSON.parse((await ask('/phone/login', { method: 'POST' }))?.body ?? '{}') as { token?: string };
  return { port, world, logged: world.logged, cookie, token, close };
}
