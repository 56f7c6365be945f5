import { z } from 'zod';
import type { PolicyDocument } from './document.ts';
import { type Duration, parseDuration } from './duration.ts';
import * as form from './text-forms.ts';

/** Largest number of apps, and of profiles, in one document. */
export const MOST_APPS = 1_000;

const duration = z
  .string()
  .regex(form.DURATION.pattern)
  .refine((text) => parseDuration(text) !== undefined)
  .describe('A whole number and a unit: 90s, 15m, 12h, 30d. At most 400d.') as unknown as z.ZodType<Duration>;

const name = z.string().regex(form.NAME.pattern);
const id = z.string().regex(form.ID.pattern);
const level = z.string().regex(form.LEVEL.pattern);
const tag = z.string().regex(form.TAG.pattern);
const sentence = z.string().regex(form.SENTENCE.pattern).max(2_000);
const instant = z
  .string()
  .regex(form.INSTANT.pattern)
  .describe('A date like 2026-11-01 (start of the day, UTC) or an instant like 2026-11-01T12:00:00Z.');
const subjectKinds = z
  .array(z.enum(['user', 'service', 'agent']))
  .min(1)
  .max(3);
const methods = z.array(z.string().regex(form.METHOD.pattern)).min(1).max(40).describe('HTTP methods; GET includes HEAD.');
const access = z.enum(['public', 'authenticated']).describe('Whether a session is needed at all.');

const stepUp = z
  .strictObject({
    maxAge: duration.describe('Longest time since the last active authentication (OIDC auth_time).').exactOptional(),
    level: level.describe('Lowest assurance level that counts: one of `assurance`.').exactOptional(),
    amr: z
      .array(z.string().regex(form.TAG.pattern))
      .min(1)
      .max(20)
      .describe('Authentication methods (RFC 8176), all used within maxAge.')
      .exactOptional(),
    once: z.boolean().describe('One authentication opens this once.').exactOptional(),
  })
  .describe('A demand for fresh authentication (RFC 9470).');

const device = z
  .strictObject({
    trust: z.enum(['none', 'known', 'bound', 'attested', 'managed']).describe('Each implies the ones before it.'),
    maxAge: duration.describe('Longest time since the device last proved it.').exactOptional(),
  })
  .describe('A demand on the device.');

const ceiling = z
  .strictObject({
    idle: duration.exactOptional(),
    absolute: duration.exactOptional(),
    stepUpMaxAge: duration.exactOptional(),
    exceptionLifetime: duration.describe("Longest time from an exception's approval to its expiry.").exactOptional(),
    exceptionReview: duration.describe("Longest time from an exception's approval to its review.").exactOptional(),
  })
  .describe('Outer limits that no exception may pass.');

const cookie = z.strictObject({
  name: name.describe('Without prefix; `__Host-` is put in front on https.').exactOptional(),
  sameSite: z.enum(['strict', 'lax']).exactOptional(),
  secure: z.union([z.boolean(), z.literal('auto')]).exactOptional(),
  persistent: z.boolean().describe('Keep the cookie when the browser closes, until the absolute limit.').exactOptional(),
});

const token = z.strictObject({
  lifetime: duration.exactOptional(),
  audience: sentence.exactOptional(),
  issuers: z.array(sentence).min(1).max(100).exactOptional(),
});

const profile = z
  .strictObject({
    preset: z
      .enum(['public-web', 'staff-web', 'admin', 'mobile', 'kiosk', 'api', 'workload', 'agent'])
      .describe('The built-in profile that this one starts from.')
      .exactOptional(),
    transport: z.enum(['cookie', 'header']).describe('How the session id travels.').exactOptional(),
    access: access.exactOptional(),
    subjects: subjectKinds.describe('Kinds of subject that may hold a session.').exactOptional(),
    idle: duration.describe('Idle timeout: longest time between two activities.').exactOptional(),
    absolute: duration.describe('Absolute timeout: longest life of a session.').exactOptional(),
    absoluteFrom: z.enum(['sign-in', 'reauthentication']).exactOptional(),
    stepUp: z
      .union([stepUp, z.literal('refused')])
      .describe('Fresh authentication for every request; `refused` turns away what needs a step-up.')
      .exactOptional(),
    stepUpMaxAge: duration.describe('Longest age that any step-up on this profile accepts.').exactOptional(),
    device: device.exactOptional(),
    deviceFallback: z
      .enum(['refuse', 'passkey'])
      .describe('What a browser without device-bound sessions can do about a demand for a bound device.')
      .exactOptional(),
    enrolment: stepUp.describe('What enrolling a device as known asks of the person.').exactOptional(),
    dbsc: z
      .union([filled(z.strictObject({ proofLifetime: duration.describe('From 5m to 10m.').exactOptional() })), z.literal(false)])
      .describe('Device Bound Session Credentials, or false for none.')
      .exactOptional(),
    dpop: filled(
      z.strictObject({
        window: duration.describe('Oldest proof that is accepted, at most 60s.').exactOptional(),
        nonce: z.enum(['required', 'optional']).exactOptional(),
      }),
    )
      .describe('Proofs of possession of native clients (RFC 9449).')
      .exactOptional(),
    offline: z
      .strictObject({
        lease: duration.describe('Longest time without a connection.'),
        scopes: z.array(tag).min(1).max(100).describe('What may be done meanwhile.'),
      })
      .describe('What a phone may go on with while it has no connection.')
      .exactOptional(),
    concurrent: z
      .strictObject({ max: z.int().min(1).max(10_000), onLimit: z.enum(['deny', 'end-oldest']).exactOptional() })
      .describe('Sessions of one subject in one app.')
      .exactOptional(),
    shared: z.boolean().describe('Several people use the device: nothing of one may be left for the next.').exactOptional(),
    cookie: cookie.exactOptional(),
    crossSite: z
      .strictObject({ trustedOrigins: z.array(z.string().regex(form.ORIGIN.pattern)).min(1).max(100).exactOptional() })
      .exactOptional(),
    headers: z
      .union([z.record(z.string(), z.unknown()), z.literal(false)])
      .describe("helmet's options, or false.")
      .exactOptional(),
    onStoreError: z.enum(['unavailable', 'anonymous']).exactOptional(),
    token: token.exactOptional(),
    ceiling: ceiling.exactOptional(),
    because: sentence.describe('Why it departs from a normative number (OWASP ASVS 7.1.1).').exactOptional(),
  })
  .describe('The session rule for a kind of client.');

const route = z
  .strictObject({
    id,
    path: z.string().regex(form.ROUTE_PATH.pattern).max(1_000).describe('Path pattern of Express 5, below the host.'),
    methods: methods.exactOptional(),
    access: access.exactOptional(),
    idle: duration.describe('Bound on the longest gap between activities since the last authentication.').exactOptional(),
    stepUp: stepUp.exactOptional(),
    device: device.exactOptional(),
    subjects: subjectKinds.exactOptional(),
    activity: z.enum(['active', 'passive']).describe('Passive requests do not count as activity.').exactOptional(),
  })
  .describe('A rule for some requests of an app. It only tightens; `access: public` is the one thing it can open.');

const match = z
  .strictObject({
    hosts: z.array(z.string().regex(form.HOST.pattern)).min(1).max(100).describe('Host names, or *.example.com.').exactOptional(),
    paths: z.array(z.string().regex(form.PATH_PREFIX.pattern)).min(1).max(100).describe('Path prefixes.').exactOptional(),
    order: z.int().describe('The lowest wins among apps that match the same request.').exactOptional(),
  })
  .describe('Which requests belong to the app.');

const app = z
  .strictObject({
    profile: name.describe('One of `profiles`.'),
    owner: sentence.exactOptional(),
    tags: z.array(tag).min(1).max(100).exactOptional(),
    match: match.exactOptional(),
    routes: z.array(route).max(10_000).exactOptional(),
    loginUrl: z.string().regex(form.ENTRY_URL.pattern).describe('Where a person signs in.').exactOptional(),
    reauthenticateUrl: z.string().regex(form.ENTRY_URL.pattern).describe('Where a person confirms who they are.').exactOptional(),
    deviceUrl: z
      .string()
      .regex(form.PATH_PREFIX.pattern)
      .describe('Path below which the middleware answers browsers that prove their device.')
      .exactOptional(),
    sessionUrl: z.string().regex(form.PATH_PREFIX.pattern).describe('Path of sessionEndpoints().').exactOptional(),
    ownDeviceUrl: z
      .string()
      .regex(form.OWN_DEVICE_URL.pattern)
      .describe('Where a person goes on, on a device of their own, with what is refused here.')
      .exactOptional(),
  })
  .describe('One application of the portfolio.');

const condition = z
  .strictObject({
    id,
    when: z
      .strictObject({
        apps: z.array(name).min(1).exactOptional(),
        profiles: z.array(name).min(1).exactOptional(),
        tags: z.array(tag).min(1).describe('The app has at least one of them.').exactOptional(),
        methods: methods.exactOptional(),
        subjects: subjectKinds.exactOptional(),
        network: filled(
          z.strictObject({
            in: z.array(z.string()).min(1).max(10_000).exactOptional(),
            notIn: z.array(z.string()).min(1).max(10_000).exactOptional(),
          }),
        )
          .describe('Address of the client, in CIDR ranges.')
          .exactOptional(),
      })
      .describe('All that is given must hold.'),
    require: filled(
      z.strictObject({
        idle: duration.exactOptional(),
        absolute: duration.exactOptional(),
        stepUp: stepUp.exactOptional(),
        device: device.exactOptional(),
        subjects: subjectKinds.exactOptional(),
        block: z.literal(true).describe('Turns the request away.').exactOptional(),
      }),
    ).describe('What is asked for on top; it only tightens.'),
    mode: z.enum(['enforce', 'report']).describe('`report` only says what `enforce` would have done.').exactOptional(),
  })
  .describe('Conditional access.');

const exception = z
  .strictObject({
    id,
    app: name,
    routes: z.array(id).min(1).describe('Routes of the app; all of it, without them.').exactOptional(),
    allow: filled(
      z.strictObject({
        idle: duration.exactOptional(),
        absolute: duration.exactOptional(),
        stepUp: z.strictObject({ maxAge: duration }).exactOptional(),
      }),
    ).describe('What it loosens, never past the ceiling.'),
    reason: sentence,
    owner: sentence,
    approvedBy: sentence.describe('Somebody else than the owner.'),
    approvedAt: instant,
    reviewBy: instant.exactOptional(),
    expires: instant,
    compensating: filled(z.strictObject({ device: device.exactOptional() }))
      .describe('What must hold in return.')
      .exactOptional(),
  })
  .describe('The only thing that loosens: named fields, a named scope, a finite time, approved by somebody else.');

/** The structure of a policy document. What its parts mean to each other is checked by `validatePolicy`. */
export const policyDocumentSchema: z.ZodType<PolicyDocument> = z
  .strictObject({
    $schema: z.string().describe('Where the schema is, for editors.').exactOptional(),
    version: z.literal(1),
    assurance: z.array(level).min(1).max(100).describe('Assurance levels, lowest first.').exactOptional(),
    profiles: filled(z.record(name, profile), MOST_APPS).describe('Session rules by kind of client.'),
    apps: filled(z.record(name, app), MOST_APPS).describe('The applications.'),
    conditions: z.array(condition).max(10_000).exactOptional(),
    exceptions: z.array(exception).max(10_000).exactOptional(),
  })
  .describe('A session policy for all applications of a portfolio.');

/** The same schema with a bound on the number of keys, here and in the JSON Schema. */
function filled<T extends z.ZodType<object>>(schema: T, most?: number): T {
  return schema
    .refine((value) => Object.keys(value).length > 0 && Object.keys(value).length <= (most ?? Number.POSITIVE_INFINITY))
    .meta({ minProperties: 1, ...(most === undefined ? {} : { maxProperties: most }) });
}
