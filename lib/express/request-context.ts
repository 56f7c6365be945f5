import type { Request, Response } from 'express';
import { judge } from '../policy/decide.ts';
import type { Decision } from '../policy/decision.ts';
import { type Explanation, explain } from '../policy/explain.ts';
import type { BindingMethod } from '../policy/device.ts';
import type { SessionFacts } from '../policy/facts.ts';
import type { Clause } from '../policy/requirement.ts';
import type { Rule } from '../policy/rule.ts';
import { selectRule } from '../policy/select-rule.ts';
import type { SessionRecord, SessionRef } from '../sessions/session-record.ts';
import { answerFailure } from './answers.ts';
import { type AppRuntime, touchInterval } from './app-runtime.ts';
import { sendCredential } from './device/known/device-credential.ts';
import type { DpopCheck } from './device/native/dpop-evidence.ts';
import type { Engine, PolicyInForce } from './engine.ts';
import type { GatheredFacts } from './request-facts.ts';
import { ResponseGate } from './response-gate.ts';
import type { SessionEntries } from './session-data.ts';
import { SessionHandle } from './session-handle.ts';

/** A session that was found, and the id that the client knows it by. */
export interface LoadedSession {
  readonly id: string;
  readonly ref: SessionRef;
  readonly record: SessionRecord;
  /** What `record.data` stands for, where it has been read already. For one `req.session` only: its values are handed out. */
  readonly entries?: SessionEntries | undefined;
}

/** One request on its way through the policy: its facts, the rule it is under, and its session. */
export class RequestContext {
  readonly engine: Engine;
  readonly inForce: PolicyInForce;
  readonly runtime: AppRuntime;
  readonly req: Request;
  readonly res: Response;
  readonly facts: GatheredFacts;
  readonly secure: boolean;
  /** The store's clock when the session was read. */
  now = 0;
  decision!: Decision;
  /** The request carried some credential for the app, good or not. */
  presentedSomething = false;
  /** The store is out and the profile says to go on without a session: what is put in it is not kept. */
  ephemeral = false;
  /** The id that the client sent has just been replaced by another, which is on its way to the client. */
  cameWithRotatedId = false;
  /** That other one is the same session after a confirmation: what was asked for this id would not happen to it. */
  sessionGoesOn = false;
  /** What became of the request's proof of possession (RFC 9449), where it was looked at. */
  dpop: DpopCheck | undefined;
  /** How the session proves its key; still known when the session has been taken from the request. */
  boundBy: BindingMethod | undefined;
  #rule!: Rule;
  #guards: Clause[] | undefined;
  #loaded: LoadedSession | undefined;
  #handle: SessionHandle | undefined;
  #gate: ResponseGate | undefined;
  #touchDue = false;
  #spent = false;
  #credential: string | undefined;
  #smallestIdleMs: number | undefined;

  constructor(
    engine: Engine,
    inForce: PolicyInForce,
    runtime: AppRuntime,
    req: Request,
    res: Response,
    facts: GatheredFacts,
    secure: boolean,
  ) {
    this.engine = engine;
    this.inForce = inForce;
    this.runtime = runtime;
    this.req = req;
    this.res = res;
    this.facts = facts;
    this.secure = secure;
    this.#smallestIdleMs = runtime.app.smallestIdleMs;
  }

  /** The live session that the request came with or has got meanwhile. */
  get loaded(): LoadedSession | undefined {
    return this.#loaded;
  }

  /** `req.session` and what is done to it. Made when somebody asks; from then on the answer waits until it is stored. */
  get handle(): SessionHandle {
    if (this.#handle === undefined) {
      this.#handle = new SessionHandle(this);
      this.#holdAnswer();
    }
    return this.#handle;
  }

  /** The request came with a session that nobody could look at: nothing can be said about it, nor done to it. */
  get sessionUnread(): boolean {
    return this.ephemeral && this.presentedSomething;
  }

  /** Several people use the device: nothing of one may be left for the next. */
  get onSharedDevice(): boolean {
    return this.runtime.app.profile.shared;
  }

  /** What the answer has to pass, where something has to be stored first. */
  get gate(): ResponseGate | undefined {
    return this.#gate;
  }

  /** Puts another session, or none, in the place of the one that was loaded. */
  use(loaded: LoadedSession | undefined): void {
    this.#loaded = loaded;
    this.facts.session = loaded?.record as SessionFacts | undefined;
    if (loaded === undefined) return;
    this.facts.ended = undefined;
    this.boundBy = loaded.record.device?.binding?.by;
  }

  /** What the device is given as its credential with this answer; `undefined`: it keeps what it has. */
  get givenCredential(): string | undefined {
    return this.#credential;
  }

  /** Gives the device another credential with the answer, whatever that is and whatever the handler does to its headers: the old one is over. */
  giveCredential(text: string): void {
    this.#credential = text;
    this.#holdAnswer();
  }

  /** Decides on what is known now, at `now`. */
  decide(now: number): Decision {
    this.now = now;
    this.#rule = selectRule(this.runtime.app, this.facts, now);
    for (const guard of this.#guards ?? []) this.#rule = this.#rule.tighten(guard);
    return this.#judge();
  }

  /** Decides again with what an inline guard asks on top. Nothing is read again. */
  tighten(guard: Clause): Decision {
    (this.#guards ??= []).push(guard);
    this.#rule = this.#rule.tighten(guard);
    if (guard.idleMs !== undefined && guard.idleMs < (this.#smallestIdleMs ?? Number.POSITIVE_INFINITY))
      this.#smallestIdleMs = guard.idleMs;
    const decision = this.#judge();
    this.#planTouch();
    return decision;
  }

  /**
   * Spends the authentication of the session on a once-only action; once a request, whatever number of guards asks.
   *
   * @returns Whether this request is the one that may go on. If not, the decision has become a challenge.
   */
  async spend(): Promise<boolean> {
    const loaded = this.#loaded;
    if (loaded === undefined || this.#spent) return loaded !== undefined;
    this.#spent = await this.engine.settings.store.spend(loaded.ref, loaded.record.authenticatedAt);
    if (!this.#spent) {
      this.use({ ...loaded, record: { ...loaded.record, spentAt: loaded.record.authenticatedAt } });
      this.#judge();
    }
    return this.#spent;
  }

  #judge(): Decision {
    this.decision = judge(this.#rule, this.facts, this.now);
    return this.decision;
  }

  /** The request may go on. Activity is recorded when the answer leaves, unless a guard refuses until then. */
  admit(): void {
    if (this.onSharedDevice) this.#holdAnswer();
    this.#planTouch();
  }

  explain(): Explanation {
    return explain(this.inForce.policy, this.facts, this.now, this.#guards);
  }

  #planTouch(): void {
    const { outcome, session, requirement } = this.decision;
    const active = outcome === 'allow' && session === 'keep' && requirement?.activity.value === 'active';
    this.#touchDue = active && this.#isStale();
    if (this.#touchDue) this.#holdAnswer();
  }

  #isStale(): boolean {
    const record = this.#loaded?.record;
    if (record === undefined || record.rotatedAt > 0) return false;
    const after =
      this.#smallestIdleMs === this.runtime.app.smallestIdleMs ? this.runtime.touchAfterMs : touchInterval(this.#smallestIdleMs);
    return this.now - record.lastActiveAt >= after;
  }

  #holdAnswer(): void {
    this.#gate ??= new ResponseGate(
      this.res,
      () => this.#beforeHeaders(),
      (error) => {
        this.#sendCredential();
        answerFailure(this, error);
      },
    );
  }

  #sendCredential(): void {
    if (this.#credential !== undefined) sendCredential(this, this.#credential);
  }

  #beforeHeaders(): Promise<void> | undefined {
    // Whatever the handler asked for: browsers keep what may be stored in places that nothing clears, and show it to the next person.
    if (this.onSharedDevice) this.res.setHeader('Cache-Control', 'no-store');
    const work = this.#handle?.commit();
    if (this.#touchDue) this.#touch();
    if (work !== undefined) return work.then(() => this.#sendCredential());
    this.#sendCredential();
    return undefined;
  }

  /** Not waited for: a touch that is lost makes the session end early, never late. */
  #touch(): void {
    this.#touchDue = false;
    const loaded = this.#loaded;
    if (loaded === undefined) return;
    this.engine.settings.store
      .recordActivity(loaded.ref, this.now, this.runtime.retention)
      .catch(() =>
        this.engine.settings.log({ code: 'store_unavailable', message: 'activity was not recorded', app: this.runtime.app.name }),
      );
  }
}
