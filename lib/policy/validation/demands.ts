import type { DeviceDocument, StepUpDocument } from '../document.ts';
import { durationMs, formatDuration } from '../duration.ts';
import { nearest } from '../suggestion.ts';
import { shown } from '../text-forms.ts';
import type { Path } from './findings.ts';
import { trustRank } from '../requirement.ts';
import type { Portfolio } from './portfolio.ts';
import { levelRank, levelsOf, type ProfileLimits } from './profile-limits.ts';
import { listed } from './portfolio.ts';
import type { Sound } from './structure.ts';

/** Reports a level that the document does not know, and a step-up that asks for nothing at all. */
export function checkStepUp(portfolio: Portfolio, stepUp: Sound<StepUpDocument> | undefined, at: Path, defaultAge: number): void {
  if (stepUp === undefined) return;
  const { level, maxAge, amr, once } = stepUp;
  if (level !== undefined && levelRank(portfolio, level) === -1) {
    const levels = levelsOf(portfolio.document);
    portfolio.findings.fault(
      [...at, 'level'],
      `${shown(level)} is no level of this policy; there are ${listed(levels)}`,
      nearest(level, levels),
    );
  }
  const empty = level === undefined && maxAge === undefined && amr === undefined && once !== true;
  if (empty && defaultAge === Number.POSITIVE_INFINITY && !portfolio.unsure(...at)) {
    portfolio.findings.fault(at, 'asks for nothing: give it a maxAge, level, amr or once');
  }
}

/** Reports a step-up that is looser than what the profile asks for. */
export function checkStepUpAgainst(
  portfolio: Portfolio,
  stepUp: Sound<StepUpDocument> | undefined,
  profile: ProfileLimits,
  at: Path,
): void {
  const { findings } = portfolio;
  const maxAge = stepUp?.maxAge === undefined ? Number.NaN : durationMs(stepUp.maxAge, 'maxAge');
  if (maxAge > profile.stepUpCap) {
    findings.fault(
      [...at, 'maxAge'],
      `is looser than profile ${shown(profile.name)}, where a step-up is at most ${formatDuration(profile.stepUpCap)} old`,
    );
  }
  const [asked, own] = [stepUp?.level, profile.level].map((level) => (level === undefined ? Number.NaN : levelRank(portfolio, level)));
  if (asked !== -1 && (asked as number) < (own as number)) {
    findings.fault([...at, 'level'], `is lower than ${shown(profile.level)}, which profile ${shown(profile.name)} asks for everywhere`);
  }
}

/** Reports a demand on the device that is looser than the profile's. */
export function checkDeviceAgainst(
  { findings }: Portfolio,
  device: Sound<DeviceDocument> | undefined,
  profile: ProfileLimits,
  at: Path,
): void {
  const wanted = profile.document.device;
  if (device?.trust !== undefined && trustRank(device.trust) < profile.trust) {
    findings.fault([...at, 'trust'], `is lower than ${shown(wanted?.trust)}, which profile ${shown(profile.name)} asks for everywhere`);
  }
  if (device?.maxAge !== undefined && durationMs(device.maxAge, 'maxAge') > profile.deviceMaxAge) {
    findings.fault([...at, 'maxAge'], `is longer than ${shown(wanted?.maxAge)}, which profile ${shown(profile.name)} asks for everywhere`);
  }
}
