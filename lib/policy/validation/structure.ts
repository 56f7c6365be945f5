import type { z } from 'zod';
import type { PolicyDocument } from '../document.ts';
import { type JsonSchema, schemaAt } from '../json-schema.ts';
import { policyDocumentSchema } from '../schema.ts';
import { nearest } from '../suggestion.ts';
import { shown, TEXT_FORMS, type TextForm } from '../text-forms.ts';
import { type Findings, type Path, showPath } from './findings.ts';

/** A document of which any part may be missing because it was faulty. */
export type Sound<T> = T extends readonly (infer Item)[]
  ? readonly (Item extends object ? Sound<Item> | undefined : Item)[]
  : T extends object
    ? { readonly [Key in keyof T]?: Sound<T[Key]> | undefined }
    : T;

/** What is left of a document without its faulty parts, so that faults of one place do not hide those of another. */
export interface SoundParts {
  readonly document: Sound<PolicyDocument>;
  /** Something at this place, or inside it, was faulty and has been left out: nothing can be concluded from its absence. */
  readonly unsure: (...path: Path) => boolean;
}

/** Lists whose items stand for themselves: without one of them the others still mean the same. */
const LISTS_OF_RULES: ReadonlySet<unknown> = new Set(['routes', 'conditions', 'exceptions']);

/** Reports every structural fault of plain data and returns the rest of it. The data is changed. */
export function checkStructure(data: unknown, refused: readonly Path[], findings: Findings): SoundParts {
  const faulty = new Set<string>();
  const dropped: Path[] = [];
  const drop = (path: Path): void => {
    for (let length = 0; length <= path.length; length += 1) faulty.add(showPath(path.slice(0, length)));
    dropped.push(path);
  };
  refused.forEach(drop);
  const result = policyDocumentSchema.safeParse(data);
  for (const issue of result.error?.issues ?? []) reportIssue(issue as z.core.$ZodIssue, [], { data, refused, findings, drop });
  const root = { data };
  for (const path of dropped) dropAt(root, path);
  const document = isRecord(root.data) ? (root.data as Sound<PolicyDocument>) : {};
  return { document, unsure: (...path) => faulty.has(showPath(path)) };
}

interface Report {
  readonly data: unknown;
  readonly refused: readonly Path[];
  readonly findings: Findings;
  readonly drop: (path: Path) => void;
}

function reportIssue(issue: z.core.$ZodIssue, above: Path, report: Report): void {
  const path: Path = [...above, ...(issue.path as (string | number)[])];
  if (issue.code === 'unrecognized_keys') return reportUnknownKeys(issue.keys, path, report);
  if (issue.code === 'invalid_union') {
    const meant = issue.errors.find((branch) => branch.every((inner) => inner.path.length > 0 || inner.code === 'unrecognized_keys'));
    if (meant !== undefined) return meant.forEach((inner) => reportIssue(inner, path, report));
  }
  if (issue.code === 'invalid_key') return reportName(path, report);
  // What was refused as no data has been reported already; here it only looks missing.
  if (!report.refused.some((place) => showPath(place) === showPath(path))) {
    const { message, suggestion } = describe(valueAt(report.data, path), schemaAt(path) ?? {}, issue);
    report.findings.fault(path, message, suggestion);
  }
  report.drop(path);
}

function reportUnknownKeys(keys: readonly string[], path: Path, { data, findings, drop }: Report): void {
  const known = Object.keys(objectSchema(path)?.properties ?? {});
  const used = Object.keys((valueAt(data, path) as object | undefined) ?? {});
  for (const key of keys) {
    const meant = nearest(
      key,
      known.filter((one) => !used.includes(one)),
    );
    const suggestion = meant ?? nearest(key, known);
    findings.fault(
      [...path, key],
      suggestion === undefined ? `unknown key; here there may be ${known.join(', ')}` : 'unknown key',
      suggestion,
    );
    drop([...path, key]);
    if (meant !== undefined) drop([...path, meant]);
  }
}

function reportName(path: Path, { data, findings, drop }: Report): void {
  const form = formOf(schemaAt(path.slice(0, -1))?.propertyNames);
  findings.fault(path, form?.fault(path.at(-1)) ?? 'is not a name');
  const value = valueAt(data, path);
  drop(path);
  // A schema for records leaves the value under a bad name unread; read it under a good one.
  const stand = policyDocumentSchema.safeParse({ [String(path[0])]: { name: value } });
  for (const issue of stand.error?.issues ?? []) {
    if (issue.path.length < 2 || issue.path[1] !== 'name') continue;
    const under = { ...issue, path: [...path, ...issue.path.slice(2)] } as z.core.$ZodIssue;
    reportIssue(under, [], { data: withValue(path, value), refused: [], findings, drop });
  }
}

function withValue(path: Path, value: unknown): unknown {
  return path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
}

interface Description {
  readonly message: string;
  readonly suggestion: string | undefined;
}

function describe(value: unknown, schema: JsonSchema, issue: z.core.$ZodIssue): Description {
  if (value === undefined) return { message: 'is missing', suggestion: undefined };
  const form = formOf(schema);
  if (form !== undefined && issue.code !== 'too_big') return { message: form.fault(value), suggestion: form.suggest?.(value) };
  const texts = allowedTexts(schema);
  const fits = issue.code === 'too_small' || issue.code === 'too_big' || issue.code === 'custom';
  return {
    message: fits ? describeSize(value, schema, issue) : `${shown(value)} is not ${expected(schema)}`,
    suggestion: typeof value === 'string' ? nearest(value, texts) : undefined,
  };
}

function describeSize(value: unknown, schema: JsonSchema, issue: z.core.$ZodIssue): string {
  if (issue.code === 'too_small') return schema.type === 'array' ? 'must not be empty' : `must be at least ${schema.minimum ?? 1}`;
  if (issue.code === 'too_big') return `is too much: at most ${String(issue.maximum)}`;
  return Object.keys(value ?? {}).length === 0 ? 'must not be empty' : `is too much: at most ${schema.maxProperties}`;
}

function expected(schema: JsonSchema): string {
  if (schema.anyOf !== undefined) return schema.anyOf.map(expected).join(' or ');
  const texts = allowedTexts(schema);
  if (texts.length > 0) return texts.length === 1 ? `"${texts[0]}"` : `one of ${texts.map((text) => `"${text}"`).join(', ')}`;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const names: Readonly<Record<string, string>> = { object: 'an object', array: 'a list', string: 'a text', integer: 'a whole number' };
  return names[schema.type ?? ''] ?? (schema.type === 'boolean' ? 'true or false' : 'what may stand here');
}

function allowedTexts(schema: JsonSchema): readonly string[] {
  const values = [...(schema.enum ?? []), schema.const, ...(schema.anyOf ?? []).flatMap(allowedTexts)];
  return values.filter((value) => typeof value === 'string');
}

function objectSchema(path: Path): JsonSchema | undefined {
  const schema = schemaAt(path);
  return schema?.anyOf?.find((option) => option.type === 'object') ?? schema;
}

function formOf(schema: JsonSchema | undefined): TextForm | undefined {
  return schema?.pattern === undefined ? undefined : TEXT_FORMS.find((form) => form.pattern.source === schema.pattern);
}

function valueAt(data: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, key) => (isContainer(value) && Object.hasOwn(value, key) ? value[key as never] : undefined), data);
}

function dropAt(root: { data: unknown }, path: Path): void {
  const key = path.at(-1);
  const holder = valueAt(root.data, path.slice(0, -1));
  if (key === undefined) root.data = undefined;
  else if (!isContainer(holder)) return;
  else if (!Array.isArray(holder)) delete holder[key as never];
  else if (LISTS_OF_RULES.has(path.at(-2))) holder[key as number] = undefined;
  else dropAt(root, path.slice(0, -1));
}

function isContainer(value: unknown): value is object {
  return value !== null && typeof value === 'object';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return isContainer(value) && !Array.isArray(value);
}
