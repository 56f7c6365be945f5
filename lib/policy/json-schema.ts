import { z } from 'zod';
import { policyDocumentSchema } from './schema.ts';

/** A node of a JSON Schema (draft 2020-12), as far as ours uses it. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly pattern?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly propertyNames?: JsonSchema;
  readonly items?: JsonSchema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxProperties?: number;
  readonly [keyword: string]: unknown;
}

const ID = 'https://unpkg.com/express-session-policy/dist/session-policy.schema.json';

let made: JsonSchema | undefined;

/**
 * The JSON Schema of a policy document, for editors and for checks outside Node. It is shipped as
 * `express-session-policy/session-policy.schema.json`. It knows the structure; what parts of a document mean to each other only
 * `parsePolicy` and `definePolicy` check.
 */
export function policyJsonSchema(): JsonSchema {
  made ??= { $id: ID, title: 'Session policy', ...(z.toJSONSchema(policyDocumentSchema, { target: 'draft-2020-12' }) as JsonSchema) };
  return made;
}

/** The schema of the value at a path, where the path leads through the schema. */
export function schemaAt(path: readonly PropertyKey[]): JsonSchema | undefined {
  return path.reduce<JsonSchema | undefined>((node, key) => (node === undefined ? undefined : step(node, key)), policyJsonSchema());
}

function step(node: JsonSchema, key: PropertyKey): JsonSchema | undefined {
  const from = node.anyOf?.find((option) => option.type === 'object') ?? node;
  if (typeof key === 'number') return from.items;
  const { properties, additionalProperties } = from;
  if (properties !== undefined && Object.hasOwn(properties, key)) return properties[String(key)];
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}
