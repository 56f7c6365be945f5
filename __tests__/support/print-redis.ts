import { provideRedisBinary } from './redis-binary.ts';

// Fetches redis-server ahead of the tests, for a machine that will be offline later.
const { path } = await provideRedisBinary();
process.stdout.write(`${path}\n`);
