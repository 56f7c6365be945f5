import request from 'supertest';
import type { Portfolio } from '../express/portfolio.ts';
import { cookieOf } from './small-app.ts';

/** The limits of the two apps that people use here, as the portfolio has them. */
const LIMITS = {
  shop: { idleMs: 30 * 60_000, absoluteMs: 12 * 3_600_000 },
  staff: { idleMs: 15 * 60_000, absoluteMs: 8 * 3_600_000 },
} as const;
const ROTATION_MS = 5_000;
/** Activity is recorded every few seconds only, on the strict side. */
const COALESCED_MS = 6_000;

export type AppName = keyof typeof LIMITS;

/** What somebody does next. Cookies are chosen from all that were ever given out, whoever got them. */
export type Step =
  | { readonly does: 'login'; readonly app: AppName; readonly user: string; readonly with: number | undefined }
  | { readonly does: 'page' | 'confirm' | 'logout'; readonly app: AppName; readonly with: number }
  | { readonly does: 'wait'; readonly ms: number };

interface Session {
  readonly app: AppName;
  readonly user: string;
  readonly createdAt: number;
  lastActiveAt: number;
  ended: boolean;
}

interface Cookie {
  readonly value: string;
  readonly session: Session;
  /** When another took its place. */
  replacedAt: number | undefined;
}

/** A simple idea of which cookie is worth what, to compare the answers with. */
export class SessionModel {
  readonly #world: Portfolio;
  readonly #cookies: Cookie[] = [];

  constructor(world: Portfolio) {
    this.#world = world;
  }

  /** Takes a step for real and tells what was wrong with the answer, if something was. */
  async take(step: Step): Promise<string | undefined> {
    if (step.does === 'wait') return void this.#world.clock.advance(step.ms);
    const cookie = step.with === undefined ? undefined : this.#cookies[step.with % Math.max(1, this.#cookies.length)];
    if (step.does === 'login') return this.#login(step.app, step.user, cookie);
    if (cookie === undefined) return undefined;
    if (step.does === 'page') return this.#page(step.app, cookie);
    return step.does === 'confirm' ? this.#confirm(step.app, cookie) : this.#logout(step.app, cookie);
  }

  async #send(method: 'get' | 'post', path: string, cookie: Cookie | undefined) {
    const sent = request(this.#world.app)[method](path);
    return cookie === undefined ? sent : sent.set('Cookie', cookie.value);
  }

  async #login(app: AppName, user: string, cookie: Cookie | undefined): Promise<string | undefined> {
    const answer = await this.#send('post', `/${app}/login?id=${user}`, cookie);
    if (answer.status !== 200) return `login was answered with ${answer.status}`;
    if (cookie !== undefined && this.#may(cookie, app, 'post') !== 'no') cookie.session.ended = true;
    const now = this.#world.clock.now();
    this.#add({ value: cookieOf(answer), session: { app, user, createdAt: now, lastActiveAt: now, ended: false }, replacedAt: undefined });
    return undefined;
  }

  async #page(app: AppName, cookie: Cookie): Promise<string | undefined> {
    const may = this.#may(cookie, app, 'get');
    const { body } = await this.#send('get', `/${app}/home`, cookie);
    const shown = (body as { subject?: { id: string } | null }).subject?.id;
    if (shown !== undefined && (may === 'no' || shown !== cookie.session.user)) return `a page was shown to ${shown}`;
    if (shown === undefined && may === 'yes') return `no page was shown to ${cookie.session.user}`;
    this.#seen(cookie, app, shown !== undefined);
    return undefined;
  }

  async #confirm(app: AppName, cookie: Cookie): Promise<string | undefined> {
    const may = this.#may(cookie, app, 'post');
    const answer = await this.#send('post', `/${app}/confirm`, cookie);
    if (answer.status !== 200) {
      this.#seen(cookie, app, false);
      return may === 'yes' ? `a confirmation was answered with ${answer.status}` : undefined;
    }
    if (may === 'no' || answer.body.subject.id !== cookie.session.user) return 'a confirmation without a session';
    const now = this.#world.clock.now();
    cookie.replacedAt = now;
    cookie.session.lastActiveAt = now;
    this.#add({ value: cookieOf(answer), session: cookie.session, replacedAt: undefined });
    return undefined;
  }

  async #logout(app: AppName, cookie: Cookie): Promise<string | undefined> {
    const may = this.#may(cookie, app, 'post');
    const { status } = await this.#send('post', `/${app}/logout`, cookie);
    if (status === 200 && may !== 'no') cookie.session.ended = true;
    else this.#seen(cookie, app, false);
    return status !== 200 && may === 'yes' ? `a sign-out was answered with ${status}` : undefined;
  }

  /** An answer that shows nobody has ended a session that was over; one that shows somebody was activity. */
  #seen(cookie: Cookie, app: AppName, shown: boolean): void {
    if (app !== cookie.session.app || cookie.replacedAt !== undefined) return;
    if (shown) cookie.session.lastActiveAt = this.#world.clock.now();
    else cookie.session.ended = true;
  }

  /** Whether a cookie may open a page now. `maybe`: within the seconds in which activity may not have been recorded yet. */
  #may(cookie: Cookie, app: AppName, method: 'get' | 'post'): 'yes' | 'maybe' | 'no' {
    const { session, replacedAt } = cookie;
    const now = this.#world.clock.now();
    const { idleMs, absoluteMs } = LIMITS[session.app];
    const idle = now - session.lastActiveAt;
    if (session.app !== app || session.ended || now - session.createdAt >= absoluteMs || idle >= idleMs) return 'no';
    if (replacedAt !== undefined && (method === 'post' || now - replacedAt > ROTATION_MS)) return 'no';
    return idle >= idleMs - COALESCED_MS || replacedAt !== undefined ? 'maybe' : 'yes';
  }

  #add(cookie: Cookie): void {
    this.#cookies.push(cookie);
  }
}
