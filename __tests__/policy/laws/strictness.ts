import type { DeviceTrust } from '../../../lib/policy/document.ts';
import type { Limit, Requirement, Sourced } from '../../../lib/policy/requirement.ts';
import { LEVELS } from '../arbitraries.ts';

const TRUST: readonly DeviceTrust[] = ['none', 'known', 'bound', 'attested', 'managed'];

/** In what a requirement is laxer than another; nothing, if it asks for at least as much. */
export function laxerIn(requirement: Requirement, than: Requirement): readonly string[] {
  const { stepUp, device } = requirement;
  const comparisons: readonly (readonly [string, boolean])[] = [
    ['access', than.access.value === 'authenticated' && requirement.access.value === 'public'],
    ['subjects', requirement.subjects.value.some((kind) => !than.subjects.value.includes(kind))],
    ['idle', longer(requirement.idle, than.idle)],
    ['routeIdle', longer(requirement.routeIdle, than.routeIdle)],
    ['absolute', longer(requirement.absolute, than.absolute)],
    ['stepUp', than.stepUp !== undefined && stepUp === undefined],
    ['stepUp.maxAge', longer(stepUp?.maxAge, than.stepUp?.maxAge)],
    ['stepUp.level', levelOf(requirement) < levelOf(than)],
    ['stepUp.amr', missesSome(stepUp?.amr, than.stepUp?.amr)],
    ['stepUp.once', than.stepUp?.once !== undefined && stepUp?.once === undefined],
    ['stepUp.boundTo', missesSome(stepUp?.boundTo, than.stepUp?.boundTo)],
    ['approvals', missesSome(requirement.approvals, than.approvals)],
    ['stepUpRefused', than.stepUpRefused !== undefined && requirement.stepUpRefused === undefined],
    ['device', TRUST.indexOf(device?.trust.value ?? 'none') < TRUST.indexOf(than.device?.trust.value ?? 'none')],
    ['device.maxAge', longer(device?.maxAge, than.device?.maxAge)],
    ['workstation', than.workstation !== undefined && requirement.workstation === undefined],
    ['activity', than.activity.value === 'passive' && requirement.activity.value === 'active'],
    ['blocked', than.blocked !== undefined && requirement.blocked === undefined],
  ];
  return comparisons.filter(([, laxer]) => laxer).map(([field]) => field);
}

/** A requirement without its sources, lists in one order: what is asked, not who asked for it. */
export function asked(requirement: Requirement): unknown {
  const { stepUp, device } = requirement;
  return {
    access: requirement.access.value,
    subjects: requirement.subjects.value.toSorted(),
    idle: requirement.idle?.ms,
    routeIdle: requirement.routeIdle?.ms,
    absolute: requirement.absolute?.ms,
    absoluteFrom: requirement.absoluteFrom,
    stepUp: stepUp && {
      maxAge: stepUp.maxAge?.ms,
      level: levelOf(requirement),
      amr: valuesOf(stepUp.amr),
      once: stepUp.once !== undefined,
      boundTo: valuesOf(stepUp.boundTo),
    },
    stepUpRefused: requirement.stepUpRefused !== undefined,
    device: device && { trust: device.trust.value, maxAge: device.maxAge?.ms },
    workstation: requirement.workstation !== undefined,
    activity: requirement.activity.value,
    blocked: requirement.blocked !== undefined,
    approvals: valuesOf(requirement.approvals),
  };
}

function valuesOf(list: readonly Sourced<string>[]): readonly string[] {
  return list.map(({ value }) => value).toSorted();
}

function missesSome(list: readonly Sourced<string>[] = [], of: readonly Sourced<string>[] = []): boolean {
  return of.some(({ value }) => !valuesOf(list).includes(value));
}

function longer(limit: Limit | undefined, than: Limit | undefined): boolean {
  return than !== undefined && (limit === undefined || limit.ms > than.ms);
}

/** Position of the level asked for; a level that the policy does not know can't be reached and stands above all. */
function levelOf(requirement: Requirement): number {
  const level = requirement.stepUp?.level?.value;
  if (level === undefined) return -1;
  return LEVELS.includes(level) ? LEVELS.indexOf(level) : LEVELS.length;
}
