// A phone that has itself attested, and a script that comes with the token and the attestation of that phone.
//
//   npm run build && node examples/attestation/client.js
import { newDevice } from '../native-client/client.js';
import { newPhone, proveInstance } from './phone.js';
import { start } from './server.js';

async function attest(phone, attestation, { audience }) {
  const { challenge } = await (await phone.call('POST', '/challenge')).json();
  const proof = await proveInstance(phone, { audience, challenge });
  const headers = { 'OAuth-Client-Attestation': attestation, 'OAuth-Client-Attestation-PoP': proof };
  return { headers, answer: await (await phone.call('POST', '/attest', { headers })).json() };
}

async function send(phone) {
  const answer = await phone.call('POST', '/send');
  const { reason, sent } = await answer.json();
  return `${answer.status} ${sent ? 'sent' : reason}`;
}

export async function run(server, log = console.log) {
  const phone = newPhone(server.url, await newDevice());
  await phone.signIn();
  log(`the phone, not attested: ${await send(phone)}`);
  const attestation = await server.attester.attest(phone.device.jwk);
  const { headers, answer } = await attest(phone, attestation, server);
  log(`the phone, attested: ${answer.trust}, ${await send(phone)}`);
  const again = await phone.call('POST', '/attest', { headers });
  log(`the same once more: ${(await again.json()).error}`);

  // The script has signed in by itself, with a key of its own, and has got hold of the attestation.
  const script = newPhone(server.url, await newDevice());
  await script.signIn();
  log(`a script with the attestation of the phone: ${(await attest(script, attestation, server)).answer.error}, ${await send(script)}`);
}

if (import.meta.filename === process.argv[1]) {
  const server = await start({ port: 0 });
  await run(server);
  await server.close();
}
