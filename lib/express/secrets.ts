import { SetupError } from './errors.ts';

const SHORTEST = 32;
const FEWEST_DIFFERENT = 8;
const WELL_KNOWN =
  /^(?:keyboard ?cat|secret|change ?(?:me|it|this)|your ?secret|my ?secret|session ?secret|password|default|s3cr3t|example|test)$/;

/** @throws {SetupError} `ERR_SECRET_WEAK` for a secret that is missing, short, well known or the same character over and over. */
export function checkSecrets(secret: unknown, production: boolean): readonly string[] {
  const secrets = Array.isArray(secret) ? secret : [secret];
  if (secrets.length === 0) throw weak('secret is an empty array');
  for (const one of secrets) checkSecret(one, production);
  if (new Set(secrets).size !== secrets.length) throw weak('secret lists the same secret twice');
  return Object.freeze([...(secrets as string[])]);
}

function checkSecret(secret: unknown, production: boolean): void {
  if (typeof secret !== 'string') throw weak('secret is missing');
  const words = secret
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ')
    .trim();
  if (WELL_KNOWN.test(words)) throw weak('secret is one that everybody knows from an example');
  if (secret.length < SHORTEST) throw weak(`secret has ${secret.length} characters, at least ${SHORTEST} are needed`);
  if (production && new Set(secret).size < FEWEST_DIFFERENT) throw weak('secret is nearly the same character over and over');
}

function weak(what: string): SetupError {
  return new SetupError(
    'ERR_SECRET_WEAK',
    `${what}. Make one with: node -p "require('crypto').randomBytes(32).toString('base64url')" and pass it as secret: process.env.SESSION_SECRET`,
  );
}
