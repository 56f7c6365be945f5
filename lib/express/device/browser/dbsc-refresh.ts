import { readDbscItem } from '../../../proofs/dbsc-headers.ts';
import { thumbprintOf } from '../../../proofs/dbsc-key.ts';
import { verifyRefresh } from '../../../proofs/dbsc-proof.ts';
import { SessionError, StoreUnavailableError } from '../../../sessions/errors.ts';
import { isSessionId, refOf } from '../../../sessions/session-id.ts';
import type { ListedSession } from '../../../sessions/session-store.ts';
import type { RequestContext } from '../../request-context.ts';
import { changeDevice } from '../change-device.ts';
import { answerEmpty, answerOver, answerProven, answerWithChallenge, cameBy } from './dbsc-answers.ts';
import { type AnsweredChallenge, readRefreshChallenge, useChallenge } from './dbsc-challenges.ts';
import { type BrowserIdentity, readBrowserIdentifier } from './dbsc-identifier.ts';

/**
 * `POST …/dbsc/refresh`: the browser proves its key again. It may bring no cookies, so the identifier and the proof are all that counts. What
 * is wrong with a proof never touches the session; that the store is out is a 503, which the browser waits out.
 */
export async function refreshBrowser(context: RequestContext): Promise<void> {
  if (!cameBy(context, 'POST')) return;
  const identifier = readDbscItem(context.req.headers['sec-secure-session-id']);
  if (identifier === undefined) return answerEmpty(context, 400);
  const browser = readBrowserIdentifier(context, identifier);
  if (browser === undefined || context.runtime.app.dbsc === undefined || !context.secure) return answerOver(context, identifier);
  const answered = await challengeAnswered(context, identifier, browser);
  const { now, listed, isFirst } = await askStore(context, browser, answered);
  context.now = now;
  const key = await thumbprintOf(browser.key);
  const found = listed.find((one) => isSessionOf(context, one, browser, key));
  if (found === undefined || isOver(context, found) || isReplaced(context, found, listed)) return answerOver(context, identifier);
  if (!isFirst || !(now < (answered?.until ?? 0))) return answerWithChallenge(context, identifier);
  await recordProof(context, found, key);
  answerProven(context, identifier, key);
}

/** The challenge that the browser's key has signed, if the request carries a proof that holds. */
async function challengeAnswered(
  context: RequestContext,
  identifier: string,
  { key }: BrowserIdentity,
): Promise<AnsweredChallenge | undefined> {
  const jwt = readDbscItem(context.req.headers['secure-session-response']);
  const challenge = jwt === undefined ? undefined : await verifyRefresh(jwt, key);
  return challenge === undefined ? undefined : readRefreshChallenge(context, identifier, challenge);
}

/** All questions in one turn, so that they cost one round trip. */
async function askStore(context: RequestContext, { tag }: BrowserIdentity, answered: AnsweredChallenge | undefined): Promise<Found> {
  const { store } = context.engine.settings;
  const first = answered === undefined ? false : useChallenge(context, tag, answered);
  const [now, listed, isFirst] = await Promise.all([store.now(), store.list(tag), first]);
  return { now, listed, isFirst };
}

interface Found {
  readonly now: number;
  readonly listed: readonly ListedSession[];
  /** The proof holds, and was not seen before. */
  readonly isFirst: boolean;
}

/** Under whichever id it goes on, and only if it is bound to that very key. */
function isSessionOf({ runtime }: RequestContext, { ref, record }: ListedSession, { origin }: BrowserIdentity, key: string): boolean {
  const { app } = runtime;
  if (ref.app !== app.name || ref.profile !== app.profile.name || record.rotatedAt > 0) return false;
  const { binding } = record.device ?? {};
  return (record.origin ?? ref.digest) === origin && binding?.by === 'dbsc' && binding.key === key;
}

/** By the policy of this moment, whether or not the store has noticed. To prove a key is no activity. */
function isOver(context: RequestContext, { record }: ListedSession): boolean {
  context.facts.session = record;
  return context.decide(context.now).session !== 'keep';
}

/** The browser has another session by now: the key of the one before must not take that one's cookie. */
function isReplaced({ runtime, req, secure }: RequestContext, found: ListedSession, listed: readonly ListedSession[]): boolean {
  const { app } = runtime;
  const presented = runtime.present(req.headers.cookie, undefined, secure);
  if (typeof presented !== 'string' || !isSessionId(presented)) return false;
  const { tag, digest } = refOf(app.name, app.profile.name, presented);
  if (tag !== found.ref.tag) return true;
  return digest !== found.ref.digest && listed.some(({ ref, record }) => ref.digest === digest && record.rotatedAt === 0);
}

/** For whoever looks at the session. What a request is worth, its own cookie tells. */
async function recordProof({ engine, now }: RequestContext, { ref, record }: ListedSession, key: string): Promise<void> {
  try {
    await changeDevice(engine.settings.store, ref, record.device, (device) =>
      device?.binding?.key === key ? { ...device, binding: { ...device.binding, provenAt: now } } : device,
    );
  } catch (error) {
    // It has just got another id, or ended: the cookie will be worth what the session then is.
    if (!(error instanceof SessionError) || error instanceof StoreUnavailableError) throw error;
  }
}
