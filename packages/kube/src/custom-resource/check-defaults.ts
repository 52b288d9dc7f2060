/** The defaults of a schema are values that the schema allows, without anything that would be pruned. */
import type { FieldError } from '../field-error.ts';
import { isJsonObject } from '../registry/json-object.ts';
import { deepEqual } from '../validation/field-rules.ts';
import { invalidValue } from '../validation/validate-object-meta.ts';
import { copyJson } from './apply-defaults.ts';
import { pruneValue } from './prune.ts';
import type { StructuralSchema } from './structural-schema.ts';
import { validateEmbedded } from './validate-embedded.ts';
import { validateRules } from './validate-rules.ts';
import { validateValue } from './validate-value.ts';

/** Every error of the defaults in a schema and below. */
export function checkDefaults(schema: StructuralSchema, path: string): FieldError[] {
  const errors = schema.default === undefined ? [] : checkDefault(schema, `${path}.default`);
  if (schema.items !== undefined) errors.push(...checkDefaults(schema.items, `${path}.items`));
  for (const [name, property] of schema.properties) errors.push(...checkDefaults(property, `${path}.properties[${name}]`));
  return errors;
}

function checkDefault(schema: StructuralSchema, path: string): FieldError[] {
  const pruned = copyJson(schema.default);
  if (isJsonObject(pruned) || Array.isArray(pruned)) pruneValue(pruned, schema, { path: '', removed: [] });
  const errors = deepEqual(pruned, schema.default) ? [] : [invalidValue(path, schema.default, 'must not have unknown fields')];
  const embedded = validateEmbedded(schema.default, schema, path);
  if (embedded.length > 0) return [...errors, ...embedded];
  const found = validateValue(schema.default, schema, '');
  const below = [...found, ...validateRules(schema.default, schema, undefined, found)].map((error) => ({
    ...error,
    field: error.field === '<nil>' ? path : `${path}.${error.field}`,
  }));
  return [...errors, ...below];
}
