import { cpus } from 'node:os';
import { canPin } from './cores.ts';
import type { Asked, DeviceRound } from './devices-measure.ts';
import type { DeviceRow } from './devices-rows.ts';
import { table } from './table.ts';

export interface MeasuredRow {
  readonly row: DeviceRow;
  readonly rounds: readonly DeviceRound[];
  readonly alone: Asked;
}

/** A table with a line for each row, and what its figures are. */
export function deviceReport(measured: readonly MeasuredRow[], rounds: number): string {
  const head = ['', 'req/s', 'CPU µs', '×', 'µs more', 'from', 'to', 'Redis reads', 'Redis commands'];
  const lines = measured.map((own) => [own.row.name, ...figures(own, measured), own.alone.reads.toFixed(1), commandsOf(own)]);
  const machine = `Node ${process.versions.node}, ${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores`;
  const pinning = canPin ? 'server alone on one core, load and Redis on the other' : 'not pinned to cores';
  return `${table([head, ...lines])}

${machine}; ${pinning}.
Medians of ${rounds} rounds. × and "µs more" are against the line above that does the same without the proof, of the same round; "from" and
"to" are the least and the most of all rounds. CPU is the server's, for one request of many; what Redis was asked, for one that is alone.
`;
}

function figures({ row, rounds }: MeasuredRow, all: readonly MeasuredRow[]): readonly string[] {
  const shown = [median(rounds.map(({ perSecond }) => perSecond)), median(rounds.map(({ cpu }) => cpu))].map((figure) => figure.toFixed(0));
  const base = all.find(({ row: { name } }) => name === row.against)?.rounds;
  if (base === undefined) return [...shown, '', '', '', ''];
  const pairs = rounds.map(({ cpu }, round) => [cpu, base[round]?.cpu ?? Number.NaN] as const);
  const more = pairs.map(([own, other]) => own - other);
  const times = median(pairs.map(([own, other]) => own / other));
  return [...shown, times.toFixed(2), ...[median(more), Math.min(...more), Math.max(...more)].map((figure) => figure.toFixed(0))];
}

function commandsOf({ alone }: MeasuredRow): string {
  // What comes from time to time, as the question for the clock does, is no part of each request.
  const shares = Object.entries(alone.commands).filter(([, share]) => share >= 0.5);
  const texts = shares.map(([name, share]) => `${name} ${share.toFixed(2)}`);
  return texts.toSorted().join(', ');
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] as number;
}
