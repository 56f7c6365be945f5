/** One line of the benchmark: which server answers, and how its requests are born. */
export interface Row {
  readonly name: string;
  /** Module in `servers/` that builds it. */
  readonly server: 'bare-express' | 'express-session' | 'fastify-session' | 'ours';
  readonly store: 'none' | 'memory' | 'redis';
  /** `listen` is `app.listen()`; `created` is `createServer(app)` of this package. */
  readonly start: 'listen' | 'created';
  /** Whether the session cookie is sent again with every answer, where that is a choice. */
  readonly rolling: boolean;
  /** Three guards stand before the page. */
  readonly guarded?: true;
}

/** The row that all others are compared with. */
export const BASELINE = 'express-session + connect-redis';

const EXPRESS: readonly Omit<Row, 'start'>[] = [
  { name: 'bare Express', server: 'bare-express', store: 'none', rolling: false },
  { name: 'express-session + memory', server: 'express-session', store: 'memory', rolling: true },
  { name: BASELINE, server: 'express-session', store: 'redis', rolling: true },
  { name: 'express-session + connect-redis, cookie not re-sent', server: 'express-session', store: 'redis', rolling: false },
  { name: 'ours, memory', server: 'ours', store: 'memory', rolling: false },
  { name: 'ours, Redis', server: 'ours', store: 'redis', rolling: false },
  { name: 'ours, Redis, three guards', server: 'ours', store: 'redis', rolling: false, guarded: true },
];

/** All rows, in the order in which they are printed. */
export const ROWS: readonly Row[] = [
  ...EXPRESS.map((row) => ({ ...row, start: 'listen' as const })),
  { name: '@fastify/session + Redis', server: 'fastify-session', store: 'redis', start: 'listen', rolling: true },
  ...EXPRESS.map((row) => ({ ...row, name: `${row.name}, createServer`, start: 'created' as const })),
];
