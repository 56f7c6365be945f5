import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../support/source-tree.ts';
import type { Twin } from './twin.ts';

const LONGEST_MS = 180_000;

/** What became of a twin. Only `caught` is good. */
export interface TwinResult {
  readonly outcome: 'caught' | 'survived' | 'broken';
  /** Tests that failed on the twin, or what went wrong with running it. */
  readonly detail: string;
}

interface JestReport {
  readonly numFailedTests: number;
  readonly numPassedTests: number;
  readonly numRuntimeErrorTestSuites: number;
  readonly testResults: readonly { readonly message: string }[];
}

/** Runs the tests that a twin names against the twin. It is caught if at least one of them runs and fails. */
export async function runTwin(twin: Twin): Promise<TwinResult> {
  const folder = await mkdtemp(join(tmpdir(), 'twin-'));
  try {
    const outputFile = join(folder, 'report.json');
    const finished = await runJest(twin, outputFile);
    if (!finished) return { outcome: 'broken', detail: 'the tests did not come to an end' };
    return judge(JSON.parse(await readFile(outputFile, 'utf8')) as JestReport);
  } catch (error) {
    return { outcome: 'broken', detail: String(error) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runJest(twin: Twin, outputFile: string): Promise<boolean> {
  const jest = ['--experimental-vm-modules', join(ROOT, 'node_modules/jest/bin/jest.js')];
  const selection = ['--runTestsByPath', twin.test, '--testNamePattern', twin.pattern];
  const child = spawn(process.execPath, [...jest, ...selection, '--json', '--outputFile', outputFile, '--reporters', 'default', '-i'], {
    cwd: ROOT,
    stdio: 'ignore',
    env: { ...process.env, TWIN: JSON.stringify(twin) },
    timeout: LONGEST_MS,
    killSignal: 'SIGKILL',
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code !== null;
}

function judge(report: JestReport): TwinResult {
  if (report.numRuntimeErrorTestSuites > 0)
    return { outcome: 'broken', detail: report.testResults.map(({ message }) => message).join('\n') };
  const ran = report.numFailedTests + report.numPassedTests;
  if (ran === 0) return { outcome: 'broken', detail: 'no test has a name that matches the pattern' };
  const detail = `${report.numFailedTests} of ${ran} tests failed`;
  return { outcome: report.numFailedTests > 0 ? 'caught' : 'survived', detail };
}
