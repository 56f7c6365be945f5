import { provideRedisBinary } from '../support/redis-binary.ts';
import { catalogue } from './catalogue.ts';
import { type TwinResult, runTwin } from './run-twin.ts';
import type { Twin } from './twin.ts';

const AT_A_TIME = 2;

// Runs every twin, or those whose name contains one of the arguments; with --short, one for each file that has any. Exit code 1 if one was
// not caught.
const wanted = process.argv.slice(2).filter((argument) => argument !== '--short');
const named = catalogue.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
const chosen = process.argv.includes('--short') ? onePerFile(named) : named;
await provideRedisBinary();
const results = await runAll(chosen);
const escaped = results.filter(({ outcome }) => outcome !== 'caught').length;
process.stdout.write(`${results.length - escaped} twins caught, ${escaped} not caught\n`);
process.exitCode = escaped > 0 || results.length === 0 ? 1 : 0;

function onePerFile(twins: readonly Twin[]): readonly Twin[] {
  return [...new Map(twins.toReversed().map((twin) => [twin.file, twin])).values()];
}

async function runAll(twins: readonly Twin[]): Promise<readonly TwinResult[]> {
  const waiting = [...twins];
  const results: TwinResult[] = [];
  const work = async (): Promise<void> => {
    for (let twin = waiting.shift(); twin !== undefined; twin = waiting.shift()) {
      const result = await runTwin(twin);
      results.push(result);
      process.stdout.write(`${result.outcome.padEnd(8)} ${twin.threat.padEnd(9)} ${twin.name}: ${result.detail}\n`);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  return results;
}
