import { fuzz } from './fuzz.ts';

// Throws random requests at the middleware for as many seconds as the argument says (60 without one). Exit code 1 if one ended the
// process, was answered with 500, or put a secret into a log.
const seconds = Number(process.argv[2] ?? 60);
const { sent, statuses, faults } = await fuzz(seconds * 1_000);
process.stdout.write(`${sent} requests in ${seconds} s: ${JSON.stringify(statuses)}\n${faults.length} faults\n`);
for (const fault of faults) process.stdout.write(`${fault}\n`);
process.exitCode = faults.length > 0 || sent === 0 ? 1 : 0;
