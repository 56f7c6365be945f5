import type { PresentedDevice } from '../../../policy/device.ts';
import { StoreUnavailableError } from '../../../sessions/errors.ts';
import type { SessionStore } from '../../../sessions/session-store.ts';
import { auditWorkstation } from '../../auditing.ts';
import type { RequestContext } from '../../request-context.ts';
import { WorkstationBook } from './workstation-book.ts';
import { giveWorkstation, presentedWorkstation, type WorkstationCredential } from './workstation-credential.ts';
import { workstationHandle } from './workstation-handle.ts';
import { examineSecret } from './workstation-secret.ts';

/** The credential of a workstation, which the store has to know. */
export interface WorkstationEvidence {
  ask(store: SessionStore): Promise<void>;
  present(now: number): PresentedDevice['workstation'];
}

const ATTEMPTS = 5;

/** What a device brings that several people use; whether it is enrolled, the store knows. */
export function workstationEvidence(context: RequestContext): WorkstationEvidence | undefined {
  const credential = presentedWorkstation(context);
  if (credential === undefined) return undefined;
  let isEnrolled = false;
  return {
    async ask(store) {
      isEnrolled = await confirm(context, new WorkstationBook(store, context.runtime.app.name), credential);
    },
    present: (now) => (isEnrolled ? { id: credential.id, at: now } : undefined),
  };
}

/** One read of the store, and once a day the writes that renew the secret. */
async function confirm(context: RequestContext, book: WorkstationBook, { id, secret }: WorkstationCredential): Promise<boolean> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const { now, entry } = await book.find(id);
    if (entry === undefined) return false;
    const finding = examineSecret(entry.record, secret, now);
    if (finding.found === 'copied') return forgetCopied(context, book, id);
    if (finding.change !== undefined && !(await book.change(entry, finding.change))) continue;
    if (finding.give !== undefined) giveWorkstation(context, { id, secret: finding.give });
    return true;
  }
  throw new StoreUnavailableError('the credential of a workstation could not be renewed');
}

/** Nobody can say which of the two is the workstation, so neither is. */
async function forgetCopied(context: RequestContext, book: WorkstationBook, id: string): Promise<false> {
  const { engine, runtime } = context;
  const app = runtime.app.name;
  if (!(await book.remove(id))) return false;
  auditWorkstation(engine, { action: 'copied', handle: workstationHandle(app, id) }, app);
  const message = 'the credential of a workstation was used by two, and was forgotten: it has to be enrolled again';
  engine.settings.log({ code: 'workstation_copied', message, app });
  return false;
}
