// A device that is compliant, and then is not any more.
//
//   npm run build && node examples/posture/client.js
import { calculateJwkThumbprint } from 'jose';
import { newPhone } from '../attestation/phone.js';
import { newDevice } from '../native-client/client.js';
import { start } from './server.js';

async function read(phone) {
  const answer = await phone.call('GET', '/records');
  const { reason, records } = await answer.json();
  return `${answer.status} ${records ? `${records} records` : reason}`;
}

async function show(phone, assertion) {
  const { trust, error } = await (await phone.call('POST', '/posture', { body: { assertion } })).json();
  return trust ?? error;
}

async function push({ url, pushToken }, report) {
  const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${pushToken}` };
  return (await fetch(`${url}/push`, { method: 'POST', headers, body: JSON.stringify(report) })).json();
}

export async function run(server, log = console.log) {
  const phone = newPhone(server.url, await newDevice());
  await phone.signIn();
  log(`a device of which nothing is known: ${await read(phone)}`);
  const assertion = await server.manager.assertCompliance(phone.device.jwk);
  log(`the device manager calls it compliant: ${await show(phone, assertion)}, ${await read(phone)}`);
  const other = newPhone(server.url, await newDevice());
  await other.signIn();
  log(`another device with the same assertion: ${await show(other, assertion)}, ${await read(other)}`);

  const key = await calculateJwkThumbprint(phone.device.jwk);
  log(`it is reported: ${(await push(server, { key })).sessions} session`);
  log(`the next request: ${await read(phone)}`);
  log(`with what was said before: ${await show(phone, assertion)}, ${await read(phone)}`);
  await push(server, { key, end: true });
  log(`it is reported as stolen: ${await read(phone)}`);
}

if (import.meta.filename === process.argv[1]) {
  const server = await start({ port: 0 });
  await run(server);
  await server.close();
}
