import { DEFAULT_ASSURANCE } from '../compile.ts';
import type { PolicyDocument, ProfileDocument, SubjectKind } from '../document.ts';
import { type Duration, durationMs } from '../duration.ts';
import { PRESETS, type Preset, type PresetLimit } from '../presets.ts';
import { trustRank } from '../requirement.ts';
import type { Path } from './findings.ts';
import type { Sound, SoundParts } from './structure.ts';

/**
 * What a profile asks for with its preset filled in. Times are milliseconds: `Infinity` where there is no limit, and `NaN` where
 * it is not known because the document is faulty there. A comparison with `NaN` is false, so no fault follows from another one.
 */
export interface ProfileLimits {
  readonly name: string;
  readonly document: Sound<ProfileDocument>;
  readonly preset: Preset | undefined;
  readonly idle: number;
  readonly absolute: number;
  /** Age of the profile's own step-up on every request. */
  readonly ownStepUp: number;
  /** Longest age that any other step-up on the profile accepts. */
  readonly stepUpCap: number;
  readonly level: string | undefined;
  readonly refusesStepUp: boolean;
  /** Several people use the device. */
  readonly shared: boolean;
  readonly trust: number;
  readonly deviceMaxAge: number;
  /** `undefined` where it is not known. */
  readonly subjects: readonly SubjectKind[] | undefined;
  readonly transport: 'cookie' | 'header' | 'token' | undefined;
  readonly ceiling: Ceiling;
}

/** What an exception may not pass, in milliseconds. */
export interface Ceiling {
  readonly idle: number;
  readonly absolute: number;
  readonly stepUpMaxAge: number;
  readonly exceptionLifetime: number;
  readonly exceptionReview: number;
}

/** For profiles that name neither a preset nor a ceiling. */
const EXCEPTION_LIFETIME: Duration = '90d';
const EXCEPTION_REVIEW: Duration = '30d';

/** The limits of every profile of which anything is left. */
export function profileLimits({ document, unsure }: SoundParts): ReadonlyMap<string, ProfileLimits> {
  const profiles = Object.entries(document.profiles ?? {}).filter(
    (entry): entry is [string, Sound<ProfileDocument>] => entry[1] !== undefined,
  );
  return new Map(profiles.map(([name, profile]) => [name, limitsOf(name, profile, (...path) => unsure('profiles', name, ...path))]));
}

/** Position of a level among the document's; -1 if it is none of them, `NaN` where that is not known. */
export function levelRank({ document, unsure }: SoundParts, level: string): number {
  return unsure('assurance') ? Number.NaN : levelsOf(document).indexOf(level);
}

/** The assurance levels of a document, lowest first. */
export function levelsOf(document: Sound<PolicyDocument>): readonly string[] {
  return document.assurance ?? DEFAULT_ASSURANCE;
}

function limitsOf(name: string, document: Sound<ProfileDocument>, unsure: (...path: Path) => boolean): ProfileLimits {
  const preset = document.preset === undefined ? undefined : PRESETS[document.preset];
  const or = <T, U>(field: keyof ProfileDocument, own: T | undefined, fallback: U, unknown: U): T | U =>
    unsure(field) ? unknown : (own ?? (unsure('preset') ? unknown : fallback));
  const limit = (field: keyof ProfileDocument, own: Duration | undefined, fallback: PresetLimit | undefined): number =>
    or(field, own && ms(own), fallback === undefined ? Number.POSITIVE_INFINITY : ms(fallback.value), Number.NaN);

  const idle = limit('idle', document.idle, preset?.idle);
  const absolute = limit('absolute', document.absolute, preset?.absolute);
  const stepUp = document.stepUp === 'refused' ? undefined : document.stepUp;
  const ownStepUp = unsure('stepUp') ? Number.NaN : stepUp?.maxAge === undefined ? Number.POSITIVE_INFINITY : ms(stepUp.maxAge);
  const stepUpCap = Math.min(ownStepUp, limit('stepUpMaxAge', document.stepUpMaxAge ?? stepUp?.maxAge, preset?.stepUpMaxAge));
  return {
    name,
    document,
    preset,
    idle,
    absolute,
    ownStepUp,
    stepUpCap,
    level: stepUp?.level,
    shared: or('shared', document.shared, preset?.shared ?? false, false),
    refusesStepUp: (document.stepUp ?? preset?.stepUp) === 'refused',
    trust: unsure('device') ? Number.NaN : trustRank(document.device?.trust ?? 'none'),
    deviceMaxAge: unsure('device')
      ? Number.NaN
      : document.device?.maxAge === undefined
        ? Number.POSITIVE_INFINITY
        : ms(document.device.maxAge),
    subjects: or('subjects', document.subjects, preset?.subjects ?? USERS, undefined),
    transport: or('transport', document.transport, preset?.transport ?? 'cookie', undefined),
    ceiling: ceilingOf(document, preset, unsure('ceiling') || unsure('preset'), { idle, absolute, stepUpMaxAge: stepUpCap }),
  };
}

const USERS: readonly SubjectKind[] = ['user'];

type OwnLimits = Pick<Ceiling, 'idle' | 'absolute' | 'stepUpMaxAge'>;

/** A profile that names no ceiling has its preset's; one without a preset has its own values. */
function ceilingOf(document: Sound<ProfileDocument>, preset: Preset | undefined, unknown: boolean, own: OwnLimits): Ceiling {
  const limit = (field: keyof Ceiling, fallback: number): number => {
    const declared = document.ceiling?.[field] ?? preset?.ceiling[field]?.value;
    return unknown ? Number.NaN : declared === undefined ? fallback : ms(declared);
  };
  return {
    idle: limit('idle', own.idle),
    absolute: limit('absolute', own.absolute),
    stepUpMaxAge: limit('stepUpMaxAge', own.stepUpMaxAge),
    exceptionLifetime: limit('exceptionLifetime', ms(EXCEPTION_LIFETIME)),
    exceptionReview: limit('exceptionReview', ms(EXCEPTION_REVIEW)),
  };
}

function ms(duration: Duration): number {
  return durationMs(duration, 'limit');
}
