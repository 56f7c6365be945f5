import { networkInterfaces } from 'node:os';

/** Where the server can be reached: from this machine, and from others on the same network. */
export function addresses(port) {
  const others = Object.values(networkInterfaces())
    .flat()
    .filter((one) => one !== undefined && one.family === 'IPv4' && !one.internal)
    .map(({ address }) => `http://${address}:${port}`);
  return { local: `http://localhost:${port}`, network: others };
}
