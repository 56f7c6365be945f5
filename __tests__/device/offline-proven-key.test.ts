import { describe, expect, test } from '@jest/globals';
import type { BindingMethod, PresentedDevice } from '../../lib/policy/device.ts';
import { provenSession } from '../../lib/express/offline/proven-key.ts';
import type { RequestContext } from '../../lib/express/request-context.ts';

const NOW = 1_000_000_000_000;
const KEY = 'thumbprint';

/** A request of a session that is bound to a key. */
function requestOf(by: BindingMethod, device: PresentedDevice | undefined, record: object = {}): RequestContext {
  const bound = { subject: { id: 'ann', kind: 'user' }, rotatedAt: 0, device: { binding: { by, key: KEY, provenAt: NOW } }, ...record };
  return { loaded: { record: bound }, facts: { device }, now: NOW } as unknown as RequestContext;
}

function proof(by: BindingMethod, key: string = KEY, provenAt: number = NOW): PresentedDevice {
  return { keys: [{ by, key, provenAt }] };
}

describe('the session that a lease is for', () => {
  test('has proved the key that it is bound to', () => {
    expect(provenSession(requestOf('dpop', proof('dpop')))).toMatchObject({ key: KEY, subject: { id: 'ann', kind: 'user' } });
  });

  test.each<[string, RequestContext]>([
    ['no proof of it', requestOf('dpop', undefined)],
    ['no proof of it but of another key', requestOf('dpop', proof('dpop', 'another'))],
    ['no proof of it but of another kind', requestOf('dpop', proof('mtls'))],
    ['no proof of it but one from long ago', requestOf('dpop', proof('dpop', KEY, NOW - 600_000))],
    ['a certificate, which is no key of a native client', requestOf('mtls', proof('mtls'))],
    ['a browser, whose key is no key of a native client', requestOf('dbsc', proof('dbsc'))],
    ['a passkey, which is no key of a native client', requestOf('passkey', undefined)],
    ['no key', requestOf('dpop', proof('dpop'), { device: undefined })],
  ])('is not one with %s', (_what, request) => {
    expect(() => provenSession(request)).toThrow(expect.objectContaining({ code: 'ERR_DEVICE_UNBOUND', status: 403 }));
  });

  test('is one of somebody, and has not got another id by now', () => {
    for (const record of [{ subject: undefined }, { rotatedAt: NOW }]) {
      expect(() => provenSession(requestOf('dpop', proof('dpop'), record))).toThrow(expect.objectContaining({ code: 'ERR_SESSION_ENDED' }));
    }
  });
});
