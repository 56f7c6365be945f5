import express5 from 'express';
import express4 from 'express4';

/** A version of Express that is supported, and its name. */
export type ExpressVersion = readonly [name: 'Express 4' | 'Express 5', express: typeof express5];

const ALL: readonly ExpressVersion[] = [
  ['Express 5', express5],
  ['Express 4', express4],
];

/**
 * The versions under test: both, or the one that the environment variable EXPRESS (4 or 5) names.
 *
 * @example describe.each(expressVersions)('%s', (_name, express) => { … });
 */
export const expressVersions: readonly ExpressVersion[] = chosen(process.env['EXPRESS']);

function chosen(version: string | undefined): readonly ExpressVersion[] {
  if (version === undefined || version === '') return ALL;
  const found = ALL.filter(([name]) => name === `Express ${version}`);
  if (found.length === 0) throw new Error(`EXPRESS=${version}: it must be 4 or 5`);
  return found;
}
