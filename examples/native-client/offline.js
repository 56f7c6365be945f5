// The native application again, on the road: it takes a lease along, works without a connection, and comes back. It starts the server by itself.
//
//   npm run build && node examples/native-client/offline.js
import { CompactSign, importJWK, jwtVerify } from 'jose';
import { newClient, newDevice } from './client.js';
import { start } from './server.js';

/**
 * What the application has with it while it has no connection. Nobody else can add to the queue, nor take anything from its middle: each thing is
 * signed with the device's key, and has the next number.
 */
export async function goOffline(device, { lease, publicKey, issuedAt, id }) {
  const key = await importJWK(publicKey);
  const leftAt = performance.now();
  const queue = [];
  // People change the clocks of their phones. The time that has passed since the lease was given is harder to change.
  const now = () => Math.round(issuedAt + performance.now() - leftAt);

  async function act(scope, action) {
    const { payload } = await jwtVerify(lease, key, { typ: 'offline-lease+jwt', currentDate: new Date(now()) });
    if (!payload.scope.split(' ').includes(scope)) throw new Error(`the lease is not for ${scope}`);
    const text = JSON.stringify({ lease: id, seq: queue.length, at: now(), scope, action });
    const header = { alg: 'ES256', typ: 'offline-action+jwt', jwk: device.jwk };
    queue.push(await new CompactSign(new TextEncoder().encode(text)).setProtectedHeader(header).sign(device.privateKey));
  }

  return { act, leave: { lease, actions: queue } };
}

async function bringBack(client, queue, log) {
  const { reason, actions, visits } = await (await client.call('POST', '/offline/return', queue)).json();
  for (const action of actions) log(`  visit ${action.index + 1}: ${action.outcome}${action.reason ? `, ${action.reason}` : ''}`);
  log(`  ${reason ?? 'settled'}; the server knows of ${visits} visits`);
}

async function workOffline(client, device, log) {
  const lease = await (await client.call('POST', '/offline/lease')).json();
  log(`a lease for ${lease.scopes.join(' ')}, for ${(lease.expiresAt - lease.issuedAt) / 3_600_000} hours`);
  const offline = await goOffline(device, lease);
  await offline.act('visits:write', { patient: 'Grace', done: 'blood pressure' });
  await offline.act('visits:write', { patient: 'Alan', done: 'new dressing' });
  await offline.act('payments:write', { amount: 120 }).catch(({ message }) => log(`  the application itself says no: ${message}`));
  return offline.leave;
}

export async function run({ url, log = console.log }) {
  const device = await newDevice();
  const client = newClient(url, device);
  await client.signIn();

  const queue = await workOffline(client, device, log);
  log('back again:');
  await bringBack(client, queue, log);
  log('the answer was lost, so once more:');
  await bringBack(client, queue, log);

  const late = await workOffline(client, device, log);
  log('meanwhile the session was ended; the person signs in again, on the same device:');
  await client.call('POST', '/logout');
  await client.signIn();
  await bringBack(client, late, log);
}

if (import.meta.filename === process.argv[1]) {
  const server = await start({ port: 0 });
  await run(server);
  await server.close();
}
