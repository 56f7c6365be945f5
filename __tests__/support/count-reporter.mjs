import { writeSync } from 'node:fs';

/**
 * The last line of a test run: how many tests passed and how many failed. A suite that could not run counts as a failure, and so
 * does a test that is skipped, unless tests were selected by name.
 */
export default class CountReporter {
  #selected;
  #error;

  constructor(globalConfig) {
    this.#selected = Boolean(globalConfig.testNamePattern);
  }

  onRunComplete(_contexts, results) {
    const skipped = results.numPendingTests + results.numTodoTests;
    const notRun = results.numRuntimeErrorTestSuites + (this.#selected ? 0 : skipped);
    if (skipped > 0 && !this.#selected) {
      this.#error = new Error(`${skipped} tests were skipped or are still to be written; each counts as failed`);
      process.stderr.write(`${this.#error.message}\n`);
    }
    const line = `${results.numPassedTests} passed, ${results.numFailedTests + notRun} failed\n`;
    // Jest prints its own summary after every reporter has run.
    process.once('exit', () => writeSync(process.stdout.fd, line));
  }

  getLastError() {
    return this.#error;
  }
}
