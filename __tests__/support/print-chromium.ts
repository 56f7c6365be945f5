import { findChromium } from './chromium-binary.ts';

// Fetches Chromium ahead of the tests, for a machine that will be offline later.
process.stdout.write(`${await findChromium()}\n`);
