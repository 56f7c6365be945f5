import { parseArgs } from 'node:util';
import { startRedis } from '../support/redis.ts';
import { LOAD_CORE, pin } from './cores.ts';
import { type DeviceRound, type DeviceSite, measureAlone, measureMany, openSite, startServer } from './devices-measure.ts';
import { deviceReport, type MeasuredRow } from './devices-report.ts';
import { DEVICE_ROWS, type DeviceRow } from './devices-rows.ts';
import type { ServerChild } from './server-child.ts';

// What each proof of a device costs: `npm run bench:devices -- [--rounds 7] [--requests 3000] [--smoke]`. Whatever a client signs for a
// request, it has signed before the clock runs.
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    requests: { type: 'string', default: '3000' },
    smoke: { type: 'boolean', default: false },
  },
});
const rounds = values.smoke ? 1 : Number(values.rounds);
const requests = values.smoke ? 40 : Number(values.requests);
const visitors = values.smoke ? 2 : 20;
const REQUESTS_ALONE = 40;

const redis = await startRedis();
pin(LOAD_CORE, redis.pid);
pin(LOAD_CORE, process.pid);
const servers = new Map<DeviceRow['server'], ServerChild>();
const sites: DeviceSite[] = [];
try {
  for (const row of DEVICE_ROWS) sites.push(await openSite(row, await serverOf(row), visitors));
  process.stdout.write(deviceReport(await measureAll(), rounds));
} finally {
  for (const site of sites) for (const visitor of site.visitors) visitor.close();
  await Promise.allSettled([...servers.values()].map((child) => child.stop()));
  await redis.stop();
}

async function serverOf({ server }: DeviceRow): Promise<ServerChild> {
  const child = servers.get(server) ?? (await startServer(server, redis.url));
  servers.set(server, child);
  return child;
}

async function measureAll(): Promise<readonly MeasuredRow[]> {
  const measured = new Map<DeviceSite, DeviceRound[]>(sites.map((site) => [site, []]));
  if (!values.smoke) for (const site of sites) await measureMany(site, requests);
  for (let round = 1; round <= rounds; round += 1) {
    // There and back: a machine that gets slower must not look like a proof that costs more.
    const order = round % 2 === 1 ? [...measured] : [...measured].toReversed();
    for (const [site, all] of order) all.push(await measureMany(site, requests));
    process.stderr.write(`round ${round} of ${rounds} done\n`);
  }
  const usage = redis.client();
  const rows: MeasuredRow[] = [];
  for (const [site, all] of measured) rows.push({ row: site.row, rounds: all, alone: await measureAlone(site, REQUESTS_ALONE, usage) });
  return rows;
}
