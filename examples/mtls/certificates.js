import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';

const LASTS_MS = 86_400_000;

/** An authority, a certificate of a server for localhost, and one for each client, good for a day; in files, for curl. */
export async function makeCertificates(clients) {
  const directory = await mkdtemp(join(tmpdir(), 'client-certificates-'));
  const authority = await certify('an authority', [{ name: 'basicConstraints', cA: true, critical: true }]);
  const server = await certify('localhost', [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }], authority);
  const issued = await Promise.all(clients.map(async (name) => [name, await certify(name, NOT_AN_AUTHORITY, authority)]));
  for (const [name, { key, cert }] of [['ca', authority], ...issued]) {
    await writeFile(join(directory, `${name}.key`), key, { mode: 0o600 });
    await writeFile(join(directory, `${name}.pem`), cert);
  }
  return { directory, server: { ...server, ca: authority.cert }, remove: () => rm(directory, { recursive: true, force: true }) };
}

const NOT_AN_AUTHORITY = [{ name: 'basicConstraints', cA: false }];

async function certify(name, extensions, ca) {
  const notAfterDate = new Date(Date.now() + LASTS_MS);
  const options = { keyType: 'ec', algorithm: 'sha256', notAfterDate, extensions, ...(ca && { ca }) };
  const { private: key, cert } = await generate([{ name: 'commonName', value: name }], options);
  return { key, cert };
}
