import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { createServer } from '../../lib/express/create-server.ts';
import { ROWS } from './rows.ts';
import type { BuiltServer, ServerModule } from './servers/built-server.ts';

// One server of the benchmark in a process of its own: `serve.ts <row> <redis url>`. Tells its parent its port, and its use of the
// processor whenever it is asked.
const row = ROWS.find(({ name }) => name === process.argv[2]);
if (row === undefined) throw new Error(`no row is called ${process.argv[2]}`);
const { build } = (await import(`./servers/${row.server}.ts`)) as ServerModule;
const server = await start(await build(row, process.argv[3] ?? ''));
process.on('message', () => process.send?.({ cpu: process.cpuUsage() }));
process.on('disconnect', () => process.exit());
process.send?.({ port: (server.address() as AddressInfo).port });

async function start(built: BuiltServer): Promise<Server> {
  if ('fastify' in built) {
    await built.fastify.listen({ port: 0, host: '127.0.0.1' });
    return built.fastify.server;
  }
  const listening = row?.start === 'created' ? createServer(built.app).listen(0, '127.0.0.1') : built.app.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  return listening;
}
