import type { PolicyDocument } from './document.ts';
import { PolicyError, type PolicyFault } from './errors.ts';
import { deepFreeze, plainCopy } from './plain-copy.ts';
import { checkApps } from './validation/apps.ts';
import { checkConditions } from './validation/conditions.ts';
import { checkExceptions } from './validation/exceptions.ts';
import { Findings, type Locate } from './validation/findings.ts';
import { portfolioOf } from './validation/portfolio.ts';
import { checkProfiles } from './validation/profiles.ts';
import { checkStructure } from './validation/structure.ts';

/** What is to be said about a document. */
export interface Validation {
  /** Everything that keeps it from being enforced, by line where lines are known. */
  readonly faults: readonly PolicyFault[];
  /** Findings that do not: recommendations not followed, justified departures. */
  readonly notices: readonly string[];
  /** A frozen copy of the document, if there is no fault. */
  readonly document: PolicyDocument | undefined;
}

/**
 * Checks a policy document: its structure against the schema, and what its parts mean to each other. Every fault is found, not
 * only the first. The input is copied, never changed.
 *
 * @param locate Tells the line of a place, for documents that were read from a text.
 * @example
 * const { faults } = validatePolicy(JSON.parse(text));
 */
export function validatePolicy(input: unknown, locate?: Locate): Validation {
  const findings = new Findings(locate);
  const { copy, refused } = plainCopy(input);
  for (const { path, message } of refused) findings.fault(path, message);
  const places = refused.map(({ path }) => path);
  const parts = checkStructure(copy, places, findings);
  const portfolio = portfolioOf(parts, findings);
  checkAssurance(parts.document.assurance ?? [], findings);
  checkProfiles(portfolio);
  checkApps(portfolio);
  checkConditions(portfolio);
  checkExceptions(portfolio);
  const { faults, notices } = findings;
  return { faults, notices, document: faults.length === 0 ? deepFreeze(copy as PolicyDocument) : undefined };
}

/** The error that says all that is wrong with a document, a line for each fault. */
export function invalidPolicy(faults: readonly PolicyFault[]): PolicyError {
  const count = faults.length === 1 ? 'a fault' : `${faults.length} faults`;
  return new PolicyError(
    'ERR_POLICY_INVALID',
    `the policy has ${count}:\n${faults.map((fault) => `  ${describeFault(fault)}`).join('\n')}`,
    faults,
  );
}

function describeFault({ file, line, path, message, suggestion }: PolicyFault): string {
  const place = [file ?? (line === undefined ? undefined : 'line'), line]
    .filter((part) => part !== undefined)
    .join(file === undefined ? ' ' : ':');
  const where = [place, path === '' ? 'policy' : path].filter((part) => part !== '').join(' ');
  return `${where}: ${message}${suggestion === undefined ? '' : ` (did you mean "${suggestion}"?)`}`;
}

function checkAssurance(levels: readonly string[], findings: Findings): void {
  levels.forEach((level, index) => {
    if (levels.indexOf(level) < index)
      findings.fault(['assurance', index], `"${level}" stands here twice; levels are unique, lowest first`);
  });
}
