/**
 * A custom resource's schema as server-side apply reads it: which parts of an object are merged, and how members
 * of its lists are told apart.
 */
import { defined, unreachable } from '@weir/net';
import { builtInSchemas } from '../registry/define-resource.ts';
import type { ListMerge, ObjectSchema, Schema } from '../registry/schema.ts';
import type { StructuralSchema } from './structural-schema.ts';

/** The schema of a whole object of the kind. */
export function mergeSchemaOf(kind: string, schema: StructuralSchema): ObjectSchema {
  const fields = new Map<string, Schema>(fieldsOf(schema));
  for (const text of ['apiVersion', 'kind']) fields.set(text, { kind: 'string' });
  fields.set('metadata', defined(builtInSchemas.get('ObjectMeta'), 'ObjectMeta is a built-in type'));
  return { kind: 'object', name: kind, fields, always: new Set(['metadata']), open: isOpen(schema), atomic: false, patch: 'merge' };
}

function fieldsOf(schema: StructuralSchema): [string, Schema][] {
  return [...schema.properties].map(([name, property]) => [name, mergeType(property)]);
}

function mergeType(schema: StructuralSchema): Schema {
  if (schema.intOrString) return { kind: 'intOrString' };
  switch (schema.type) {
    case 'array':
      return {
        kind: 'list',
        items: schema.items === undefined ? { kind: 'any' } : mergeType(schema.items),
        merge: mergeOf(schema),
        // Custom kinds take no strategic merge patches.
        patch: { kind: 'replace' },
      };
    case 'string':
    case 'boolean':
    case 'number':
      return { kind: schema.type };
    case 'integer':
      return { kind: 'long' };
    default:
      return mergeMembers(schema);
  }
}

/** What is not known of an object merges by its own shape, so any fields will do. */
function mergeMembers(schema: StructuralSchema): Schema {
  const atomic = schema.mapIsAtomic;
  if (typeof schema.additionalProperties === 'object') return { kind: 'map', values: mergeType(schema.additionalProperties), atomic };
  return { kind: 'object', name: '', fields: new Map(fieldsOf(schema)), always: new Set(), open: isOpen(schema), atomic, patch: 'merge' };
}

/** An embedded object has a type and metadata besides its own fields. */
function isOpen(schema: StructuralSchema): boolean {
  return schema.preserveUnknownFields || schema.embeddedResource || schema.additionalProperties === true;
}

function mergeOf(schema: StructuralSchema): ListMerge {
  switch (schema.listType) {
    case 'set':
      return { kind: 'set' };
    case 'map':
      return { kind: 'map', keys: schema.listMapKeys, keyDefaults: keyDefaults(schema) };
    case 'atomic':
      return { kind: 'atomic' };
    default:
      return unreachable(schema.listType);
  }
}

function keyDefaults(schema: StructuralSchema): Readonly<Record<string, unknown>> {
  const defaults = schema.listMapKeys.map((key) => [key, schema.items?.properties.get(key)?.default] as const);
  return Object.fromEntries(defaults.filter(([, value]) => value !== undefined));
}
