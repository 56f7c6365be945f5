import type { CeilingDocument } from '../document.ts';
import { durationMs, formatDuration } from '../duration.ts';
import type { PresetLimit } from '../presets.ts';
import { trustRank } from '../requirement.ts';
import { shown } from '../text-forms.ts';
import { checkStepUp } from './demands.ts';
import { checkDevices } from './devices.ts';
import type { Path } from './findings.ts';
import type { Portfolio } from './portfolio.ts';
import type { ProfileLimits } from './profile-limits.ts';

/** Reports what is wrong with the profiles of a document, each by itself. */
export function checkProfiles(portfolio: Portfolio): void {
  const used = new Set([...portfolio.apps.values()].map((app) => app.document.profile));
  for (const profile of portfolio.profiles.values()) {
    const at: Path = ['profiles', profile.name];
    checkTimes(portfolio, profile, at);
    checkNormative(portfolio, profile, at);
    checkCeiling(portfolio, profile, at);
    checkOwnStepUp(portfolio, profile, at);
    checkTransport(portfolio, profile, at);
    checkShared(portfolio, profile, at);
    checkOrigins(portfolio, profile, at);
    checkDevices(portfolio, profile, at);
    if (!used.has(profile.name) && !portfolio.unsure('apps')) portfolio.findings.notice(at, 'no app uses this profile');
  }
}

function checkTimes({ findings, unsure }: Portfolio, { document, idle, absolute, preset, transport }: ProfileLimits, at: Path): void {
  if (idle > absolute && Number.isFinite(idle)) {
    const own = document.idle === undefined ? 'absolute' : 'idle';
    const from = document.idle === undefined ? ' (from the preset)' : '';
    findings.fault(
      [...at, own],
      `the idle timeout of ${formatDuration(idle)}${from} is longer than the absolute timeout of ${formatDuration(absolute)}`,
    );
  }
  if (preset !== undefined || transport === 'token' || unsure(...at)) return;
  if (document.absolute === undefined) findings.notice(at, 'has no absolute timeout: a session lives for as long as it is used');
  if (document.idle === undefined) findings.notice(at, 'has no idle timeout: a session that is left alone stays open');
}

/** OWASP ASVS 7.1.1: a departure from a normative number is justified, or it is not made. */
function checkNormative({ findings, unsure }: Portfolio, profile: ProfileLimits, at: Path): void {
  const { document, preset } = profile;
  if (preset === undefined || unsure(...at, 'device') || unsure(...at, 'because')) return;
  for (const field of ['idle', 'absolute'] as const) {
    const normative = normativeFigure(preset[field], profile);
    if (normative === undefined || document[field] === undefined || !(profile[field] > durationMs(normative, field))) continue;
    const departs = `${document[field]} is looser than ${normative}, the normative figure of preset ${shown(document.preset)}`;
    if (document.because === undefined)
      findings.fault([...at, field], `${departs}; a profile that departs from it says why in \`because\``);
    else findings.notice([...at, field], `${departs}, because: ${document.because}`);
  }
}

function normativeFigure(limit: PresetLimit | undefined, profile: ProfileLimits): PresetLimit['normative'] {
  return (profile.trust >= trustRank('bound') ? limit?.normativeIfBound : undefined) ?? limit?.normative;
}

function checkCeiling({ findings }: Portfolio, { document, preset, ceiling, ...own }: ProfileLimits, at: Path): void {
  const asked = { idle: own.idle, absolute: own.absolute, stepUpMaxAge: own.stepUpCap };
  for (const field of Object.keys(document.ceiling ?? {}) as (keyof CeilingDocument)[]) {
    const value = asked[field as keyof typeof asked] ?? Number.NaN;
    if (Number.isFinite(value) && value > ceiling[field]) {
      findings.fault([...at, 'ceiling', field], `is below what the profile itself allows, ${formatDuration(value)}`);
    }
    const usual = preset?.ceiling[field]?.value;
    if (usual !== undefined && ceiling[field] > durationMs(usual, field)) {
      findings.notice([...at, 'ceiling', field], `is above the preset's ceiling of ${usual}`);
    }
  }
}

function checkOwnStepUp(portfolio: Portfolio, { document, preset, ownStepUp }: ProfileLimits, at: Path): void {
  if (document.stepUp === 'refused') return;
  checkStepUp(portfolio, document.stepUp, [...at, 'stepUp'], Number.POSITIVE_INFINITY);
  const cap = document.stepUpMaxAge;
  if (cap !== undefined && Number.isFinite(ownStepUp) && ownStepUp > durationMs(cap, 'stepUpMaxAge')) {
    portfolio.findings.fault([...at, 'stepUp', 'maxAge'], `is longer than the profile's own stepUpMaxAge of ${cap}`);
  }
  if (preset?.stepUp === 'refused' && document.stepUp !== undefined) {
    portfolio.findings.notice([...at, 'stepUp'], 'allows step-ups where the preset refuses them');
  }
}

function checkTransport({ findings }: Portfolio, { document, preset, transport }: ProfileLimits, at: Path): void {
  if (preset?.transport === 'token' && document.transport !== undefined) {
    findings.fault([...at, 'transport'], `preset ${shown(document.preset)} has tokens and no sessions; leave transport out`);
  }
  if (document.transport === 'cookie' && (document.preset === 'api' || document.preset === 'agent')) {
    findings.fault([...at, 'transport'], `preset ${shown(document.preset)} uses no cookies`, 'header');
  }
  if (document.cookie?.secure === false) findings.notice([...at, 'cookie', 'secure'], 'the session cookie also goes over plain http');
  if (transport !== 'header' && transport !== 'token') return;
  for (const field of ['cookie', 'crossSite'] as const) {
    if (document[field] !== undefined) findings.notice([...at, field], 'has no effect: this profile uses no cookie');
  }
}

/** What is kept on a device that several people use is kept for the next one. */
function checkShared({ findings }: Portfolio, { document, preset, shared }: ProfileLimits, at: Path): void {
  if (shared && document.cookie?.persistent === true) {
    const why =
      document.shared === undefined ? `preset ${shown(document.preset)} is for shared devices` : 'the profile is for shared devices';
    findings.fault([...at, 'cookie', 'persistent'], `keeps the cookie when the browser closes, and ${why}; leave it out`);
  }
  if (preset?.shared === true && document.shared === false) {
    findings.notice([...at, 'shared'], 'leaves what one person did to the next, where the preset clears it away');
  }
}

/** Compared with what browsers send, text by text: a default port would never be equal. */
function checkOrigins({ findings }: Portfolio, { document }: ProfileLimits, at: Path): void {
  document.crossSite?.trustedOrigins?.forEach((origin, index) => {
    const sent = URL.canParse(origin) ? new URL(origin).origin : undefined;
    if (sent === origin) return;
    findings.fault(
      [...at, 'crossSite', 'trustedOrigins', index],
      `${shown(origin)} is not written as browsers send it and would never match`,
      sent,
    );
  });
}
