import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { appEntries, appMatcher, onOneHost } from './apps.ts';
import { deviceClause, stepUpClause } from './clause.ts';
import { compileDbsc, compileDevice } from './compile-device.ts';
import { type CompiledCondition, compileCondition, conditionSelects } from './conditions.ts';
import type { AppDocument, DeviceTrust, ExceptionDocument, PolicyDocument, ProfileDocument } from './document.ts';
import { type Duration, durationMs } from './duration.ts';
import { compileException } from './exceptions.ts';
import { deviceUrlOf, entryPaths, sessionPaths } from './own-paths.ts';
import type { CompiledApp, CompiledProfile, Policy } from './policy.ts';
import { PRESETS, type Preset, type PresetLimit } from './presets.ts';
import { type Limit, type Requirement, type Source, tighten, trustRank } from './requirement.ts';
import { compileRoute } from './routes.ts';
import { Rule } from './rule.ts';

/** Levels of a document that names none, lowest first (NIST SP 800-63B-4, and what it asks of phishing resistance). */
export const DEFAULT_ASSURANCE: readonly string[] = ['aal1', 'aal2', 'phishing-resistant', 'aal3'];

/** Where people sign in and confirm who they are, for apps of the document that do not say. */
export interface EntryUrls {
  readonly loginUrl: string;
  readonly reauthenticateUrl: string;
}

const ENTRY_URLS: EntryUrls = { loginUrl: '/login', reauthenticateUrl: '/reauthenticate' };

/** Compiles a document that has been found valid. */
export function compilePolicy(document: PolicyDocument, notices: readonly string[] = [], entry: EntryUrls = ENTRY_URLS): Policy {
  const digest = digestOf(document);
  const assurance = document.assurance ?? DEFAULT_ASSURANCE;
  const sharing = sharingHosts(document);
  const context = { document, digest, assurance, entry, sharing };
  const apps = new Map(Object.keys(document.apps).map((name) => [name, compileApp(context, name)]));
  return Object.freeze({ document, digest, assurance, apps, matcher: appMatcher(apps, document.apps), notices });
}

/** SHA-256 over the document with its keys in order, base64url. */
function digestOf(document: PolicyDocument): string {
  const canonical = JSON.stringify(document, (_key, value: unknown) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  const text = String.fromCharCode(...sha256(utf8ToBytes(canonical)));
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace('=', '');
}

/** What all apps of a document are compiled with. */
interface Compilation {
  readonly document: PolicyDocument;
  readonly digest: string;
  readonly assurance: readonly string[];
  readonly entry: EntryUrls;
  readonly sharing: ReadonlySet<string>;
}

function compileApp({ document, digest, assurance, entry, sharing }: Compilation, name: string): CompiledApp {
  const app = document.apps[name] as AppDocument;
  const profileDocument = document.profiles[app.profile] as ProfileDocument;
  const preset = profileDocument.preset === undefined ? undefined : PRESETS[profileDocument.preset];
  const profile = compileProfile(app.profile, profileDocument, preset, assurance);
  const conditions = (document.conditions ?? []).filter((one) => conditionSelects(one, name, app)).map(compileCondition);
  const routes = (app.routes ?? []).map((route) => compileRoute(name, route));
  const idles = [...documentIdles(profileDocument, preset, app), ...conditions.map((one) => one.clause.idleMs)].filter(
    (ms) => ms !== undefined,
  );
  const exceptions = (document.exceptions ?? []).filter((one) => one.app === name);
  const requirement = baseRequirement(app.profile, profileDocument, preset, profile);
  const base = exceptions.some((one) => one.allow.idle !== undefined) ? boundGap(requirement) : requirement;
  const loginUrl = app.loginUrl ?? entry.loginUrl;
  const reauthenticateUrl = app.reauthenticateUrl ?? entry.reauthenticateUrl;

  const compiled: CompiledApp = {
    name,
    policyDigest: digest,
    profile,
    tags: app.tags ?? [],
    owner: app.owner,
    loginUrl,
    reauthenticateUrl,
    ownDeviceUrl: app.ownDeviceUrl,
    deviceUrl: deviceUrlOf(app),
    sessionUrl: app.sessionUrl?.replace(/(?<=.)\/$/, ''),
    dbsc: compileDbsc(profile, trustsAsked(profileDocument, app, conditions, exceptions)),
    entryPaths: entryPaths(loginUrl, reauthenticateUrl),
    sessionPaths: new Map(app.sessionUrl === undefined ? [] : sessionPaths(app.sessionUrl)),
    routes,
    conditions,
    exceptions: exceptions.map(compileException),
    smallestIdleMs: idles.length === 0 ? undefined : Math.min(...idles),
    longestIdleMs: longest(
      base.idle,
      exceptions.map((one) => one.allow.idle),
    ),
    longestAbsoluteMs: longest(
      base.absolute,
      exceptions.map((one) => one.allow.absolute),
    ),
    sharesHost: sharing.has(name),
    rule: undefined as never,
    entryRule: undefined as never,
  };
  return Object.assign(compiled, { rule: new Rule(compiled, base), entryRule: new Rule(compiled, entryRequirement(base, name)) });
}

/** Every trust that something in the document asks of a device of this app. */
function trustsAsked(
  profile: ProfileDocument,
  app: AppDocument,
  conditions: readonly CompiledCondition[],
  exceptions: readonly ExceptionDocument[],
): readonly (DeviceTrust | undefined)[] {
  return [
    profile.device?.trust,
    ...(app.routes ?? []).map(({ device }) => device?.trust),
    ...conditions.map(({ clause }) => clause.device?.trust),
    ...exceptions.map(({ compensating }) => compensating?.device?.trust),
  ];
}

function compileProfile(
  name: string,
  document: ProfileDocument,
  preset: Preset | undefined,
  assurance: readonly string[],
): CompiledProfile {
  const concurrent = document.concurrent ?? preset?.concurrent;
  const ranks = new Map(assurance.map((level, rank) => [level, rank]));
  return {
    name,
    document,
    transport: document.transport ?? preset?.transport ?? 'cookie',
    subjects: document.subjects ?? preset?.subjects ?? ['user'],
    concurrent: concurrent === undefined ? undefined : { max: concurrent.max, onLimit: concurrent.onLimit ?? 'end-oldest' },
    shared: document.shared ?? preset?.shared ?? false,
    cookie: {
      sameSite: document.cookie?.sameSite ?? preset?.sameSite ?? 'lax',
      persistent: document.cookie?.persistent ?? false,
      ...(document.cookie?.name === undefined ? {} : { name: document.cookie.name }),
      ...(document.cookie?.secure === undefined ? {} : { secure: document.cookie.secure }),
    },
    trustedOrigins: document.crossSite?.trustedOrigins ?? [],
    onStoreError: document.onStoreError ?? 'unavailable',
    ...compileDevice(document, preset),
    recommendedTrust: preset?.deviceTrust ?? 'none',
    stepUpDefaults: {
      maxAge:
        profileLimit(name, document.stepUpMaxAge) ??
        (document.stepUp === 'refused' ? undefined : profileLimit(name, document.stepUp?.maxAge)) ??
        presetLimit(document, preset?.stepUpMaxAge),
      rankOf: (level) => ranks.get(level) ?? -1,
    },
  };
}

function baseRequirement(name: string, document: ProfileDocument, preset: Preset | undefined, profile: CompiledProfile): Requirement {
  const source = (own: unknown): Source =>
    own === undefined && document.preset !== undefined ? `preset:${document.preset}` : `profile:${name}`;
  const stepUp = document.stepUp ?? preset?.stepUp;
  const open: Requirement = {
    access: { value: document.access ?? preset?.access ?? 'authenticated', source: source(document.access) },
    subjects: { value: profile.subjects, source: source(document.subjects) },
    idle: profileLimit(name, document.idle) ?? presetLimit(document, preset?.idle),
    routeIdle: undefined,
    absolute: profileLimit(name, document.absolute) ?? presetLimit(document, preset?.absolute),
    absoluteFrom: document.absoluteFrom ?? 'sign-in',
    stepUp: undefined,
    stepUpRefused: stepUp === 'refused' ? source(document.stepUp) : undefined,
    device: undefined,
    workstation: profile.shared && trustRank(document.device?.trust ?? 'none') > 0 ? `profile:${name}` : undefined,
    activity: { value: 'active', source: 'default:activity' },
    blocked: undefined,
    approvals: [],
  };
  // The profile's own step-up is its word: the default age for others does not shorten it.
  const defaults = { ...profile.stepUpDefaults, maxAge: undefined };
  const demands = {
    source: `profile:${name}` as const,
    ...(stepUp === 'refused' ? {} : stepUpClause(stepUp)),
    ...deviceClause(document.device),
  };
  return tighten(open, demands, defaults);
}

/**
 * An exception lets somebody stay away longer, for some routes or for a time. Where it does not reach, the gap that it allowed is
 * still too long: there it is asked about like the gap of a route.
 */
function boundGap(requirement: Requirement): Requirement {
  return { ...requirement, routeIdle: requirement.idle };
}

/** What the app's own sign-in and reauthentication pages ask: nothing that these pages exist to provide. */
function entryRequirement(base: Requirement, app: string): Requirement {
  return {
    ...base,
    access: { value: 'public', source: `app:${app}` },
    stepUp: undefined,
    stepUpRefused: undefined,
    device: undefined,
    routeIdle: undefined,
    approvals: [],
  };
}

function profileLimit(name: string, duration: Duration | undefined): Limit | undefined {
  return duration === undefined ? undefined : { ms: durationMs(duration, `profile ${name}`), source: `profile:${name}` };
}

function presetLimit(document: ProfileDocument, limit: PresetLimit | undefined): Limit | undefined {
  return limit === undefined || document.preset === undefined
    ? undefined
    : { ms: durationMs(limit.value, document.preset), source: `preset:${document.preset}` };
}

function documentIdles(profile: ProfileDocument, preset: Preset | undefined, app: AppDocument): readonly (number | undefined)[] {
  const durations = [profile.idle ?? preset?.idle?.value, ...(app.routes ?? []).map((route) => route.idle)];
  return durations.map((duration) => (duration === undefined ? undefined : durationMs(duration, 'idle')));
}

function longest(base: Limit | undefined, allowed: readonly (Duration | undefined)[]): number | undefined {
  if (base === undefined) return undefined;
  return Math.max(base.ms, ...allowed.map((duration) => (duration === undefined ? 0 : durationMs(duration, 'exception'))));
}

/** Apps that another app can answer beside, on the same host. */
function sharingHosts(document: PolicyDocument): ReadonlySet<string> {
  const entries = Object.entries(document.apps).flatMap(([name, app]) => appEntries(name, app));
  const shared = new Set<string>();
  for (const host of new Set(entries.map((entry) => entry.host))) {
    const reached = entries.filter((entry) => onOneHost(entry, { ...entry, host }));
    const several = new Set(reached.map(({ app }) => app)).size > 1;
    for (const entry of reached) if (several && entry.host === host) shared.add(entry.app);
  }
  return shared;
}
