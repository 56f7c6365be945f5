import { describe, expect, test } from '@jest/globals';
import { validatePolicy } from '../../../lib/policy/validate.ts';
import { changed, validDocument } from './documents.ts';

/** What is put into a valid document (nothing is taken out),  where the one fault is then, what it says, and what it suggests. */
type Row = readonly [what: string, changes: Readonly<Record<string, unknown>>, path: string, message: RegExp, suggestion?: string];

test('the document that the rows below spoil is valid', () => {
  expect(validatePolicy(validDocument()).faults).toEqual([]);
});

describe('structure', () => {
  check([
    ['a misspelt key', { 'profiles.web.idel': '5m' }, 'profiles.web.idel', /unknown key/, 'idle'],
    ['a key that is nothing like another', { surprise: 1 }, 'surprise', /unknown key; here there may be .*profiles/],
    ['an unknown key in a step-up', { 'profiles.admin.stepUp.maxage': '5m' }, 'profiles.admin.stepUp.maxage', /unknown key/, 'maxAge'],
    ['no version', { version: undefined }, 'version', /missing/],
    ['another version', { version: 2 }, 'version', /2 is not 1/],
    ['a misspelt preset', { 'profiles.web.preset': 'staf-web' }, 'profiles.web.preset', /not one of/, 'staff-web'],
    ['a misspelt trust', { 'profiles.admin.device.trust': 'bond' }, 'profiles.admin.device.trust', /not one of/, 'bound'],
    ['a bare number', { 'profiles.web.idle': 900 }, 'profiles.web.idle', /900 is not a duration/, '900s'],
    ['a bare number as text', { 'profiles.web.idle': '900' }, 'profiles.web.idle', /not a duration/, '900s'],
    ['a duration with a space', { 'apps.shop.routes.1.idle': '5 minutes' }, 'apps.shop.routes[1].idle', /not a duration/, '5m'],
    ['a duration past 400 days', { 'profiles.plain.absolute': '401d' }, 'profiles.plain.absolute', /at most 400d/],
    ['a duration of nothing', { 'profiles.web.idle': '0s' }, 'profiles.web.idle', /not a duration/],
    [
      'a step-up that is almost refused',
      { 'profiles.kiosk.stepUp': 'refuse' },
      'profiles.kiosk.stepUp',
      /an object or "refused"/,
      'refused',
    ],
    ['no methods', { 'apps.shop.routes.0.methods': [] }, 'apps.shop.routes[0].methods', /must not be empty/],
    ['a method that is none', { 'apps.shop.routes.0.methods': ['PO ST'] }, 'apps.shop.routes[0].methods[0]', /not an HTTP method/],
    ['no session at all', { 'profiles.admin.concurrent.max': 0 }, 'profiles.admin.concurrent.max', /at least 1/],
    ['half a session', { 'profiles.admin.concurrent.max': 1.5 }, 'profiles.admin.concurrent.max', /whole number/],
    ['an unknown mode', { 'conditions.0.mode': 'reprot' }, 'conditions[0].mode', /not one of/, 'report'],
    ['a condition that asks for nothing', { 'conditions.0.require': {} }, 'conditions[0].require', /must not be empty/],
    ['a network without ranges', { 'conditions.0.when.network': {} }, 'conditions[0].when.network', /must not be empty/],
    ['an exception that allows nothing', { 'exceptions.0.allow': {} }, 'exceptions[0].allow', /must not be empty/],
    ['a name that is none', { 'profiles.9lives': { preset: 'api' } }, 'profiles["9lives"]', /not a name/],
    ['the name constructor', { 'profiles.constructor': { preset: 'api' } }, 'profiles.constructor', /not a name/],
    ['the name prototype', { 'apps.prototype': { profile: 'api', match: { paths: ['/p'], order: 9 } } }, 'apps.prototype', /not a name/],
    ['a route id with a slash', { 'apps.shop.routes.0.id': 'a/b' }, 'apps.shop.routes[0].id', /not an id/],
    ['a list for an object', { 'apps.shop.match': ['shop'] }, 'apps.shop.match', /a list is not an object/],
    ['a text for a list', { 'apps.shop.tags': 'x' }, 'apps.shop.tags', /"x" is not a list/],
    ['nothing where a route should be', { 'apps.shop.routes.2': null }, 'apps.shop.routes[2]', /null is not an object/],
  ]);
});

describe('profiles', () => {
  check([
    [
      'idle longer than absolute',
      { 'profiles.plain.idle': '3h' },
      'profiles.plain.idle',
      /idle timeout of 3h is longer than the absolute timeout of 2h/,
    ],
    [
      'idle of the preset longer than absolute',
      { 'profiles.kiosk.absolute': '1m' },
      'profiles.kiosk.absolute',
      /2m \(from the preset\) is longer/,
    ],
    ['an unjustified departure', { 'profiles.web.idle': '20m' }, 'profiles.web.idle', /looser than 15m.*because/],
    ['an unjustified absolute timeout', { 'profiles.web.absolute': '2d' }, 'profiles.web.absolute', /looser than 24h.*because/],
    [
      'a step-up older than the profile accepts',
      { 'profiles.web.stepUp': { maxAge: '11m' } },
      'profiles.web.stepUp.maxAge',
      /own stepUpMaxAge of 10m/,
    ],
    ['an unknown level', { 'profiles.admin.stepUp.level': 'aal3' }, 'profiles.admin.stepUp.level', /no level/, 'aal1'],
    ['a step-up that asks for nothing', { 'profiles.plain.stepUp': {} }, 'profiles.plain.stepUp', /asks for nothing/],
    ['cookies for an interface', { 'profiles.api.transport': 'cookie' }, 'profiles.api.transport', /no cookies/, 'header'],
    [
      'cookies for an agent',
      { 'profiles.plain': { preset: 'agent', transport: 'cookie' } },
      'profiles.plain.transport',
      /no cookies/,
      'header',
    ],
    [
      'sessions for a workload',
      { 'profiles.plain': { preset: 'workload', transport: 'header' } },
      'profiles.plain.transport',
      /no sessions/,
    ],
    [
      'a ceiling below the profile',
      { 'profiles.plain.ceiling': { idle: '5m' } },
      'profiles.plain.ceiling.idle',
      /below what the profile itself allows, 20m/,
    ],
    [
      'an origin with a path',
      { 'profiles.web.crossSite.trustedOrigins': ['https://id.example.com/x'] },
      'profiles.web.crossSite.trustedOrigins[0]',
      /not an origin/,
      'https://id.example.com',
    ],
    [
      'an origin over http',
      { 'profiles.web.crossSite.trustedOrigins': ['http://id.example.com'] },
      'profiles.web.crossSite.trustedOrigins[0]',
      /not an origin/,
      'https://id.example.com',
    ],
    [
      'an origin with the default port',
      { 'profiles.web.crossSite.trustedOrigins': ['https://id.example.com:443'] },
      'profiles.web.crossSite.trustedOrigins[0]',
      /never match/,
      'https://id.example.com',
    ],
    ['a level that stands twice', { 'assurance.3': 'aal1' }, 'assurance[3]', /twice/],
    [
      'one cookie name for two apps on a host',
      { 'apps.second': { profile: 'admin', match: { hosts: ['*.internal.example.com'], paths: ['/second'] } } },
      'profiles.admin.cookie.name',
      /"console", "second" on one host/,
    ],
  ]);
});

describe('apps', () => {
  check([
    ['an unknown profile', { 'apps.desk.profile': 'kisok' }, 'apps.desk.profile', /no profile of this policy/, 'kiosk'],
    ['the name of an inherited property as profile', { 'apps.desk.profile': 'toString' }, 'apps.desk.profile', /no profile of this policy/],
    [
      'two apps that take all that is left',
      { 'apps.left': { profile: 'web', match: { order: 9 } }, 'apps.rest': { profile: 'web', match: { order: 9 } } },
      'apps.rest.match',
      /can be meant by the same request as app "left"/,
    ],
    [
      'a host with scheme, port and path',
      { 'apps.shop.match.hosts': ['https://Shop.example.com:8443/x'] },
      'apps.shop.match.hosts[0]',
      /not a host name/,
      'shop.example.com',
    ],
    [
      'a host in capitals',
      { 'apps.shop.match.hosts': ['Shop.example.com'] },
      'apps.shop.match.hosts[0]',
      /not a host name/,
      'shop.example.com',
    ],
    ['a star in the middle of a host', { 'apps.shop.match.hosts': ['shop.*.com'] }, 'apps.shop.match.hosts[0]', /not a host name/],
    ['a path prefix with a pattern', { 'apps.other.match.paths': ['/other/:id'] }, 'apps.other.match.paths[0]', /not a path prefix/],
    ['a path prefix without slash', { 'apps.other.match.paths': ['other'] }, 'apps.other.match.paths[0]', /not a path prefix/, '/other'],
    ['a path prefix with dots', { 'apps.other.match.paths': ['/other/../x'] }, 'apps.other.match.paths[0]', /not a path prefix/],
    [
      'two apps for one host',
      { 'apps.second': { profile: 'web', match: { hosts: ['shop.example.com'] } } },
      'apps.second.match',
      /same request as app "shop" \(host shop.example.com, paths under \/\)/,
    ],
    [
      'a host and a path that meet',
      { 'apps.second': { profile: 'web', match: { paths: ['/second'] } }, 'apps.console': undefined, conditions: [] },
      'apps.second.match',
      /same request as app "shop" \(host shop.example.com, paths under \/second\)/,
    ],
    [
      'an app that another one hides',
      { 'apps.second': { profile: 'web', match: { paths: ['/desk/inner'], order: 7 } } },
      'apps.second.match',
      /can never match: app "desk" comes first/,
    ],
    ['a sign-in page that is no place', { 'apps.shop.loginUrl': 'login' }, 'apps.shop.loginUrl', /not a path like/],
    ['a sign-in page on another site by a trick', { 'apps.shop.loginUrl': '//evil.example' }, 'apps.shop.loginUrl', /not a path like/],
  ]);
});

describe('routes', () => {
  check([
    ['an id twice', { 'apps.shop.routes.1.id': 'pay', exceptions: [] }, 'apps.shop.routes[1].id', /unique/],
    [
      'a path twice',
      { 'apps.shop.routes.3': { id: 'again', path: '/CHECKOUT/pay/', methods: ['post'] } },
      'apps.shop.routes[3].path',
      /routes\[0\] is for the same path/,
    ],
    ['a path without slash', { 'apps.shop.routes.0.path': 'checkout' }, 'apps.shop.routes[0].path', /not a route path/, '/checkout'],
    ['a path with a query', { 'apps.shop.routes.0.path': '/checkout?x=1' }, 'apps.shop.routes[0].path', /not a route path/],
    [
      'a pattern of Express 4',
      { 'apps.shop.routes.0.path': '/checkout/*' },
      'apps.shop.routes[0].path',
      /not a path pattern of Express 5: Missing parameter name/,
    ],
    [
      'a path outside the app',
      { 'apps.console.routes': [{ id: 'keys', path: '/keys' }] },
      'apps.console.routes[0].path',
      /can never match: the app has only paths under "\/console"/,
    ],
    [
      'a path that only looks inside the app',
      { 'apps.console.routes': [{ id: 'keys', path: '/consoles/*rest' }] },
      'apps.console.routes[0].path',
      /can never match/,
    ],
    [
      'a path that another app takes',
      { 'apps.second': { profile: 'web', match: { hosts: ['shop.example.com'], paths: ['/account'] } } },
      'apps.shop.routes[1].path',
      /can never match: app "second" comes first/,
    ],
    [
      'longer idle than the profile',
      { 'apps.shop.routes.1.idle': '11m' },
      'apps.shop.routes[1].idle',
      /looser than profile "web", whose idle timeout is 10m/,
    ],
    [
      'an older step-up than the profile accepts',
      { 'apps.shop.routes.0.stepUp.maxAge': '11m' },
      'apps.shop.routes[0].stepUp.maxAge',
      /looser than profile "web".*10m/,
    ],
    [
      'an older step-up than the preset accepts',
      { 'profiles.web.stepUpMaxAge': undefined, 'apps.shop.routes.0.stepUp.maxAge': '16m' },
      'apps.shop.routes[0].stepUp.maxAge',
      /at most 15m/,
    ],
    [
      'an older step-up than the profile asks for',
      { 'profiles.plain.stepUp': { maxAge: '1m' }, 'apps.other.routes': [{ id: 'x', path: '/other/x', stepUp: { maxAge: '2m' } }] },
      'apps.other.routes[0].stepUp.maxAge',
      /at most 1m/,
    ],
    [
      'a lower level than the profile',
      { 'apps.console.routes': [{ id: 'x', path: '/console/x', stepUp: { level: 'aal1' } }] },
      'apps.console.routes[0].stepUp.level',
      /lower than "aal2"/,
    ],
    [
      'less trust than the profile',
      { 'apps.console.routes': [{ id: 'x', path: '/console/x', device: { trust: 'known' } }] },
      'apps.console.routes[0].device.trust',
      /lower than "bound"/,
    ],
    [
      'an older device proof than the profile',
      { 'apps.console.routes': [{ id: 'x', path: '/console/x', device: { trust: 'bound', maxAge: '11m' } }] },
      'apps.console.routes[0].device.maxAge',
      /longer than "10m"/,
    ],
    [
      'more kinds of subject than the profile',
      { 'apps.shop.routes.1.subjects': ['user', 'agent'] },
      'apps.shop.routes[1].subjects',
      /does not let in "agent"/,
    ],
    ['public with idle', { 'apps.shop.routes.1.access': 'public' }, 'apps.shop.routes[1].access', /also asks for idle/],
    ['public with a step-up', { 'apps.shop.routes.0.access': 'public' }, 'apps.shop.routes[0].access', /also asks for stepUp/],
    ['public with a device', { 'apps.shop.routes.2.device': { trust: 'known' } }, 'apps.shop.routes[2].access', /also asks for device/],
    [
      'a step-up that asks for nothing',
      { 'apps.other.routes': [{ id: 'x', path: '/other/x', stepUp: {} }] },
      'apps.other.routes[0].stepUp',
      /asks for nothing/,
    ],
    [
      'a demand on the sign-in page',
      { 'apps.shop.routes.3': { id: 'x', path: '/login', idle: '1m' } },
      'apps.shop.routes[3].path',
      /sign-in page/,
    ],
    [
      'an unknown level',
      { 'apps.shop.routes.0.stepUp.level': 'phishing-resistent' },
      'apps.shop.routes[0].stepUp.level',
      /no level/,
      'phishing-resistant',
    ],
  ]);
});

describe('conditions', () => {
  check([
    ['an id twice', { 'conditions.1': validDocument().conditions[0] }, 'conditions[1].id', /unique/],
    ['an unknown app', { 'conditions.0.when': { apps: ['shp'] } }, 'conditions[0].when.apps[0]', /no app/, 'shop'],
    ['an unknown profile', { 'conditions.0.when': { profiles: ['wbe'] } }, 'conditions[0].when.profiles[0]', /no profile/, 'web'],
    ['a misspelt tag', { 'conditions.0.when.tags': ['priviledged'] }, 'conditions[0].when.tags[0]', /tag of no app/, 'privileged'],
    [
      'an app that is not of the profile',
      { 'conditions.0.when': { apps: ['shop'], profiles: ['admin'] } },
      'conditions[0].when',
      /can never match/,
    ],
    [
      'an app that has not the tag',
      { 'conditions.0.when': { apps: ['shop'], tags: ['privileged'] } },
      'conditions[0].when',
      /can never match/,
    ],
    [
      'a kind of subject that nobody lets in',
      { 'conditions.0.when.subjects': ['agent'] },
      'conditions[0].when.subjects',
      /can never match.*"user"/,
    ],
    ['no apps', { 'conditions.0.when.apps': [] }, 'conditions[0].when.apps', /must not be empty/],
    ['a range that is none', { 'conditions.0.when.network.in': ['10.0.0.0/33'] }, 'conditions[0].when.network.in[0]', /not an address/],
    ['an octal address', { 'conditions.0.when.network.notIn': ['010.0.0.0/8'] }, 'conditions[0].when.network.notIn[0]', /not an address/],
    ['a short address', { 'conditions.0.when.network.notIn': ['10.1'] }, 'conditions[0].when.network.notIn[0]', /not an address/],
    [
      'a network that takes itself away',
      { 'conditions.0.when.network': { in: ['10.1.0.0/16'], notIn: ['10.0.0.0/8'] } },
      'conditions[0].when.network.notIn',
      /can never match/,
    ],
    ['an unknown level', { 'conditions.0.require.stepUp.level': 'aal9' }, 'conditions[0].require.stepUp.level', /no level/, 'aal1'],
    ['block that does not block', { 'conditions.0.require': { block: false } }, 'conditions[0].require.block', /false is not true/],
  ]);
});

describe('exceptions', () => {
  check([
    ['an id twice', { 'exceptions.1': validDocument().exceptions[0] }, 'exceptions[1].id', /unique/],
    ['no owner', { 'exceptions.0.owner': undefined }, 'exceptions[0].owner', /missing/],
    ['a blank reason', { 'exceptions.0.reason': ' \t' }, 'exceptions[0].reason', /says nothing/],
    ['no approver', { 'exceptions.0.approvedBy': undefined }, 'exceptions[0].approvedBy', /missing/],
    ['the owner as approver', { 'exceptions.0.approvedBy': ' A@Example.com ' }, 'exceptions[0].approvedBy', /is the owner/],
    ['no expiry', { 'exceptions.0.expires': undefined }, 'exceptions[0].expires', /missing/],
    ['no approval date', { 'exceptions.0.approvedAt': undefined }, 'exceptions[0].approvedAt', /missing/],
    ['a date that is none', { 'exceptions.0.expires': 'next year' }, 'exceptions[0].expires', /not a date/],
    ['a date that does not exist', { 'exceptions.0.expires': '2026-11-31' }, 'exceptions[0].expires', /does not exist/],
    [
      'an expiry before the approval',
      { 'exceptions.0.expires': '2026-10-01', 'exceptions.0.reviewBy': undefined },
      'exceptions[0].expires',
      /not after `approvedAt`/,
    ],
    ['a review before the approval', { 'exceptions.0.reviewBy': '2026-10-30' }, 'exceptions[0].reviewBy', /not after `approvedAt`/],
    ['a review after the expiry', { 'exceptions.0.expires': '2026-11-15' }, 'exceptions[0].reviewBy', /after `expires`/],
    ['too long', { 'exceptions.0.expires': '2027-02-01' }, 'exceptions[0].expires', /92 days after the approval; at most 90d/],
    ['too late a review', { 'exceptions.0.reviewBy': '2026-12-02' }, 'exceptions[0].reviewBy', /31 days after the approval; at most 30d/],
    [
      'no review on the way',
      { 'exceptions.0.reviewBy': undefined },
      'exceptions[0].reviewBy',
      /is missing: an exception for more than 30d/,
    ],
    ['an unknown app', { 'exceptions.0.app': 'shpo' }, 'exceptions[0].app', /no app/, 'shop'],
    ['an unknown route', { 'exceptions.0.routes': ['acount'] }, 'exceptions[0].routes[0]', /no route of app "shop"/, 'account'],
    ['no routes', { 'exceptions.0.routes': [] }, 'exceptions[0].routes', /must not be empty/],
    ['past the ceiling of the preset', { 'exceptions.0.allow.idle': '2h' }, 'exceptions[0].allow.idle', /past the ceiling of 1h/],
    ['past the ceiling of the profile', { 'profiles.web.ceiling': { idle: '20m' } }, 'exceptions[0].allow.idle', /past the ceiling of 20m/],
    [
      'past the own values of a profile without preset',
      {
        'exceptions.0.app': 'other',
        'exceptions.0.routes': ['x'],
        'exceptions.0.allow': { idle: '30m' },
        'apps.other.routes': [{ id: 'x', path: '/other/x', idle: '5m' }],
      },
      'exceptions[0].allow.idle',
      /past the ceiling of 20m/,
    ],
    ['an idle that loosens nothing', { 'exceptions.0.allow.idle': '5m' }, 'exceptions[0].allow.idle', /loosens nothing/],
    [
      'a step-up that nobody asks for',
      { 'exceptions.0.allow': { stepUp: { maxAge: '30m' } } },
      'exceptions[0].allow.stepUp.maxAge',
      /loosens nothing: there is no such limit/,
    ],
    [
      'a limit that is not there',
      { 'exceptions.0': { ...validDocument().exceptions[0], app: 'interface', allow: { idle: '30m' } }, 'exceptions.0.routes': undefined },
      'exceptions[0].allow.idle',
      /there is no such limit/,
    ],
    [
      'nothing in return',
      { 'exceptions.0.compensating.device.trust': 'none' },
      'exceptions[0].compensating.device.trust',
      /asks for nothing in return/,
    ],
  ]);
});

function check(rows: readonly Row[]): void {
  test.each(rows.map((row) => [row[0], row] as const))('%s', (_what, [, changes, path, message, suggestion]) => {
    const document = changed(validDocument(), changes);
    const { faults, document: valid } = validatePolicy(document);
    expect(faults).toEqual([{ path, message: expect.stringMatching(message), ...(suggestion === undefined ? {} : { suggestion }) }]);
    expect(valid).toBeUndefined();
  });
}
