import { readFile } from 'node:fs/promises';
import { PolicyError } from './policy/errors.ts';
import { parsePolicy } from './policy/parse-policy.ts';
import type { Policy } from './policy/policy.ts';

/**
 * A policy from a YAML or JSON file, UTF-8. A name that ends in `.json` is read as JSON, everything else as YAML 1.2.
 *
 * @throws {PolicyError} `ERR_POLICY_INVALID` with every fault, each with file and line, or if the file cannot be read.
 * @example const policy = await loadPolicy('session-policy.yaml');
 */
export async function loadPolicy(path: string): Promise<Policy> {
  return parsePolicy(await readText(path), { file: path });
}

async function readText(path: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
  } catch (error) {
    const { code } = error as { readonly code?: string };
    const message = `cannot be read: ${code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'it is not UTF-8' : (code ?? 'unknown error')}`;
    throw new PolicyError('ERR_POLICY_INVALID', `${path} ${message}`, [{ file: path, path: '', message }]);
  }
}
