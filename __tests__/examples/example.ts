import { join } from 'node:path';
import { ROOT } from '../support/source-tree.ts';

/** What every example gives back when it has started. */
export interface RunningExample {
  readonly url: string;
  close(): Promise<void>;
}

/** Options that the examples take, each what it needs. */
export interface ExampleOptions {
  readonly clock?: () => number;
  readonly redisUrl?: string;
  readonly sessionSecret?: string;
  readonly file?: string;
  readonly certificate?: { readonly key: string; readonly cert: string };
  readonly log?: (line: string) => void;
}

interface Example {
  readonly start: (options: ExampleOptions & { readonly port: number }) => Promise<RunningExample>;
}

const running: RunningExample[] = [];

/** Starts `examples/<name>` on a free port. The examples are JavaScript that uses the built package. */
export async function startExample(name: string, options: ExampleOptions = {}, file = 'server.js'): Promise<RunningExample> {
  const { start } = (await import(join(ROOT, 'examples', name, file))) as Example;
  const example = await start({ port: 0, ...options });
  running.push(example);
  return example;
}

/** Ends what was started since the last time. */
export async function closeExamples(): Promise<void> {
  await Promise.all(running.splice(0).map((example) => example.close()));
}
