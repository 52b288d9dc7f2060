/** Objects inside a custom resource that are objects of Kubernetes themselves (`x-kubernetes-embedded-resource`). */
import type { FieldError } from '../field-error.ts';
import { isJsonObject, type JsonObject, objectAt, textAt } from '../registry/json-object.ts';
import { invalidValue, serviceName, validateObjectMeta } from '../validation/validate-object-meta.ts';
import { memberSchema, type StructuralSchema } from './structural-schema.ts';

/** Every error in the type and the metadata of the embedded objects below a value. */
export function validateEmbedded(value: unknown, schema: StructuralSchema | undefined, path: string): FieldError[] {
  if (schema === undefined) return [];
  if (Array.isArray(value)) return value.flatMap((member, i) => validateEmbedded(member, schema.items, `${path}[${i}]`));
  if (!isJsonObject(value)) return [];
  const below = Object.entries(value).flatMap(([key, member]) => {
    const child = schema.properties.has(key) ? (path === '' ? key : `${path}.${key}`) : `${path}[${key}]`;
    return validateEmbedded(member, memberSchema(schema, key), child);
  });
  return schema.embeddedResource ? [...checkObject(value, path), ...below] : below;
}

function checkObject(object: JsonObject, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ['apiVersion', 'kind']) {
    const value = object[field];
    if (value === undefined) errors.push({ reason: 'FieldValueRequired', field: `${path}.${field}`, message: '' });
    else if (typeof value !== 'string') errors.push(invalidValue(`${path}.${field}`, value, 'must be a string'));
    else if (value === '') errors.push(invalidValue(`${path}.${field}`, value, 'must not be empty'));
  }
  const kind = textAt(object, 'kind');
  if (kind !== '') {
    const problems = serviceName(kind.toLowerCase());
    if (problems.length > 0) {
      errors.push(invalidValue(`${path}.kind`, kind, `may have mixed case, but should otherwise match: ${problems.join(',')}`));
    }
  }
  return [...errors, ...checkMetadata(object, path)];
}

function checkMetadata(object: JsonObject, path: string): FieldError[] {
  const metadata = objectAt(object, 'metadata');
  if (metadata === undefined) return [];
  // A name may be left out: whoever makes an object of it gives one.
  const named = { metadata: { ...metadata, name: textAt(metadata, 'name') || 'fakename' } };
  const rules = { namespaced: textAt(metadata, 'namespace') !== '', validateName: () => [] };
  return validateObjectMeta(named, rules).map((error) => ({ ...error, field: `${path}.${error.field}` }));
}
