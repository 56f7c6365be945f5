import { compilePolicy } from './compile.ts';
import type { PolicyFault } from './errors.ts';
import type { Policy } from './policy.ts';
import { invalidPolicy, validatePolicy } from './validate.ts';
import { readYaml } from './yaml-text.ts';

/** Where a text came from, and what it is written in. */
export interface ParsePolicyOptions {
  /** Name of the file, for messages. */
  readonly file?: string;
  /** Default: by the file's ending, else YAML. */
  readonly format?: 'yaml' | 'json';
}

/**
 * A policy from a YAML 1.2 or JSON text. Nothing in the text is run or converted: dates stay texts, tags of one's own are refused,
 * and so are keys that stand twice.
 *
 * @throws {PolicyError} `ERR_POLICY_INVALID` with every fault, each with its line.
 * @example const policy = parsePolicy(text, { file: 'session-policy.yaml' });
 */
export function parsePolicy(text: string, options: ParsePolicyOptions = {}): Policy {
  const { file, format = file?.toLowerCase().endsWith('.json') === true ? 'json' : 'yaml' } = options;
  const read = readYaml(text, format);
  const { faults, notices, document } = read.unreadable
    ? { faults: [], notices: [], document: undefined }
    : validatePolicy(read.value, read.locate);
  const all = [...read.faults, ...faults].sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  if (document === undefined || all.length > 0) throw invalidPolicy(all.map((fault) => inFile(fault, file)));
  return compilePolicy(document, notices);
}

function inFile(fault: PolicyFault, file: string | undefined): PolicyFault {
  return file === undefined ? fault : { file, ...fault };
}
