import type { DeviceDocument, StepUpDocument } from './document.ts';
import { durationMs } from './duration.ts';
import type { Clause } from './requirement.ts';

/** The part of a clause that a step-up demand of a document or a guard stands for. */
export function stepUpClause(stepUp: StepUpDocument | undefined): Pick<Clause, 'stepUp'> {
  if (stepUp === undefined) return {};
  return {
    stepUp: {
      ...(stepUp.maxAge === undefined ? {} : { maxAgeMs: durationMs(stepUp.maxAge, 'stepUp.maxAge') }),
      ...(stepUp.level === undefined ? {} : { level: stepUp.level }),
      ...(stepUp.amr === undefined ? {} : { amr: stepUp.amr }),
      ...(stepUp.once === undefined ? {} : { once: stepUp.once }),
    },
  };
}

/** The part of a clause that a device demand stands for. */
export function deviceClause(device: DeviceDocument | undefined): Pick<Clause, 'device'> {
  if (device === undefined) return {};
  return {
    device: {
      trust: device.trust,
      ...(device.maxAge === undefined ? {} : { maxAgeMs: durationMs(device.maxAge, 'device.maxAge') }),
    },
  };
}
