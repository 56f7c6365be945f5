import { readFileSync } from 'node:fs';
import autocannon from 'autocannon';

// Sends the requests of one visitor after the other: `load-autocannon.mjs <options as JSON> <file with their cookies>`. In a process of
// its own, so that it can have a core of its own.
const [options, file] = process.argv.slice(2);
const cookies = readFileSync(file, 'utf8').split('\n').filter(Boolean);
const requests = cookies.length === 0 ? [{}] : cookies.map((cookie) => ({ headers: { cookie } }));
const result = await autocannon({ ...JSON.parse(options), requests });
process.stdout.write(JSON.stringify(result));
