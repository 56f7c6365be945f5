import type { Access, ConcurrentDocument, DeviceTrust, PresetName, SubjectKind } from './document.ts';
import type { Duration } from './duration.ts';

/** A number of a preset, where it comes from, and the normative figure that a looser one departs from. */
export interface PresetLimit {
  readonly value: Duration;
  /** The publication the number comes from, or why we chose it. */
  readonly basis: string;
  /** A value above this needs `because` in the profile (OWASP ASVS 7.1.1). */
  readonly normative?: Duration;
  /** The same, for a profile that asks for a key-bound device (NIST SP 800-63B-4 permits longer limits there). */
  readonly normativeIfBound?: Duration;
}

/** The defaults for a kind of client. */
export interface Preset {
  readonly summary: string;
  readonly transport: 'cookie' | 'header' | 'token';
  readonly access: Access;
  readonly subjects: readonly SubjectKind[];
  readonly sameSite: 'strict' | 'lax';
  readonly idle?: PresetLimit;
  readonly absolute?: PresetLimit;
  readonly stepUp?: 'refused';
  readonly stepUpMaxAge?: PresetLimit;
  readonly concurrent?: ConcurrentDocument;
  /** Several people use the device. */
  readonly shared?: true;
  /** The trust that this kind of client should have. Written into a profile it is enforced; here it is reported. */
  readonly deviceTrust: DeviceTrust;
  /** Whether a proof of possession needs a nonce of ours (RFC 9449 section 8). Default `optional`. */
  readonly dpopNonce?: 'required';
  readonly ceiling: {
    readonly idle?: PresetLimit;
    readonly absolute?: PresetLimit;
    readonly stepUpMaxAge?: PresetLimit;
    readonly exceptionLifetime: PresetLimit;
    readonly exceptionReview: PresetLimit;
  };
}

const PCI = 'PCI DSS 4.0.1 8.2.8: 15 minutes of inactivity';
const AAL1 = 'NIST SP 800-63B-4 AAL1: overall at most 30 days';
const AAL2_IDLE = 'NIST SP 800-63B-4 AAL2: inactivity at most 1 hour';
const AAL2 = 'NIST SP 800-63B-4 AAL2: overall at most 24 hours';
const AAL3_IDLE = 'NIST SP 800-63B-4 AAL3: inactivity at most 15 minutes';
const AAL3 = 'NIST SP 800-63B-4 AAL3: overall at most 12 hours';
const OWASP_LOW = 'OWASP Session Management: idle 15 to 30 minutes for low risk';
const OWASP_HIGH = 'OWASP Session Management: idle 2 to 5 minutes for high value';
const DISA = 'DISA ASD STIG: 10 minutes idle for administrators';
const OURS = "the project's default";

const ORDINARY_EXCEPTION = {
  exceptionLifetime: { value: '90d', basis: OURS },
  exceptionReview: { value: '30d', basis: OURS },
} as const;
const PRIVILEGED_EXCEPTION = {
  exceptionLifetime: { value: '30d', basis: OURS },
  exceptionReview: { value: '14d', basis: OURS },
} as const;

/** The built-in profiles. Every number says where it comes from. */
export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  'public-web': {
    summary: 'a public site that some visitors sign in to',
    transport: 'cookie',
    access: 'public',
    subjects: ['user'],
    sameSite: 'lax',
    idle: { value: '30m', basis: OWASP_LOW },
    absolute: { value: '24h', basis: AAL2, normative: '24h' },
    stepUpMaxAge: { value: '15m', basis: OURS },
    deviceTrust: 'none',
    ceiling: {
      idle: { value: '24h', basis: AAL2 },
      absolute: { value: '30d', basis: AAL1 },
      stepUpMaxAge: { value: '1h', basis: OURS },
      ...ORDINARY_EXCEPTION,
    },
  },
  'staff-web': {
    summary: 'an internal application that staff use all day',
    transport: 'cookie',
    access: 'authenticated',
    subjects: ['user'],
    sameSite: 'lax',
    idle: { value: '15m', basis: PCI, normative: '15m' },
    absolute: { value: '12h', basis: OURS, normative: '24h' },
    stepUpMaxAge: { value: '15m', basis: OURS },
    concurrent: { max: 5, onLimit: 'end-oldest' },
    deviceTrust: 'bound',
    ceiling: {
      idle: { value: '1h', basis: AAL2_IDLE },
      absolute: { value: '24h', basis: AAL2 },
      stepUpMaxAge: { value: '1h', basis: OURS },
      ...ORDINARY_EXCEPTION,
    },
  },
  admin: {
    summary: 'a console where one mistake is expensive',
    transport: 'cookie',
    access: 'authenticated',
    subjects: ['user'],
    sameSite: 'strict',
    idle: { value: '10m', basis: DISA, normative: '15m' },
    absolute: { value: '8h', basis: 'OWASP Session Management: 4 to 8 hours for an office day', normative: '12h' },
    stepUpMaxAge: { value: '5m', basis: OURS },
    concurrent: { max: 2, onLimit: 'end-oldest' },
    deviceTrust: 'bound',
    ceiling: {
      idle: { value: '15m', basis: AAL3_IDLE },
      absolute: { value: '12h', basis: AAL3 },
      stepUpMaxAge: { value: '15m', basis: OURS },
      ...PRIVILEGED_EXCEPTION,
    },
  },
  mobile: {
    summary: 'a native application on a personal device',
    transport: 'header',
    access: 'authenticated',
    subjects: ['user'],
    sameSite: 'strict',
    idle: { value: '1h', basis: AAL2_IDLE, normative: '1h', normativeIfBound: '14d' },
    absolute: { value: '24h', basis: AAL2, normative: '24h', normativeIfBound: '30d' },
    stepUpMaxAge: { value: '5m', basis: OURS },
    concurrent: { max: 5, onLimit: 'end-oldest' },
    deviceTrust: 'attested',
    ceiling: {
      idle: { value: '14d', basis: 'NIST SP 800-63B-4: limits may be longer for device-bound sessions' },
      absolute: { value: '30d', basis: AAL1 },
      stepUpMaxAge: { value: '15m', basis: OURS },
      ...ORDINARY_EXCEPTION,
    },
  },
  kiosk: {
    summary: 'a workstation that several people share',
    transport: 'cookie',
    access: 'authenticated',
    subjects: ['user'],
    sameSite: 'strict',
    idle: { value: '2m', basis: OWASP_HIGH },
    absolute: { value: '30m', basis: OURS },
    stepUp: 'refused',
    concurrent: { max: 1, onLimit: 'end-oldest' },
    shared: true,
    deviceTrust: 'known',
    ceiling: {
      idle: { value: '5m', basis: OWASP_HIGH },
      absolute: { value: '8h', basis: 'OWASP Session Management: 4 to 8 hours for an office day' },
      ...ORDINARY_EXCEPTION,
    },
  },
  api: {
    summary: 'an interface that programs call with a short opaque token',
    transport: 'header',
    access: 'authenticated',
    subjects: ['user', 'service'],
    sameSite: 'strict',
    absolute: { value: '60m', basis: OURS },
    stepUpMaxAge: { value: '5m', basis: OURS },
    deviceTrust: 'none',
    ceiling: {
      absolute: { value: '24h', basis: OURS },
      stepUpMaxAge: { value: '15m', basis: OURS },
      ...ORDINARY_EXCEPTION,
    },
  },
  workload: {
    summary: 'a job that presents a token and holds no session',
    transport: 'token',
    access: 'authenticated',
    subjects: ['service'],
    sameSite: 'strict',
    deviceTrust: 'none',
    ceiling: { ...PRIVILEGED_EXCEPTION },
  },
  agent: {
    summary: 'an autonomous agent that acts for somebody',
    transport: 'header',
    access: 'authenticated',
    subjects: ['agent'],
    sameSite: 'strict',
    idle: { value: '15m', basis: OURS },
    absolute: { value: '1h', basis: OURS },
    stepUpMaxAge: { value: '5m', basis: OURS },
    concurrent: { max: 1, onLimit: 'deny' },
    deviceTrust: 'bound',
    dpopNonce: 'required',
    ceiling: {
      idle: { value: '15m', basis: OURS },
      absolute: { value: '1h', basis: OURS },
      stepUpMaxAge: { value: '5m', basis: OURS },
      exceptionLifetime: { value: '14d', basis: OURS },
      exceptionReview: { value: '7d', basis: OURS },
    },
  },
};
