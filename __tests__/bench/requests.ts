import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { LOAD_CORE, canPin, pin } from './cores.ts';
import { type Amount, generator, load } from './load.ts';
import { type Measurement, measure, medianOf } from './measure.ts';
import { BASELINE, ROWS, type Row } from './rows.ts';
import { type ServerProcess, startServer } from './server-process.ts';
import { table } from './table.ts';

// Requests a second and what each costs, side by side: `npm run bench -- [--rounds 5] [--seconds 5] [--rows ours,bare] [--smoke]`.
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '5' },
    rows: { type: 'string', default: '' },
    smoke: { type: 'boolean', default: false },
  },
});
const rounds = values.smoke ? 1 : Number(values.rounds);
const amount: Amount = values.smoke ? { requests: 40 } : { seconds: Number(values.seconds) };
const warmUp: Amount = values.smoke ? { requests: 4 } : { seconds: 2 };
const visitors = values.smoke ? 2 : 100;
const wanted = values.rows.split(',').filter((part) => part !== '');
const chosen = ROWS.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)) || name === BASELINE);

const redis = await startRedis();
pin(LOAD_CORE, redis.pid);
try {
  print(await runAll(chosen, redis));
} finally {
  await redis.stop();
}

async function runAll(rows: readonly Row[], server: RedisServer): Promise<ReadonlyMap<string, readonly Measurement[]>> {
  const servers: ServerProcess[] = [];
  try {
    for (const row of rows) servers.push(await startServer(row, server.url, visitors));
    return await measureAll(servers, server);
  } finally {
    await Promise.all(servers.map((running) => running.stop()));
  }
}

async function measureAll(
  servers: readonly ServerProcess[],
  redisServer: RedisServer,
): Promise<ReadonlyMap<string, readonly Measurement[]>> {
  const measured = new Map<string, Measurement[]>(servers.map(({ row }) => [row.name, []]));
  const usage = redisServer.client();
  for (const server of servers) await load(server, warmUp);
  for (let round = 1; round <= rounds; round += 1) {
    for (const server of shuffled(servers)) measured.get(server.row.name)?.push(await measure(server, amount, usage));
    process.stderr.write(`round ${round} of ${rounds} done\n`);
  }
  return measured;
}

function shuffled<T>(list: readonly T[]): readonly T[] {
  return list
    .map((item) => [Math.random(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}

function print(measured: ReadonlyMap<string, readonly Measurement[]>): void {
  const medians = [...measured].map(([name, list]) => [name, medianOf(list)] as const);
  const base = medians.find(([name]) => name === BASELINE)?.[1] as Measurement;
  const head = ['', 'req/s', '×', 'p50 ms', 'p99 ms', 'CPU µs', 'CPU ×', 'Redis cmds', 'B in', 'B out', 'Redis µs', ''];
  const lines = medians.map(([name, m]) => [name, ...figures(m, base), m.commandNames]);
  const machine = `Node ${process.versions.node}, ${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores`;
  const pinning = canPin ? 'server alone on one core, load and Redis on the other' : 'not pinned to cores: the figures disturb each other';
  process.stdout.write(`${table([head, ...lines])}\n\n${machine}; load by ${values.smoke ? 'autocannon' : generator}; ${pinning}.\n`);
  process.stdout.write(
    `Medians of ${rounds} rounds in shuffled order; × is against ${BASELINE}. All figures but req/s and ms are for one request.\n`,
  );
}

function figures(m: Measurement, base: Measurement): readonly string[] {
  const times = (m.perSecond / base.perSecond).toFixed(2);
  const redisFigures =
    m.commandNames === ''
      ? ['', '', '', '']
      : [m.redisCommands.toFixed(3), m.redisBytesIn.toFixed(0), m.redisBytesOut.toFixed(0), m.redisCpu.toFixed(1)];
  return [
    m.perSecond.toFixed(0),
    times,
    m.p50.toFixed(2),
    m.p99.toFixed(2),
    m.cpu.toFixed(1),
    (m.cpu / base.cpu).toFixed(2),
    ...redisFigures,
  ];
}
