import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';

/** Which way a fault works: what the client asks, what the server answers, or both. */
export type Direction = 'requests' | 'replies' | 'both';

/** A TCP proxy in front of a server on this machine, which can do what networks do. */
export interface FaultProxy {
  readonly port: number;
  /** Every byte arrives this many milliseconds later. */
  delay(ms: number): void;
  /** Nothing arrives any more; connections stay open. With `replies` the server still does what it is asked. */
  freeze(direction?: Direction): void;
  /** Ends every connection, and each new one at once. */
  cut(): void;
  /** No faults; what was frozen arrives now. */
  restore(): void;
  close(): Promise<void>;
}

interface Faults {
  delayMs: number;
  refusing: boolean;
  readonly gates: Record<'requests' | 'replies', Gate>;
}

/** Starts a proxy to a port of 127.0.0.1. */
export async function faultProxy(target: number): Promise<FaultProxy> {
  const faults: Faults = { delayMs: 0, refusing: false, gates: { requests: new Gate(), replies: new Gate() } };
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    if (faults.refusing) return void client.destroy();
    const upstream = connect(target, '127.0.0.1');
    pipe(client, upstream, 'requests', faults);
    pipe(upstream, client, 'replies', faults);
    for (const socket of [client, upstream]) track(socket, socket === client ? upstream : client, sockets);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endAll = (): void => sockets.forEach((socket) => socket.destroy());
  return {
    port: (server.address() as AddressInfo).port,
    ...controls(faults, endAll),
    async close() {
      endAll();
      server.close();
      await once(server, 'close');
    },
  };
}

function controls(faults: Faults, endAll: () => void): Pick<FaultProxy, 'delay' | 'freeze' | 'cut' | 'restore'> {
  return {
    delay(ms) {
      faults.delayMs = ms;
    },
    freeze(direction = 'both') {
      if (direction !== 'replies') faults.gates.requests.shut();
      if (direction !== 'requests') faults.gates.replies.shut();
    },
    cut() {
      faults.refusing = true;
      endAll();
    },
    restore() {
      faults.refusing = false;
      faults.delayMs = 0;
      faults.gates.requests.open();
      faults.gates.replies.open();
    },
  };
}

function track(socket: Socket, peer: Socket, sockets: Set<Socket>): void {
  sockets.add(socket);
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    sockets.delete(socket);
    peer.destroy();
  });
}

/** Chunks keep their order whatever happens to the faults meanwhile. */
function pipe(from: Socket, to: Socket, direction: 'requests' | 'replies', faults: Faults): void {
  let last = Promise.resolve();
  from.on('data', (chunk) => {
    const due = Date.now() + faults.delayMs;
    last = last.then(async () => {
      await until(due);
      await faults.gates[direction].passed();
      if (!to.destroyed) to.write(chunk);
    });
  });
}

async function until(due: number): Promise<void> {
  const wait = due - Date.now();
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait).unref());
}

/** A gate that can be shut; whoever waits passes when it opens. */
class Gate {
  #waiting: Promise<void> | undefined;
  #release: () => void = () => undefined;

  shut(): void {
    this.#waiting ??= new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  open(): void {
    this.#release();
    this.#waiting = undefined;
  }

  passed(): Promise<void> {
    return this.#waiting ?? Promise.resolve();
  }
}
