import type { BindingMethod } from '../../policy/device.ts';
import { isProven } from '../../policy/device.ts';
import type { DeviceTrust } from '../../policy/document.ts';
import type { Subject } from '../../policy/facts.ts';
import type { DeviceVerifier } from '../../proofs/device-verifier.ts';
import type { RequestContext } from '../request-context.ts';
import { gone } from '../stored-session.ts';
import { attestDevice, deviceChallenge } from './vouching/device-vouching.ts';
import { type DeviceSummary, enrollDevice, type EnrolledDevice, forgetOwnDevice, listDevices } from './known/known-devices.ts';

/** `req.sessionPolicy.device`: what is known of the device that a request comes from, and what can be shown of it. */
export interface DeviceControl {
  /** What has been proved for this request; each level implies the ones below it. */
  readonly trust: DeviceTrust;
  /** How the key that the session is bound to proves itself; `undefined` without one. */
  readonly boundBy: BindingMethod | undefined;
  /** Thumbprint of that key (RFC 7638; RFC 8705 section 3.1 for a certificate). */
  readonly key: string | undefined;
  /**
   * Enrols the device for the subject of the session, who has to be as freshly and strongly authenticated as the profile's `enrolment` says.
   * From then on it is `known`, also after signing out and in again. Its credential is renewed with every sign-in, and once a day in between: if
   * one turns up that was replaced more than a minute ago, two have had it, and the device is forgotten (audit event `device`, `copied`). On one
   * device the last four people who enrolled it are known, each to their own sessions. It proves that a cookie is there, and no key: who can read
   * the cookies of a browser at any time has what it has.
   *
   * @throws {TypeError} for a label that does not fit in a list.
   * @throws {SessionError} `ERR_ENROLMENT_REFUSED`, `ERR_SESSION_ENDED`, `ERR_STORE_UNAVAILABLE`
   * @example
   * app.post('/this-device', stepUp({ maxAge: '5m' }), async (req, res) => {
   *   await req.sessionPolicy.device.enroll({ label: "Ada's laptop" });
   *   res.redirect(303, '/account');
   * });
   */
  enroll(options?: { readonly label?: string }): Promise<EnrolledDevice>;
  /**
   * The subject's enrolled devices.
   *
   * @throws {SessionError} `ERR_SESSION_ENDED`, `ERR_STORE_UNAVAILABLE`
   */
  list(): Promise<readonly DeviceSummary[]>;
  /**
   * Forgets one of them: it is not `known` any more, in no session.
   *
   * @returns Whether there was one.
   * @throws {SessionError} `ERR_SESSION_ENDED`, `ERR_STORE_UNAVAILABLE`
   */
  forget(handle: string): Promise<boolean>;
  /**
   * A challenge for the evidence that `attest` takes: good once, for this session, for five minutes. It takes the place of the one before.
   *
   * @throws {SessionError} `ERR_SESSION_ENDED`, `ERR_STORE_UNAVAILABLE`
   */
  challenge(): Promise<string>;
  /**
   * Has evidence about the device verified, and records for how long it makes the session's key `attested` or `managed`.
   *
   * @returns The trust that the request has then.
   * @throws {TypeError} for what is no verifier.
   * @throws {SessionError} `ERR_DEVICE_UNBOUND` if the session is bound to no key or the request does not prove it, `ERR_DEVICE_REFUSED` if the
   * evidence does not hold or is about another key (its `cause` may be an `EvidenceError`, whose code says what the client can do),
   * `ERR_VERIFIER_UNAVAILABLE` if that can't be checked now (503), `ERR_SESSION_ENDED`, `ERR_STORE_UNAVAILABLE`
   * @example
   * app.post('/device/posture', async (req, res) => res.json({ trust: await req.sessionPolicy.device.attest(posture, req.body.assertion) }));
   */
  attest(verifier: DeviceVerifier, evidence: unknown): Promise<DeviceTrust>;
}

const LEVELS = ['managed', 'attested', 'bound', 'known'] as const;

export class ContextDevice implements DeviceControl {
  readonly #context: RequestContext;

  constructor(context: RequestContext) {
    this.#context = context;
  }

  get trust(): DeviceTrust {
    const { facts, now, loaded } = this.#context;
    return LEVELS.find((level) => isProven(loaded?.record.device, facts.device, level, undefined, now)) ?? 'none';
  }

  get boundBy(): BindingMethod | undefined {
    return this.#context.loaded?.record.device?.binding?.by;
  }

  get key(): string | undefined {
    return this.#context.loaded?.record.device?.binding?.key;
  }

  enroll(options: { readonly label?: string } = {}): Promise<EnrolledDevice> {
    return enrollDevice(this.#context, options);
  }

  async list(): Promise<readonly DeviceSummary[]> {
    return listDevices(this.#context.engine, this.#owner(), this.#context.facts.device?.known);
  }

  async forget(handle: string): Promise<boolean> {
    return forgetOwnDevice(this.#context, handle);
  }

  challenge(): Promise<string> {
    return deviceChallenge(this.#context);
  }

  async attest(verifier: DeviceVerifier, evidence: unknown): Promise<DeviceTrust> {
    await attestDevice(this.#context, verifier, evidence);
    return this.trust;
  }

  #owner(): Subject {
    const subject = this.#context.loaded?.record.subject;
    if (subject === undefined) throw gone();
    return subject;
  }
}
