import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { policyJsonSchema } from '../../../lib/policy/json-schema.ts';

// Writes the JSON Schema that is shipped, in the form that the formatter leaves alone.
const file = fileURLToPath(new URL('../../../lib/policy/session-policy.schema.json', import.meta.url));
writeFileSync(file, `${JSON.stringify(policyJsonSchema(), null, 2)}\n`);
execFileSync('npx', ['biome', 'format', '--write', file]);
