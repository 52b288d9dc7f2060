/**
 * Removes from a custom resource what its schema does not know (pruning), unless the schema preserves it.
 *
 * The metadata, `apiVersion` and `kind` of the object and of embedded resources are nobody's unknown fields.
 */
import { isJsonObject, type JsonObject } from '../registry/json-object.ts';
import { memberSchema, type StructuralSchema } from './structural-schema.ts';

const typeFields: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

/** Prunes an object in place; returns the paths of what was removed, sorted, for example `spec.ports[0].foo`. */
export function pruneObject(object: JsonObject, schema: StructuralSchema): readonly string[] {
  const removed: string[] = [];
  pruneValue(object, { ...schema, embeddedResource: true }, { path: '', removed });
  return removed.sort();
}

interface Place {
  readonly path: string;
  readonly removed: string[];
}

/** Prunes a value in place; the paths of what went are added to `place.removed`. */
export function pruneValue(value: unknown, schema: StructuralSchema | undefined, place: Place): void {
  if (Array.isArray(value)) {
    const preserves = schema?.preserveUnknownFields === true;
    if (preserves && schema.items === undefined) return;
    // Below something preserved, items of a list are preserved as well.
    const items = preserves && schema.items !== undefined ? { ...schema.items, preserveUnknownFields: true } : schema?.items;
    for (const [i, item] of value.entries()) pruneValue(item, items, { ...place, path: `${place.path}[${i}]` });
  } else if (isJsonObject(value)) pruneMembers(value, schema, place);
}

function pruneMembers(object: JsonObject, schema: StructuralSchema | undefined, place: Place): void {
  for (const [key, member] of Object.entries(object)) {
    if (schema?.embeddedResource === true && typeFields.has(key)) continue;
    const path = place.path === '' ? key : `${place.path}.${key}`;
    const known = schema !== undefined && (schema.properties.has(key) || schema.additionalProperties !== undefined);
    if (known) {
      const below = memberSchema(schema, key);
      // `additionalProperties: true` says nothing about what is inside, so nothing inside is known.
      pruneValue(member, below, { ...place, path });
    } else if (schema?.preserveUnknownFields !== true) {
      delete object[key];
      place.removed.push(path);
    }
  }
}
