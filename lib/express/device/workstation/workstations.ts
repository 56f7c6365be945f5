import { randomBytes } from 'node:crypto';
import type { CompiledApp } from '../../../policy/policy.ts';
import { SessionError } from '../../../sessions/errors.ts';
import { isClientText } from '../../../sessions/store-input.ts';
import { auditWorkstation } from '../../auditing.ts';
import type { Engine } from '../../engine.ts';
import { INVITATION_MS, MOST_WORKSTATIONS, WorkstationBook } from './workstation-book.ts';
import { newCode, typedCode } from './workstation-code.ts';
import { workstationHandle, workstationOf } from './workstation-handle.ts';
import { enrolmentPath } from './workstation-path.ts';

/** A workstation that several people use, in a list for administrators. */
export interface WorkstationSummary {
  /** Names the workstation for `forgetWorkstation`. */
  readonly handle: string;
  readonly app: string;
  readonly label: string;
  /** Epoch milliseconds of the store's clock. */
  readonly enrolledAt: number;
  /** When its credential was last renewed, which happens once a day while it is used. */
  readonly renewedAt: number;
}

/** What an administrator types in, or opens, on the workstation. */
export interface WorkstationInvitation {
  /** Letters and digits in groups. For one use, within fifteen minutes; whoever has it can enrol any browser. */
  readonly code: string;
  /** Where it is typed in: a path of the app. */
  readonly path: string;
  /** Names the workstation that it will be; `forgetWorkstation` takes the invitation back. */
  readonly handle: string;
  /** Epoch milliseconds of the store's clock. */
  readonly expiresAt: number;
}

const ID_BYTES = 16;

export async function inviteWorkstation(
  engine: Engine,
  { app: name, label }: { readonly app: string; readonly label: string },
): Promise<WorkstationInvitation> {
  const app = sharedApp(engine, name);
  if (!isClientText(label)) throw new TypeError("label must be a text of 1 to 64 characters on one line, like 'Front desk 2'");
  const { store } = engine.settings;
  const book = new WorkstationBook(store, app.name);
  const [now, size] = await Promise.all([store.now(), book.size()]);
  if (size >= MOST_WORKSTATIONS) throw full(app.name);
  const id = randomBytes(ID_BYTES).toString('base64url');
  const code = newCode();
  await book.invite(typedCode(code) as string, { id, label });
  const handle = workstationHandle(app.name, id);
  auditWorkstation(engine, { action: 'invited', handle }, app.name);
  return { code, path: enrolmentPath(app), handle, expiresAt: now + INVITATION_MS };
}

/** In the order in which they were enrolled. */
export async function listWorkstations(engine: Engine, app: string): Promise<readonly WorkstationSummary[]> {
  const entries = await new WorkstationBook(engine.settings.store, sharedApp(engine, app).name).list();
  return entries.map(({ id, record: { label, enrolledAt, since } }) => ({
    handle: workstationHandle(app, id),
    app,
    label,
    enrolledAt,
    renewedAt: since,
  }));
}

/** @returns Whether there was one, or an invitation for it. */
export async function forgetWorkstation(engine: Engine, handle: string): Promise<boolean> {
  const named = workstationOf(handle);
  if (named === undefined) return false;
  const book = new WorkstationBook(engine.settings.store, named.app);
  // The invitation first: it can become a workstation meanwhile, and nothing else becomes an invitation.
  const withdrawn = await book.withdraw(named.id);
  const removed = (await book.remove(named.id)) || withdrawn;
  if (removed) auditWorkstation(engine, { action: 'forgotten', handle }, named.app);
  return removed;
}

/** @throws {TypeError} for an app that is not for shared devices. */
function sharedApp({ inForce }: Engine, name: string): CompiledApp {
  const app = inForce.policy.apps.get(name);
  if (app?.profile.shared === true && app.profile.transport === 'cookie') return app;
  throw new TypeError(`app must be one whose profile is for shared devices, like those of preset kiosk; "${name}" is none`);
}

function full(app: string): SessionError {
  const message = `app "${app}" has ${MOST_WORKSTATIONS} workstations, as many as it can have; forget one that is not used any more`;
  return new SessionError('ERR_ENROLMENT_REFUSED', 409, message);
}
