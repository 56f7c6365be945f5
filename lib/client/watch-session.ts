import { endedPage } from './ended-page.ts';
import { webUrl } from './problem.ts';
import { askServer } from './session-server.ts';
import type { SessionStatus } from './session-status.ts';
import { stopwatch } from './stopwatch.ts';
import { joinTabs, type TabMessage, type Tabs } from './tabs.ts';
import { ENGLISH, type SessionTexts } from './texts.ts';
import { warningDialog } from './warning-dialog.ts';

/** The session is about to end. */
export interface SessionWarning {
  readonly secondsLeft: number;
  /** `false`: it ends by its longest duration, whatever the person does. */
  readonly canExtend: boolean;
  readonly extend: () => Promise<void>;
  readonly signOut: () => Promise<void>;
}

/** The session is over. */
export interface SessionEnd {
  /** As the server says it, like `idle_timeout` or `session_revoked`. */
  readonly reason: string;
  /** Where the person signs in again; it leads back to the page. */
  readonly signInUrl: string;
}

/** Options of `watchSession`. */
export interface WatchOptions {
  /** Where `sessionEndpoints()` are mounted. Default `/session`. */
  readonly url?: string;
  /** Path whose rule counts. Default: that of the page, whichever it is then. */
  readonly for?: string;
  /** When to warn: seconds before the end. At least 20 (WCAG 2.2.1); at most half of the idle timeout is used, if that is more. Default 60. */
  readonly warnSeconds?: number;
  /** Milliseconds between two looks at the server while the page can be seen; at least 1,000. They do not count as activity. Default 30,000. */
  readonly poll?: number;
  /** Gets every status that the server tells. */
  readonly onStatus?: (status: SessionStatus) => void;
  /** Shows a warning: called every second, and with `undefined` when it is over. Default: a dialog. */
  readonly onWarning?: (warning: SessionWarning | undefined) => void;
  /** Called once, when the session is over. Default: what the page shows is replaced by a note with a link to sign in. */
  readonly onEnd?: (end: SessionEnd) => void;
  /** Other words for the default dialogs. */
  readonly texts?: Partial<SessionTexts>;
}

/** A session that is watched. */
export interface SessionWatch {
  /** What the server said last. */
  readonly status: SessionStatus | undefined;
  /**
   * Keeps the session alive, as the person asked for it.
   *
   * @throws {Error} if the server could not be reached, or does not do it.
   */
  extend(): Promise<void>;
  /**
   * Signs out, in all tabs.
   *
   * @throws {Error} if the server could not be reached: then the session goes on.
   */
  signOut(): Promise<void>;
  /** Stops watching, and takes a warning away. */
  stop(): void;
}

const LEAST_WARNING_SECONDS = 20;
const LONGEST_SLEEP_SECONDS = 3_600;

/**
 * Watches the session that a page is shown in: warns before it ends, lets the person stay (WCAG 2.2.1), and shows nothing any more when it
 * is over, in all tabs alike. The server decides; the countdown only says when to ask it.
 *
 * @throws {RangeError} for a warning or polling time that is too short.
 * @example
 * const session = watchSession({ url: '/session' });
 * document.querySelector('#sign-out').addEventListener('click', () => session.signOut());
 */
export function watchSession(options: WatchOptions = {}): SessionWatch {
  return new Watch(options);
}

class Watch implements SessionWatch {
  status: SessionStatus | undefined;
  readonly #options: WatchOptions & Required<Pick<WatchOptions, 'url' | 'warnSeconds' | 'poll' | 'onWarning' | 'onEnd'>>;
  readonly #tabs: Tabs;
  readonly #listening = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sinceStatus = stopwatch();
  #sinceLook = stopwatch();
  #looking: Promise<void> | undefined;
  #warned = false;
  #over = false;

  constructor(options: WatchOptions) {
    const texts = { ...ENGLISH, ...options.texts };
    const defaults = { url: '/session', warnSeconds: 60, poll: 30_000, onWarning: warningDialog(texts), onEnd: endedPage(texts) };
    this.#options = { ...defaults, ...options };
    const { url, warnSeconds, poll } = this.#options;
    if (!(warnSeconds >= LEAST_WARNING_SECONDS)) throw new RangeError(`warnSeconds is at least ${LEAST_WARNING_SECONDS}`);
    if (!(poll >= 1_000)) throw new RangeError('poll is at least 1000 milliseconds');
    this.#tabs = joinTabs(url, (message) => this.#hear(message));
    for (const [target, type] of [
      [document, 'visibilitychange'],
      [window, 'focus'],
      [window, 'pageshow'],
    ] as const) {
      target.addEventListener(type, () => this.#wake(), { signal: this.#listening.signal });
    }
    // A page that has just been loaded is activity: others need not warn any more.
    void this.#look().then(() => this.#tell('active'));
  }

  readonly extend = async (): Promise<void> => {
    const since = stopwatch();
    const { status, ended } = await askServer(this.#url('/keep-alive'), 'POST');
    if (ended !== undefined) return this.#end(ended.reason, ended.reauthenticate);
    this.#take(status, since);
    this.#tell('active');
  };

  readonly signOut = async (): Promise<void> => {
    await askServer(this.#url('/sign-out'), 'POST');
    this.#end('signed_out');
  };

  stop(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#listening.abort();
    this.#tabs.close();
    if (this.#warned) this.#options.onWarning(undefined);
    this.#warned = false;
  }

  #url(path: string): string {
    return `${this.#options.url}${path}?for=${encodeURIComponent(this.#options.for ?? location.pathname)}`;
  }

  #tell(message: TabMessage): void {
    if (!this.#over) this.#tabs.tell(message);
  }

  #hear(message: TabMessage): void {
    if (typeof message === 'object') this.#end(message.ended, undefined, false);
    else if (message === 'check' || this.#warned) void this.#look();
  }

  /** Timers do not run while a computer sleeps, and seldom in a tab that nobody sees. */
  #wake(): void {
    if (document.visibilityState === 'visible') void this.#look();
  }

  /** Asks the server how things stand; never twice at a time. */
  #look(): Promise<void> {
    this.#looking ??= this.#lookNow().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #lookNow(): Promise<void> {
    const since = stopwatch();
    this.#sinceLook = since;
    try {
      const { status, ended } = await askServer(this.#url(''));
      if (ended !== undefined) return this.#end(ended.reason, ended.reauthenticate);
      this.#take(status, since);
    } catch {
      // Nobody can say that it goes on: what is on the screen must not stay there longer than that.
      if (this.#secondsLeft() <= 0) return this.#end(this.#canExtend() ? 'idle_timeout' : 'absolute_timeout');
      this.#update();
    }
  }

  #take(status: SessionStatus | undefined, since: () => number): void {
    if (this.#over || status === undefined) return;
    this.status = status;
    this.#sinceStatus = since;
    this.#options.onStatus?.(status);
    this.#update();
  }

  #secondsLeft(): number {
    const { idle, absolute } = this.status?.left ?? {};
    return Math.min(idle ?? Infinity, absolute ?? Infinity) - this.#sinceStatus();
  }

  #canExtend(): boolean {
    const { idle, absolute } = this.status?.left ?? {};
    return (idle ?? Infinity) < (absolute ?? Infinity);
  }

  /** Of a short idle timeout half can be used without being warned, but for the 20 seconds that everybody gets. */
  #warnSeconds(): number {
    const idle = this.status?.rule.idle?.seconds ?? Infinity;
    return Math.min(this.#options.warnSeconds, Math.max(LEAST_WARNING_SECONDS, idle / 2));
  }

  #update(): void {
    if (this.#over) return;
    const left = this.#secondsLeft();
    const warn = left <= this.#warnSeconds();
    const { extend, signOut } = this;
    if (warn) this.#options.onWarning({ secondsLeft: Math.max(0, Math.ceil(left)), canExtend: this.#canExtend(), extend, signOut });
    else if (this.#warned) this.#options.onWarning(undefined);
    this.#warned = warn;
    this.#sleep(warn ? 1 : left - this.#warnSeconds());
  }

  /** One timer, for whatever comes first. */
  #sleep(seconds: number): void {
    const untilPoll = document.hidden ? Infinity : this.#options.poll / 1_000 - this.#sinceLook();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tick(), Math.max(0.25, Math.min(seconds, untilPoll, LONGEST_SLEEP_SECONDS)) * 1_000);
  }

  /** Nothing is shown on the countdown's word alone: the person may have been active in another tab. */
  #tick(): void {
    const left = this.#secondsLeft();
    const pollIsDue = !document.hidden && this.#sinceLook() * 1_000 >= this.#options.poll;
    if (pollIsDue || left <= 0 || (left <= this.#warnSeconds() && !this.#warned)) void this.#look();
    else this.#update();
  }

  #end(reason: string, signInUrl?: string, tell = true): void {
    if (this.#over) return;
    if (tell) this.#tell({ ended: reason });
    this.stop();
    this.#options.onEnd({ reason, signInUrl: webUrl(signInUrl) ?? location.href });
  }
}
