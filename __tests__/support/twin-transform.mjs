import { relative } from 'node:path';
import swcJest from '@swc/jest';
import { SWC_OPTIONS } from './swc-options.mjs';

/**
 * Jest's transform: compiles TypeScript and, where the environment variable TWIN has a weakened twin of the catalogue (its name, or
 * all of it as JSON), weakens the one file that the twin is about.
 */
const twin = await chosenTwin(process.env.TWIN);

async function chosenTwin(chosen) {
  if (chosen === undefined || chosen === '') return undefined;
  if (chosen.startsWith('{')) return JSON.parse(chosen);
  await import('./typescript-loader.mjs');
  const { catalogue } = await import('../twins/catalogue.ts');
  const found = catalogue.find(({ name }) => name === chosen);
  if (found === undefined) throw new Error(`TWIN=${chosen}: the catalogue has no such twin`);
  return found;
}

function weaken(source, filename, rootDir) {
  if (twin === undefined || relative(rootDir, filename) !== twin.file) return source;
  const parts = source.split(twin.find);
  if (parts.length !== 2) throw new Error(`twin ${twin.name}: its text occurs ${parts.length - 1} times in ${twin.file}, not once`);
  return parts.join(twin.replace);
}

function createTransformer() {
  const swc = swcJest.createTransformer(SWC_OPTIONS);
  const key = (source, filename, options) =>
    `${swc.getCacheKey(source, filename, options)}${twin?.file === relative(options.config.rootDir, filename) ? `-${JSON.stringify(twin)}` : ''}`;
  return {
    canInstrument: swc.canInstrument ?? false,
    getCacheKey: key,
    process: (source, filename, options) => swc.process(weaken(source, filename, options.config.rootDir), filename, options),
    processAsync: (source, filename, options) => swc.processAsync(weaken(source, filename, options.config.rootDir), filename, options),
  };
}

export default { createTransformer };
