/** Longer headers are no browser's; what stands beyond is not looked at. */
const LONGEST = 512;

/** In this order: most browsers also name those that they are built on. */
const BROWSERS: readonly (readonly [mark: RegExp, name: string])[] = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:Chrome|HeadlessChrome|CriOS)\//, 'Chrome'],
  [/\bVersion\/[\d.]+ (?:Mobile\/\w+ )?Safari\//, 'Safari'],
];

const SYSTEMS: readonly (readonly [mark: RegExp, name: string])[] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
];

/**
 * A few words by which people recognise a browser of theirs in a list, like `Firefox on Linux`. Of our own words only: nothing that a
 * client sends is kept or shown. Proves nothing.
 *
 * @returns `undefined` for what is no browser that we know.
 */
export function clientLabel(userAgent: string | undefined): string | undefined {
  const text = userAgent?.slice(0, LONGEST) ?? '';
  const browser = nameIn(text, BROWSERS);
  const system = nameIn(text, SYSTEMS);
  return browser !== undefined && system !== undefined ? `${browser} on ${system}` : (browser ?? system);
}

function nameIn(text: string, known: typeof BROWSERS): string | undefined {
  return known.find(([mark]) => mark.test(text))?.[1];
}
