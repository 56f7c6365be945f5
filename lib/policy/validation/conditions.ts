import { conditionSelects } from '../conditions.ts';
import type { AppDocument, ConditionDocument } from '../document.ts';
import { durationMs } from '../duration.ts';
import { trustRank } from '../requirement.ts';
import { nearest } from '../suggestion.ts';
import { shown } from '../text-forms.ts';
import { checkStepUp } from './demands.ts';
import type { Path } from './findings.ts';
import { checkNetwork } from './network-ranges.ts';
import { checkIds, checkName, listed, type Portfolio, type SoundApp } from './portfolio.ts';
import { levelRank, type ProfileLimits } from './profile-limits.ts';
import type { Sound } from './structure.ts';

type Condition = Sound<ConditionDocument>;

/** Reports conditions that can never match, cannot be met, or ask for nothing that is not asked already. */
export function checkConditions(portfolio: Portfolio): void {
  const conditions = portfolio.document.conditions ?? [];
  checkIds(conditions, ['conditions'], portfolio.findings);
  conditions.forEach((condition, index) => {
    if (condition !== undefined) checkCondition(portfolio, condition, ['conditions', index]);
  });
}

function checkCondition(portfolio: Portfolio, condition: Condition, at: Path): void {
  const { when, require } = condition;
  const named = [
    ...(when?.apps ?? []).map((name, index) => checkName(portfolio, 'apps', name, [...at, 'when', 'apps', index])),
    ...(when?.profiles ?? []).map((name, index) => checkName(portfolio, 'profiles', name, [...at, 'when', 'profiles', index])),
    ...(when?.tags ?? []).map((tag, index) => checkTag(portfolio, tag, [...at, 'when', 'tags', index])),
  ].every(Boolean);
  checkNetwork(portfolio.findings, when?.network, [...at, 'when', 'network']);
  checkStepUp(portfolio, require?.stepUp, [...at, 'require', 'stepUp'], 0);
  if (!named || portfolio.unsure(...at, 'when') || portfolio.unsure('apps')) return;
  const selected = [...portfolio.apps.values()].filter((app) => selects(condition, app));
  if (selected.length === 0) return reportUnused(portfolio, condition, at);
  checkSubjects(portfolio, condition, selected, at);
  noteEffect(portfolio, condition, selected, at);
}

/** A tag may be written before the first app has it, but one that is nearly the tag of an app is a slip. */
function checkTag({ apps, findings }: Portfolio, tag: string, at: Path): boolean {
  const known = new Set([...apps.values()].flatMap((app) => app.document.tags ?? []));
  const meant = known.has(tag) ? undefined : nearest(tag, known);
  // `tier-1` is no slip of `tier-2`.
  const slip = meant !== undefined && meant.replace(/\d+/g, '') !== tag.replace(/\d+/g, '');
  if (slip) findings.fault(at, `${shown(tag)} is the tag of no app`, meant);
  return !slip;
}

function selects(condition: Condition, { name, document }: SoundApp): boolean {
  return conditionSelects(condition as ConditionDocument, name, document as AppDocument);
}

/** What goes by names can never match; what goes by tags or profiles may be waiting for its first app. */
function reportUnused({ apps, findings }: Portfolio, { when }: Condition, at: Path): void {
  const all = [...apps.values()];
  const waits =
    when?.apps === undefined &&
    (when?.tags?.every((tag) => !all.some(({ document }) => document.tags?.includes(tag))) === true ||
      when?.profiles?.every((profile) => !all.some(({ document }) => document.profile === profile)) === true);
  if (waits) findings.notice([...at, 'when'], 'selects no app yet');
  else findings.fault([...at, 'when'], 'can never match: no app has all that it names');
}

function checkSubjects({ findings }: Portfolio, { when, require }: Condition, selected: readonly SoundApp[], at: Path): void {
  const admitted = selected.map(({ profile }) => profile?.subjects);
  if (admitted.includes(undefined)) return;
  const kinds = new Set(admitted.flatMap((subjects) => subjects ?? []));
  if (when?.subjects?.every((kind) => !kinds.has(kind)) === true) {
    findings.fault([...at, 'when', 'subjects'], `can never match: the selected apps let in only ${listed([...kinds])}`);
  }
  if (require?.subjects?.every((kind) => !kinds.has(kind)) === true) {
    findings.notice([...at, 'require', 'subjects'], 'turns everybody away; `block: true` says that more plainly');
  }
}

/** Says which demands change nothing, and which can never be met, for any of the selected apps. */
function noteEffect(portfolio: Portfolio, { require }: Condition, selected: readonly SoundApp[], at: Path): void {
  const profiles = selected.map(({ profile }) => profile);
  if (require === undefined || profiles.includes(undefined)) return;
  const known = profiles as readonly ProfileLimits[];
  for (const field of Object.keys(require) as (keyof typeof require)[]) {
    if (known.every((profile) => changesNothing(portfolio, field, require, profile))) {
      portfolio.findings.notice([...at, 'require', field], 'changes nothing: every selected app asks for as much already');
    }
  }
  const refusing = require.stepUp === undefined ? [] : selected.filter(({ profile }) => profile?.refusesStepUp === true);
  if (refusing.length > 0) {
    portfolio.findings.notice([...at, 'require', 'stepUp'], `is always refused for ${listed(refusing.map(({ name }) => name))}`);
  }
}

function changesNothing(
  portfolio: Portfolio,
  field: keyof NonNullable<Condition['require']>,
  require: NonNullable<Condition['require']>,
  profile: ProfileLimits,
): boolean {
  if (field === 'idle' || field === 'absolute') return require[field] !== undefined && profile[field] <= durationMs(require[field], field);
  if (field === 'subjects') return profile.subjects?.every((kind) => require.subjects?.includes(kind)) === true;
  if (field === 'device') {
    const { trust = 'none', maxAge } = require.device ?? {};
    return profile.trust >= trustRank(trust) && (maxAge === undefined || profile.deviceMaxAge <= durationMs(maxAge, field));
  }
  return field === 'stepUp' && stepUpChangesNothing(portfolio, require.stepUp, profile);
}

function stepUpChangesNothing(portfolio: Portfolio, stepUp: NonNullable<Condition['require']>['stepUp'], profile: ProfileLimits): boolean {
  const own = profile.document.stepUp === 'refused' ? undefined : profile.document.stepUp;
  if (own === undefined || stepUp === undefined || profile.ownStepUp > profile.stepUpCap) return false;
  const age = stepUp.maxAge === undefined ? Number.POSITIVE_INFINITY : durationMs(stepUp.maxAge, 'maxAge');
  const level =
    stepUp.level === undefined || (own.level !== undefined && levelRank(portfolio, own.level) >= levelRank(portfolio, stepUp.level));
  const methods = stepUp.amr?.every((method) => own.amr?.includes(method)) ?? true;
  return profile.ownStepUp <= age && level && methods && (stepUp.once !== true || own.once === true);
}
