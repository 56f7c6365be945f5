import { describe, expect, test } from '@jest/globals';
import { type PolicyError, parsePolicy } from '../../../lib/index.ts';

function policyText(profile: string, app = ''): string {
  return `version: 1
profiles:
  ward: { ${profile} }
apps:
  ward: { profile: ward${app} }
`;
}

function faultsOf(text: string): unknown {
  try {
    parsePolicy(text);
    return [];
  } catch (error) {
    return (error as PolicyError).faults.map(({ path, line }) => [path, line]);
  }
}

const PERSISTENT = 'cookie: { persistent: true }';

describe('a profile for shared devices', () => {
  test.each([
    ['preset: kiosk', true],
    ['preset: kiosk, shared: false', false],
    ['preset: staff-web', false],
    ['preset: staff-web, shared: true', true],
    ['idle: 5m, absolute: 1h, shared: true', true],
  ])('%s: %s', (profile, shared) => {
    expect(parsePolicy(policyText(profile)).apps.get('ward')?.profile.shared).toBe(shared);
    expect(faultsOf(policyText(`${profile}, ${PERSISTENT}`))).toEqual(shared ? [['profiles.ward.cookie.persistent', 3]] : []);
  });

  test('a fault names its reason and what to do', () => {
    expect(() => parsePolicy(policyText(`preset: kiosk, ${PERSISTENT}`))).toThrow(/preset "kiosk" is for shared devices; leave it out/);
    expect(() => parsePolicy(policyText(`preset: admin, shared: true, ${PERSISTENT}`))).toThrow(/the profile is for shared devices/);
  });

  test('no fault follows from another one', () => {
    expect(faultsOf(policyText(`preset: kiosk, shared: sometimes, ${PERSISTENT}`))).toEqual([['profiles.ward.shared', 3]]);
    expect(faultsOf(policyText(`preset: kisok, ${PERSISTENT}`))).toEqual([['profiles.ward.preset', 3]]);
  });

  test('a kiosk that is said to be personal is told', () => {
    expect(parsePolicy(policyText('preset: kiosk, shared: false')).notices.join('\n')).toMatch(
      /profiles\.ward\.shared: leaves what one person did/,
    );
    expect(parsePolicy(policyText('preset: kiosk, shared: true')).notices.join('\n')).not.toContain('profiles.ward.shared');
  });
});

describe('the address for a device of the own', () => {
  const withUrl = (url: string, profile = 'preset: kiosk'): string => policyText(profile, `, ownDeviceUrl: "${url}"`);

  test.each([
    'https://my.example.com',
    'https://my.example.com/orders?a=1#b',
    'https://my.example.com:8443/',
    'http://localhost:3000/x',
    'https://[2001:db8::1]/',
  ])('is %s', (url) => {
    expect(parsePolicy(withUrl(url)).apps.get('ward')?.ownDeviceUrl).toBe(url);
  });

  test.each([
    'http://my.example.com',
    '/orders',
    '//my.example.com',
    'javascript:alert(1)',
    'https://ann:secret@my.example.com',
    'https://my.example.com@evil.example',
    'https://my.example.com/a b',
    'https://my.example.com\\\\evil',
    'https://',
    'https://my.example.com:99999/',
    '',
  ])('is not %s', (url) => {
    expect(faultsOf(withUrl(url))).toEqual([['apps.ward.ownDeviceUrl', 5]]);
  });

  test('has no effect where step-ups are possible', () => {
    const told = parsePolicy(withUrl('https://my.example.com', 'preset: staff-web')).notices.join('\n');
    expect(told).toMatch(/apps\.ward\.ownDeviceUrl: has no effect: profile "ward" does not refuse step-ups/);
    expect(parsePolicy(withUrl('https://my.example.com')).notices.join('\n')).not.toContain('ownDeviceUrl');
  });
});
