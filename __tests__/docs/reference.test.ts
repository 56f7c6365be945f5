import { describe, expect, test } from '@jest/globals';
import { PRESETS, type Preset, type PresetLimit } from '../../lib/index.ts';
import { type JsonSchema, policyJsonSchema } from '../../lib/policy/json-schema.ts';
import { codeWords, DOCUMENTS, marked, readDocument, section, table } from './markdown.ts';

const OURS = "the project's default";
const presets = Object.entries(PRESETS) as readonly (readonly [string, Preset])[];

/** A number as a table shows it, with the words that its letter stands for. */
function limitOf(cell: string, legend: string): string {
  const [, value = cell, letter] = /^(\S+) \[([a-z])\]$/.exec(cell) ?? [];
  const basis = letter === undefined ? OURS : new RegExp(`^- \\[${letter}\\] (.+)$`, 'm').exec(legend)?.[1];
  return value === '–' || value === 'refused' ? value : `${value}: ${basis}`;
}

function limitText(limit: PresetLimit | undefined): string {
  return limit === undefined ? '–' : `${limit.value}: ${limit.basis}`;
}

describe('the tables of numbers say what lib/policy/presets.ts says', () => {
  test('presets', async () => {
    const part = marked(await readDocument('README.md'), 'presets');
    const rows = table(part).map(([name, summary, idle, absolute, stepUp, ...rest]) => [
      name,
      summary,
      ...[idle, absolute, stepUp].map((cell) => limitOf(cell as string, part)),
      ...rest,
    ]);
    expect(rows).toEqual(
      presets.map(([name, preset]) => [
        `\`${name}\``,
        preset.summary,
        limitText(preset.idle),
        limitText(preset.absolute),
        preset.stepUp ?? limitText(preset.stepUpMaxAge),
        preset.concurrent === undefined ? '–' : `${preset.concurrent.max}, ${preset.concurrent.onLimit}`,
        preset.transport === 'cookie' ? `cookie, ${preset.sameSite}` : preset.transport,
        preset.access,
        preset.subjects.join(', '),
      ]),
    );
  });

  test('ceilings', async () => {
    const part = marked(await readDocument('lib/policy/README.md'), 'ceilings');
    const rows = table(part).map(([name, ...cells]) => [name, ...cells.map((cell) => limitOf(cell, part))]);
    expect(rows).toEqual(
      presets.map(([name, { ceiling }]) => [
        `\`${name}\``,
        ...[ceiling.idle, ceiling.absolute, ceiling.stepUpMaxAge, ceiling.exceptionLifetime, ceiling.exceptionReview].map(limitText),
      ]),
    );
  });

  test('normative figures', async () => {
    const rows = table(marked(await readDocument('lib/policy/README.md'), 'normative'));
    const figures = presets.map(([name, { idle, absolute }]) => [
      `\`${name}\``,
      ...[
        idle?.normative,
        absolute?.normative,
        idle?.normativeIfBound ?? idle?.normative,
        absolute?.normativeIfBound ?? absolute?.normative,
      ].map((figure) => figure ?? '–'),
    ]);
    expect(rows).toEqual(figures.filter((row) => row.slice(1).some((figure) => figure !== '–')));
  });

  test('recommended device trust', async () => {
    const rows = table(marked(await readDocument('lib/policy/README.md'), 'trust'));
    const recommended = presets.filter(([, { deviceTrust }]) => deviceTrust !== 'none');
    expect(rows).toEqual(recommended.map(([name, { deviceTrust }]) => [`\`${name}\``, `\`${deviceTrust}\``]));
  });
});

/** The members of a union of texts, from the source. */
async function union(file: string, name: string): Promise<readonly string[]> {
  const source = await readDocument(file);
  const body = new RegExp(`export type ${name} =([^;]+);`).exec(source)?.[1] ?? '';
  const members = [...body.matchAll(/'(\w+)'/g)].map(([, member]) => member as string);
  return body.includes('EndReason') ? [...(await union(file, 'EndReason')), ...members] : members;
}

function sorted(words: readonly (string | undefined)[]): readonly string[] {
  return words.map(String).sort((a, b) => a.localeCompare(b));
}

describe('commands', () => {
  test.each(DOCUMENTS)('that %s names are there', async (path) => {
    const { scripts } = JSON.parse(await readDocument('package.json')) as { scripts: Record<string, string> };
    const text = await readDocument(path);
    const named = [...text.matchAll(/\bnpm (?:run )?([a-z][a-z:]*)/g)].map(([, name]) => name as string);
    const files = [...text.matchAll(/^node (?:--\S+ \S+ )*([\w./-]+\.[jt]s)/gm)].map(([, file]) => file as string);
    expect(named.filter((name) => name !== 'ci' && scripts[name] === undefined)).toEqual([]);
    for (const file of files) await expect(readDocument(file)).resolves.toBeDefined();
  });
});

describe('the lists are complete', () => {
  test('reasons, with their status', async () => {
    const rows = table(section(await readDocument('lib/policy/README.md'), '## Reasons'));
    const reasons = await union('lib/policy/reason.ts', 'Reason');
    expect(reasons).toContain('idle_timeout');
    expect(sorted(rows.map(([reason]) => reason))).toEqual(sorted(reasons.map((reason) => `\`${reason}\``)));
    const answers = await readDocument('lib/express/answers.ts');
    const statuses = /const STATUS[^{]*\{([^}]*)\}/.exec(answers)?.[1] ?? '';
    const own = new Map([...statuses.matchAll(/(\w+): (\d+)/g)].map(([, reason, status]) => [`\`${reason}\``, status]));
    expect(own.get('`store_unavailable`')).toBe('503');
    for (const [reason, status] of rows) {
      if (reason !== '`allowed`') expect([reason, status]).toEqual([reason, own.get(reason as string) ?? '401']);
    }
  });

  test('error codes', async () => {
    const rows = table(section(await readDocument('lib/express/README.md'), '## Errors'));
    const codes = [
      ...(await union('lib/policy/errors.ts', 'PolicyErrorCode')),
      ...(await union('lib/express/errors.ts', 'SetupErrorCode')),
      ...(await union('lib/sessions/errors.ts', 'SessionErrorCode')),
    ];
    expect(codes.length).toBeGreaterThan(15);
    expect(sorted(rows.map(([code]) => code))).toEqual(sorted(codes.map((code) => `\`${code}\``)));
  });

  test('codes of log entries', async () => {
    const words = codeWords(section(await readDocument('lib/express/README.md'), '## Errors'));
    const source = await readDocument('lib/express/operational-log.ts');
    const codes = [...(/readonly code:([^;]*);/.exec(source)?.[1] ?? '').matchAll(/'(\w+)'/g)].map(([, code]) => code as string);
    expect(codes).toContain('credential_invalid');
    expect(codes.filter((code) => !words.has(code))).toEqual([]);
  });

  test('options of sessionPolicy', async () => {
    const rows = table(section(await readDocument('lib/express/README.md'), '## Options'));
    const source = await readDocument('lib/express/options.ts');
    const known = /const KNOWN = \[([^\]]*)\]/.exec(source)?.[1] ?? '';
    const options = [...known.matchAll(/'(\w+)'/g)].map(([, option]) => `\`${option}\``);
    expect(options).toContain('`secret`');
    expect(sorted(rows.map(([option]) => option))).toEqual(sorted(options));
  });

  test('fields of the policy document', async () => {
    const words = codeWords(section(await readDocument('lib/policy/README.md'), '## Fields'));
    const fields = [...new Set(fieldsOf(policyJsonSchema()))];
    expect(fields).toContain('exceptionReview');
    expect(fields.filter((field) => !words.has(field) && ![...words].some((word) => word.startsWith(`${field}:`)))).toEqual([]);
  });
});

/** Names of all fields at any depth of a schema. */
function fieldsOf(schema: JsonSchema): readonly string[] {
  const { properties = {}, additionalProperties, items, anyOf = [] } = schema;
  const inner = [...Object.values(properties), ...anyOf, items, additionalProperties].filter((one) => typeof one === 'object');
  return [...Object.keys(properties), ...inner.flatMap((one) => fieldsOf(one as JsonSchema))];
}
