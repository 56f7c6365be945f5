import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addressOfProof, addressOfRequest } from '../../lib/proofs/dpop-address.ts';

const request = (target: string, host = 'phone.example', secure = true) => addressOfRequest({ secure, host, target });

describe('what a proof may say of an address', () => {
  test.each([
    ['https://phone.example/me', '/me', 'phone.example'],
    ['HTTPS://PHONE.Example/me', '/me', 'phone.example'],
    ['https://phone.example:443/me', '/me', 'phone.example'],
    ['https://phone.example/me', '/me', 'phone.example:443'],
    ['https://phone.example/me', '/me', 'Phone.EXAMPLE'],
    ['https://phone.example:8443/me', '/me', 'phone.example:8443'],
    ['https://phone.example', '/', 'phone.example'],
    ['https://phone.example?x=1', '/?y=2', 'phone.example'],
    ['https://phone.example/me?x=1#top', '/me?y=2', 'phone.example'],
    ['https://phone.example/%7euser/%C3%A4', '/~user/%c3%a4', 'phone.example'],
    ['https://phone.example/a%2Fb', '/a%2fb', 'phone.example'],
    ['https://phone.example/x/../me', '/me', 'phone.example'],
    ['https://phone.example/me/@you', '/me/@you', 'phone.example'],
    ['https://phone.example//me', '//me', 'phone.example'],
    ['https://[::1]:3000/me', '/me', '[::1]:3000'],
  ])('%s is %s of %s', (htu, target, host) => {
    expect(request(target, host)).toBeDefined();
    expect(addressOfProof(htu)).toBe(request(target, host));
  });

  test.each([
    ['https://phone.example/a/b', '/a%2fb'],
    ['https://phone.example/me/', '/me'],
    ['https://phone.example/Me', '/me'],
    ['https://phone.example/me', '//me'],
    ['https://phone.example/a%2525', '/a%25'],
    ['https://phone.example/me;x', '/me'],
  ])('%s is not %s', (htu, target) => {
    expect(request(target)).toBeDefined();
    expect(addressOfProof(htu)).not.toBe(request(target));
  });

  test.each([
    'https://',
    'https:///me',
    'https:/phone.example/me',
    'ftp://phone.example/me',
    'javascript:alert(1)',
    'https://ada:secret@phone.example/me',
    'https:\\\\phone.example\\me',
    ' https://phone.example/me',
    'https://phone.example/m\te',
    'https://phone.example:99999/me',
    '',
    7,
    null,
    undefined,
    { toString: () => 'https://phone.example/me' },
  ])('%p is no address', (htu) => {
    expect(addressOfProof(htu)).toBeUndefined();
  });
});

describe('a request that no proof can be for', () => {
  test.each(['*', 'https://phone.example/me', '', 'me', '/a/../me', '/a/%2e%2E/me', '/./me', '/me/..', '/a\\me', '/me#top', '/m e'])(
    'to %p',
    (target) => {
      expect(request(target)).toBeUndefined();
    },
  );

  test.each(['', 'a b', 'phone.example/x', 'ada@phone.example', 'phone.example?', 'phone.example#', 'a\\b', 'phone.example:99999'])(
    'of host %p',
    (host) => {
      expect(request('/me', host)).toBeUndefined();
    },
  );

  test('a query may say what it likes', () => {
    expect(request('/me?next=/../a\\b')).toBe('https://phone.example/me');
  });
});

describe('whatever the address', () => {
  const segment = fc.stringMatching(/^[A-Za-z0-9~_.;:@!$&'()*+,=-]{1,8}$/).filter((text) => !/^\.{1,2}$/.test(text));
  const path = fc.array(segment, { maxLength: 5 }).map((segments) => `/${segments.join('/')}`);
  const host = fc.tuple(fc.domain(), fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }));
  const hostText = host.map(([name, port]) => (port === undefined ? name : `${name}:${port}`));
  const spelling = fc.infiniteStream(fc.nat(3));

  /** The same path with some of its characters escaped that need not be. */
  function respelled(text: string, how: Iterator<number>): string {
    return text.replace(/[A-Za-z0-9~_-]/g, (character) => {
      const escape = `%${character.charCodeAt(0).toString(16)}`;
      return [character, escape, escape.toUpperCase(), character][how.next().value as number] as string;
    });
  }

  test('another spelling of it is the same', () => {
    fc.assert(
      fc.property(hostText, path, spelling, fc.boolean(), (name, at, how, secure) => {
        const plain = request(at, name, secure);
        const scheme = secure ? 'https' : 'http';
        expect(plain).toBeDefined();
        expect(addressOfProof(`${scheme.toUpperCase()}://${name.toUpperCase()}${respelled(at, how)}?a#b`)).toBe(plain);
        expect(request(respelled(at, how), name, secure)).toBe(plain);
        expect(addressOfProof(plain)).toBe(plain);
      }),
    );
  });

  test('another path, host or scheme is another', () => {
    fc.assert(
      fc.property(fc.domain(), fc.domain(), path, path, (name, otherName, at, otherAt) => {
        if (at !== otherAt) expect(request(at, name)).not.toBe(request(otherAt, name));
        if (name !== otherName) expect(request(at, name)).not.toBe(request(at, otherName));
        expect(request(at, name, true)).not.toBe(request(at, name, false));
      }),
    );
  });

  test('nothing is thrown, for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, two) => {
        request(one, two);
        addressOfProof(`https://${one}`);
        addressOfProof(two);
      }),
    );
  });
});
