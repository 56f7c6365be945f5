import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { clientLabel } from '../../lib/express/client-label.ts';

const WEBKIT = 'AppleWebKit/537.36 (KHTML, like Gecko)';

describe('the label of a client', () => {
  test.each([
    ['Firefox on Linux', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'],
    ['Chrome on Windows', `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${WEBKIT} Chrome/140.0.0.0 Safari/537.36`],
    ['Edge on Windows', `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${WEBKIT} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0`],
    ['Opera on macOS', `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${WEBKIT} Chrome/140.0.0.0 Safari/537.36 OPR/120.0.0.0`],
    [
      'Safari on macOS',
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
    ],
    [
      'Safari on iPhone',
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
    ],
    [
      'Chrome on iPhone',
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0.0.0 Mobile/15E148 Safari/604.1',
    ],
    [
      'Firefox on iPad',
      'Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/140.0 Mobile/15E148 Safari/605.1.15',
    ],
    [
      'Samsung Internet on Android',
      `Mozilla/5.0 (Linux; Android 10; K) ${WEBKIT} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36`,
    ],
    ['Chrome on ChromeOS', `Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${WEBKIT} Chrome/140.0.0.0 Safari/537.36`],
    ['Android', 'Dalvik/2.1.0 (Linux; U; Android 14)'],
    [undefined, 'curl/8.5.0'],
    [undefined, ''],
    [undefined, undefined],
  ])('%s', (label, userAgent) => {
    expect(clientLabel(userAgent)).toBe(label);
  });

  test('is made of our own words, whatever a client sends', () => {
    const words =
      /^(?:(?:Edge|Opera|Samsung Internet|Firefox|Chrome|Safari)(?: on )?)?(?:iPhone|iPad|Android|Windows|macOS|ChromeOS|Linux)?$/;
    const parts = fc.constantFrom('Firefox/', 'Chrome/1 ', '(Windows) ', 'iPhone ', '<b>', '\n', 'Version/1 Safari/', 'x'.repeat(600));
    fc.assert(
      fc.property(fc.array(fc.oneof(parts, fc.string())), (all) => {
        expect(clientLabel(all.join('')) ?? '').toMatch(words);
      }),
    );
  });
});
