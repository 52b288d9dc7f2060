/**
 * Fills in the defaults of a custom resource's schema. A null where none may stand counts as absent: it
 * becomes the default or, without one, goes.
 */
import { isJsonObject, type JsonObject } from '../registry/json-object.ts';
import { memberSchema, type StructuralSchema } from './structural-schema.ts';

/** Changes `value` in place. */
export function applyDefaults(value: unknown, schema: StructuralSchema | undefined): void {
  if (schema === undefined) return;
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) {
      if (isStrayNull(item, schema.items) && schema.items?.default !== undefined) value[i] = copyJson(schema.items.default);
      applyDefaults(value[i], schema.items);
    }
  } else if (isJsonObject(value)) {
    removeStrayNulls(value, schema);
    for (const [key, property] of schema.properties) {
      if (property.default !== undefined && !Object.hasOwn(value, key)) define(value, key, copyJson(property.default));
    }
    for (const [key, member] of Object.entries(value)) applyDefaults(member, memberSchema(schema, key));
  }
}

function removeStrayNulls(object: JsonObject, schema: StructuralSchema): void {
  for (const [key, member] of Object.entries(object)) {
    const below = memberSchema(schema, key);
    if (!isStrayNull(member, below)) continue;
    if (below?.default === undefined || schema.properties.has(key)) delete object[key];
    else define(object, key, copyJson(below.default));
  }
}

function isStrayNull(value: unknown, schema: StructuralSchema | undefined): boolean {
  return value === null && schema !== undefined && !schema.nullable;
}

/** A tree of its own. */
export function copyJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyJson);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, copyJson(member)]));
}

/** Keys come from clients: `__proto__` is a key like any other. */
function define(object: JsonObject, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}
