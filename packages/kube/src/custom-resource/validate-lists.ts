/** Members of lists that are told apart (`x-kubernetes-list-type` set and map) must differ. */
import { unreachable } from '@weir/net';
import type { FieldError } from '../field-error.ts';
import { isJsonObject } from '../registry/json-object.ts';
import { memberSchema, type StructuralSchema } from './structural-schema.ts';

/** Every repetition below a value. */
export function validateLists(value: unknown, schema: StructuralSchema | undefined, path: string): FieldError[] {
  if (schema === undefined) return [];
  if (isJsonObject(value)) {
    return Object.entries(value).flatMap(([key, member]) => {
      const child = schema.properties.has(key) ? (path === '' ? key : `${path}.${key}`) : `${path}[${key}]`;
      return validateLists(member, memberSchema(schema, key), child);
    });
  }
  if (!Array.isArray(value)) return [];
  const below = value.flatMap((member, i) => validateLists(member, schema.items, `${path}[${i}]`));
  switch (schema.listType) {
    case 'set':
      return [...repetitions(value, path), ...below];
    case 'map':
      return [...repeatedKeys(value, schema.listMapKeys, path), ...below];
    case 'atomic':
      return below;
    default:
      return unreachable(schema.listType);
  }
}

function repeatedKeys(list: readonly unknown[], names: readonly string[], path: string): FieldError[] {
  const odd = list.findIndex((member) => member !== null && !isJsonObject(member));
  if (odd >= 0) {
    const message = 'must be an object for an array of list-type map';
    return [{ reason: 'FieldValueInvalid', field: `${path}[${odd}]`, value: list[odd], message }];
  }
  const keys = list.map((member) =>
    Object.fromEntries(names.flatMap((name) => (isJsonObject(member) && Object.hasOwn(member, name) ? [[name, member[name]]] : []))),
  );
  return repetitions(keys, path);
}

/** Each value that stands there more than once is named once, at its second place. */
function repetitions(values: readonly unknown[], path: string): FieldError[] {
  const times = new Map<string, number>();
  return values.flatMap((value, i): FieldError[] => {
    const text = JSON.stringify(value);
    const seen = (times.get(text) ?? 0) + 1;
    times.set(text, seen);
    return seen === 2 ? [{ reason: 'FieldValueDuplicate', field: `${path}[${i}]`, value, message: '' }] : [];
  });
}
