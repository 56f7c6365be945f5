import type { Subject } from '../../policy/facts.ts';
import type { Engine } from '../engine.ts';
import { type ComplianceReport, reportCompliance } from './vouching/compliance-report.ts';
import { type DeviceSummary, forgetDevice, listDevices } from './known/known-devices.ts';
import {
  forgetWorkstation,
  inviteWorkstation,
  listWorkstations,
  type WorkstationInvitation,
  type WorkstationSummary,
} from './workstation/workstations.ts';

/** `sessions.devices`: devices of all subjects, for administrators and device managers. */
export interface DeviceDirectory<AppName extends string = string> {
  /**
   * The enrolled devices of a subject.
   *
   * @throws {SessionError} `ERR_STORE_UNAVAILABLE`
   */
  list(subject: Subject): Promise<readonly DeviceSummary[]>;
  /**
   * Forgets one of them: it is not `known` any more, in no session.
   *
   * @throws {SessionError} `ERR_STORE_UNAVAILABLE`
   */
  forget(subject: Subject, handle: string): Promise<boolean>;
  /**
   * Takes what a device manager says by itself, and acts on running sessions at once. It only ever lowers trust.
   *
   * @returns The number of sessions that it was about.
   * @throws {TypeError} for what is no report.
   * @throws {SessionError} `ERR_STORE_UNAVAILABLE`
   * @example
   * await sessions.devices.report({ key: body.thumbprint, compliant: false });
   */
  report(report: ComplianceReport): Promise<number>;
  /**
   * Lets one workstation be enrolled for an app whose profile is for shared devices. An administrator asks for it, and types the code in on
   * the workstation: the browser there has a cookie from then on, for 400 days after its last use. The cookie is a secret that is replaced
   * once a day. If two have it, the workstation is forgotten, which is audited (`copied`) and logged (`workstation_copied`).
   *
   * @throws {TypeError} for an app that is not for shared devices, or a label that does not fit in a list.
   * @throws {SessionError} `ERR_ENROLMENT_REFUSED` if the app has 900 workstations, `ERR_STORE_UNAVAILABLE`
   * @example
   * const { code, path } = await sessions.devices.inviteWorkstation({ app: 'desk', label: 'Front desk 2' });
   */
  inviteWorkstation(input: { readonly app: AppName; readonly label: string }): Promise<WorkstationInvitation>;
  /**
   * The enrolled workstations of an app, in the order in which they were enrolled.
   *
   * @throws {TypeError} for an app that is not for shared devices.
   * @throws {SessionError} `ERR_STORE_UNAVAILABLE`
   * @example
   * for (const { label, renewedAt } of await sessions.devices.workstations('desk')) console.log(label, new Date(renewedAt));
   */
  workstations(app: AppName): Promise<readonly WorkstationSummary[]>;
  /**
   * Nothing goes on from this workstation any more: whoever works on it is turned away at the next request. An invitation that was not used
   * yet is taken back.
   *
   * @returns Whether there was one. If not, and its code may be in use at this moment, ask again.
   * @throws {SessionError} `ERR_STORE_UNAVAILABLE`
   */
  forgetWorkstation(handle: string): Promise<boolean>;
}

export function deviceDirectory(engine: Engine): DeviceDirectory {
  return {
    list: (subject) => listDevices(engine, subject, undefined),
    forget: (subject, handle) => forgetDevice(engine, subject, handle),
    report: (report) => reportCompliance(engine, report),
    inviteWorkstation: (input) => inviteWorkstation(engine, input),
    workstations: (app) => listWorkstations(engine, app),
    forgetWorkstation: (handle) => forgetWorkstation(engine, handle),
  };
}
