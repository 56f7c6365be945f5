const PLAIN = /^(?:\/|(?:\/[A-Za-z0-9_~@:!$&'()*,=-][A-Za-z0-9._~@:!$&'()*,=-]*)+\/?)$/;
const ABSOLUTE_FORM = /^[a-z][a-z0-9+.-]*:\/\/([^/\\?#]*)/i;
const DEEPEST_ENCODING = 3;

/** The readings of a path; one that can be read in one way only stands for itself, so that nothing is made for it. */
export type PathReadings = string | readonly string[];

/** The readings of a path, in the form that costs nothing for a plain one. A slash at its end is left: matching ignores it. */
export function readPath(target: string): PathReadings {
  return PLAIN.test(target) ? target : pathReadings(target);
}

/** The host that a request target in absolute form names (RFC 9112 section 3.2.2); `undefined` in every other form. */
export function hostOfTarget(target: string): string | undefined {
  return ABSOLUTE_FORM.exec(target)?.[1]?.replace(/^.*@/, '');
}

/**
 * Every plausible way in which a router, proxy or application may read a path: as sent, decoded once to three times, and at each
 * of these steps with dot segments resolved, slashes merged, `;parameters` dropped or the rest cut off. A server decodes what the
 * one before it has already tidied, so each step starts from every reading of the last. Case is left alone: matching ignores it.
 */
export function pathReadings(target: string): readonly string[] {
  const path = withoutQuery(target.replace(ABSOLUTE_FORM, ''));
  if (PLAIN.test(path)) return [...new Set([path, withoutTrailingSlash(path)])];
  const readings = new Set<string>();
  let step: ReadonlySet<string> = new Set([path]);
  for (let depth = 0; depth <= DEEPEST_ENCODING; depth += 1) {
    const tidied = new Set([...step].flatMap(tidyings));
    for (const reading of tidied) readings.add(reading === '' ? '/' : reading).add(withoutTrailingSlash(reading));
    step = new Set([...tidied].filter((reading) => reading.includes('%')).map(decodeOnce));
  }
  return [...readings];
}

/** What servers make of a path without decoding it, apart from the dots that some decode for themselves. */
function tidyings(path: string): readonly string[] {
  const clean = withoutUnseen(path).replace(/\\/g, '/').replace(/%2e/gi, '.');
  const bare = clean.replace(/;[^/]*/g, '');
  return [path, path.trim(), ...resolutions(clean), ...resolutions(bare), ...resolutions(withoutQuery(bare))];
}

/** RFC 3986 section 5.2.4 keeps empty segments, which `..` then removes first; others merge slashes before, or after. */
function resolutions(path: string): readonly string[] {
  const merged = mergeSlashes(path);
  if (!merged.includes('/.')) return [merged];
  return [mergeSlashes(resolveDots(merged)), mergeSlashes(resolveDots(path))];
}

function resolveDots(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split('/').slice(1)) {
    if (segment === '..') segments.pop();
    else if (segment !== '.') segments.push(segment);
  }
  return `/${segments.join('/')}`;
}

function mergeSlashes(path: string): string {
  return `/${path}`.replace(/\/{2,}/g, '/');
}

/** Routers and proxies differ on whether control characters and line ends are part of a segment. */
function withoutUnseen(path: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what has to go
  return path.trim().replace(/[\u0000-\u001f\u007f\u2028\u2029]/g, '');
}

/** Percent-decodes once. What is not UTF-8 stays encoded, but for the ASCII in it. */
export function decodeOnce(path: string): string {
  return path.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
    try {
      return decodeURIComponent(run);
    } catch {
      return run.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    }
  });
}

function withoutQuery(path: string): string {
  const end = path.search(/[?#]/);
  return end === -1 ? path : path.slice(0, end);
}

function withoutTrailingSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path === '' ? '/' : path;
}
