import type { PresentedDevice, SessionDevice } from '../../policy/device.ts';
import type { SessionStore } from '../../sessions/session-store.ts';
import type { RequestContext } from '../request-context.ts';
import { bindingAt, type BrowserProof, readBoundCookie } from './browser/bound-cookie.ts';
import { clientCertificate, type PresentedCertificate, provenByCertificate } from './client-certificate.ts';
import { readDeviceCredential } from './known/device-credential.ts';
import { type DpopEvidence, dpopEvidence } from './native/dpop-evidence.ts';
import { type WorkstationEvidence, workstationEvidence } from './workstation/workstation-evidence.ts';

/** What a request brings to prove its device, as far as it can be checked without the session and the time. */
export interface DeviceEvidence {
  /** Asks the store what only the store knows, in the turn in which the session is read. `tag`: of the session, if one was presented. */
  ask(store: SessionStore, tag: string | undefined): Promise<void> | undefined;
  /** What it is worth at an instant of the store's clock, to the session that was presented, if there is one. */
  present(now: number, session: PresentedSession | undefined): PresentedDevice;
}

/** A session that a request came with, with what it knows of its device. */
export interface PresentedSession {
  readonly device?: SessionDevice | undefined;
}

/** What the request brings; `undefined` if that is nothing, which is nearly always. */
export function gatherEvidence(context: RequestContext): Promise<DeviceEvidence | undefined> | undefined {
  const certificate = clientCertificate(context);
  const browser = readBoundCookie(context);
  const known = readDeviceCredential(context);
  const workstation = workstationEvidence(context);
  const dpop = dpopEvidence(context);
  const isNothing = (certificate ?? browser ?? known ?? workstation ?? dpop) === undefined;
  return isNothing ? undefined : gathered({ certificate, browser, known, workstation }, dpop);
}

async function gathered(parts: Parts, dpop: Promise<DpopEvidence> | undefined): Promise<DeviceEvidence> {
  return new GatheredEvidence(parts, await dpop);
}

interface Parts {
  readonly certificate: PresentedCertificate | undefined;
  readonly browser: BrowserProof | undefined;
  /** Ids of enrolled devices: this one, for each person who has enrolled it. */
  readonly known: readonly string[] | undefined;
  readonly workstation: WorkstationEvidence | undefined;
}

class GatheredEvidence implements DeviceEvidence {
  readonly #parts: Parts;
  readonly #dpop: DpopEvidence | undefined;

  constructor(parts: Parts, dpop: DpopEvidence | undefined) {
    this.#parts = parts;
    this.#dpop = dpop;
  }

  ask(store: SessionStore, tag: string | undefined): Promise<void> | undefined {
    const questions = [this.#dpop?.ask(store, tag), this.#parts.workstation?.ask(store)].filter((one) => one !== undefined);
    return questions.length === 0 ? undefined : Promise.all(questions).then(() => undefined);
  }

  present(now: number, session: PresentedSession | undefined): PresentedDevice {
    const { certificate, browser, known, workstation } = this.#parts;
    const dpop = this.#dpop?.present(now, session);
    const certified = provenByCertificate(certificate, now);
    const keys = [bindingAt(browser, now), dpop?.key, certified.key];
    return {
      known: ofSession(known, session?.device),
      workstation: workstation?.present(now),
      keys: keys.filter((key) => key !== undefined),
      fault: dpop?.fault ?? certified.fault,
    };
  }
}

/** The one that the session knows, if it is among them; otherwise that of whoever signed in here last. */
function ofSession(known: readonly string[] | undefined, device: SessionDevice | undefined): string | undefined {
  return known?.find((id) => id === device?.known?.id) ?? known?.[0];
}
