import { LONGEST_DBSC_PROOF, LONGEST_DPOP_WINDOW, SHORTEST_DBSC_PROOF } from '../compile-device.ts';
import type { DeviceDocument } from '../document.ts';
import { type Duration, durationMs, formatDuration } from '../duration.ts';
import { trustRank } from '../requirement.ts';
import { shown } from '../text-forms.ts';
import { checkStepUp, checkStepUpAgainst } from './demands.ts';
import type { Path } from './findings.ts';
import type { Portfolio, SoundApp } from './portfolio.ts';
import type { ProfileLimits } from './profile-limits.ts';
import type { Sound } from './structure.ts';

const BOUND = trustRank('bound');

/** Reports what a profile says about devices that cannot be, and what protects less than a reader may take it to. */
export function checkDevices(portfolio: Portfolio, profile: ProfileLimits, at: Path): void {
  checkMeans(portfolio, profile, at);
  checkProofTimes(portfolio, profile, at);
  checkFallback(portfolio, profile, at);
  checkOffline(portfolio, profile, at);
  checkEnrolment(portfolio, profile, at);
  noteProofAge(portfolio, profile.document.device, profile, [...at, 'device']);
  noteTrust(portfolio, profile, at);
  noteMeans(portfolio, profile, at);
}

/** Browsers prove a key to which a cookie is bound, native clients one to which a token is. */
function checkMeans({ findings }: Portfolio, { document, transport }: ProfileLimits, at: Path): void {
  const wrong = {
    cookie: ['dpop', 'offline'],
    header: ['dbsc', 'deviceFallback'],
    token: ['dbsc', 'deviceFallback', 'dpop', 'offline', 'enrolment'],
  } as const;
  for (const field of transport === undefined ? [] : wrong[transport]) {
    if (document[field] === undefined) continue;
    const whose = {
      dpop: 'native clients',
      offline: 'native clients',
      dbsc: 'browsers',
      deviceFallback: 'browsers',
      enrolment: 'sessions',
    };
    findings.fault([...at, field], `is for ${whose[field]}, and the transport of this profile is ${shown(transport)}; leave it out`);
  }
}

function checkProofTimes({ findings }: Portfolio, { document }: ProfileLimits, at: Path): void {
  const lifetime = document.dbsc === false ? undefined : document.dbsc?.proofLifetime;
  const wanted = lifetime === undefined ? undefined : within(lifetime, SHORTEST_DBSC_PROOF, LONGEST_DBSC_PROOF);
  if (wanted !== undefined) {
    const range = `from ${SHORTEST_DBSC_PROOF} to ${LONGEST_DBSC_PROOF}`;
    findings.fault([...at, 'dbsc', 'proofLifetime'], `is not ${range}, as often as browsers can prove themselves`, wanted);
  }
  const window = document.dpop?.window;
  if (window !== undefined && within(window, '1s', LONGEST_DPOP_WINDOW) !== undefined) {
    const why = 'a proof that somebody copied counts for as long';
    findings.fault([...at, 'dpop', 'window'], `is more than ${LONGEST_DPOP_WINDOW}: ${why}`, LONGEST_DPOP_WINDOW);
  }
}

/** The end of a range that a duration is beyond; `undefined` if it is within. */
function within(duration: Duration, least: Duration, most: Duration): Duration | undefined {
  const ms = durationMs(duration, 'limit');
  if (ms < durationMs(least, 'limit')) return least;
  return ms > durationMs(most, 'limit') ? most : undefined;
}

/** A passkey shows that somebody holds a key now: nothing of the device that it is used on, and for ten minutes only. */
function checkFallback({ findings, unsure }: Portfolio, profile: ProfileLimits, at: Path): void {
  const { document, trust, shared, refusesStepUp } = profile;
  const place = [...at, 'deviceFallback'];
  if (document.deviceFallback !== 'passkey') return;
  if (trust > BOUND)
    findings.fault(place, `a passkey proves a key and no more: it can't meet device trust ${shown(document.device?.trust)}`);
  if (shared) findings.fault(place, 'a passkey tells who is there, not which workstation it is; leave it out where devices are shared');
  else if (refusesStepUp && !unsure(...at, 'stepUp')) findings.fault(place, 'to use a passkey is a step-up, which this profile refuses');
}

function checkOffline({ findings }: Portfolio, profile: ProfileLimits, at: Path): void {
  const { offline } = profile.document;
  if (offline === undefined) return;
  if (profile.trust < BOUND) {
    findings.fault([...at, 'offline'], 'is leased to a key of the device; the profile has to ask for one: device: { trust: bound }');
  }
  const lease = offline.lease === undefined ? Number.NaN : durationMs(offline.lease, 'offline.lease');
  for (const field of ['idle', 'absolute'] as const) {
    if (!(lease > profile[field])) continue;
    const limit = `${field} timeout of ${formatDuration(profile[field])}`;
    findings.fault([...at, 'offline', 'lease'], `is longer than the ${limit}: the session would be over when the device is back`);
  }
}

function checkEnrolment(portfolio: Portfolio, profile: ProfileLimits, at: Path): void {
  const { findings, unsure } = portfolio;
  const { enrolment } = profile.document;
  const place = [...at, 'enrolment'];
  if (enrolment === undefined) return;
  if (profile.shared) findings.fault(place, 'is for devices of one person; where devices are shared, an administrator enrols them');
  else if (profile.refusesStepUp && !unsure(...at, 'stepUp')) findings.fault(place, 'is a step-up, which this profile refuses');
  checkStepUp(portfolio, enrolment, place, 0);
  checkStepUpAgainst(portfolio, enrolment, profile, place);
}

/** Reports an age that a browser's proof is past most of the time: it is given anew when there is need, not when it is asked for. */
export function noteProofAge({ findings }: Portfolio, device: Sound<DeviceDocument> | undefined, profile: ProfileLimits, at: Path): void {
  const { dbsc } = profile.document;
  if (device?.maxAge === undefined || profile.transport !== 'cookie' || dbsc === false) return;
  const lifetime = dbsc?.proofLifetime ?? LONGEST_DBSC_PROOF;
  const trust = Math.max(profile.trust, trustRank(device.trust ?? 'none'));
  if (trust >= BOUND && durationMs(device.maxAge, 'maxAge') < durationMs(lifetime, 'proofLifetime')) {
    findings.notice(
      [...at, 'maxAge'],
      `is shorter than the ${lifetime} of a browser's proof (dbsc): browsers are refused until they give the next`,
    );
  }
}

/** A proof names the address that it is for. Where every host name leads to the app, that of whoever the client was lured to does as well. */
export function noteProofHosts({ findings, unsure }: Portfolio, { document, profile }: SoundApp, at: Path): void {
  if (profile?.transport !== 'header' || document.match?.hosts !== undefined || unsure(...at, 'match')) return;
  const trusts = [profile.document.device, ...(document.routes ?? []).map((route) => route?.device)].map((device) =>
    trustRank(device?.trust ?? 'none'),
  );
  if (profile.document.dpop === undefined && Math.max(...trusts) < BOUND) return;
  findings.notice(
    [...at, 'match', 'hosts'],
    'is missing, so a proof by DPoP is taken for every host name: who lures a client to a host of theirs can pass its proofs on',
  );
}

function noteTrust({ findings }: Portfolio, { document, preset, trust, ...profile }: ProfileLimits, at: Path): void {
  const risk =
    profile.shared && trust === 0
      ? 'anybody can use it from any device, not only from enrolled workstations'
      : profile.transport === 'header' && trust < BOUND
        ? "whoever has a copy of a session's token can use it"
        : undefined;
  if (preset !== undefined && trust < trustRank(preset.deviceTrust)) {
    const advice = `preset ${shown(document.preset)} recommends device trust ${shown(preset.deviceTrust)}; this profile does not ask for it`;
    findings.notice([...at, 'device'], risk === undefined ? advice : `${advice}: ${risk}`);
  } else if (risk !== undefined) {
    findings.notice([...at, 'device'], `asks for no ${profile.shared ? 'enrolled device' : 'key'}: ${risk}`);
  }
}

function noteMeans({ findings }: Portfolio, { document, preset, trust, shared }: ProfileLimits, at: Path): void {
  if (shared && trust >= BOUND) {
    findings.notice(
      [...at, 'device', 'trust'],
      'asks for an enrolled workstation, and of every session on it for a key of its own besides',
    );
  }
  if (document.dbsc === false && trust >= BOUND && document.deviceFallback !== 'passkey') {
    findings.notice(
      [...at, 'dbsc'],
      `leaves browsers nothing but a client certificate to meet device trust ${shown(document.device?.trust)}`,
    );
  }
  if (preset?.dpopNonce === 'required' && document.dpop?.nonce === 'optional') {
    findings.notice([...at, 'dpop', 'nonce'], `is required by preset ${shown(document.preset)}: without it a proof can be made in advance`);
  }
}
