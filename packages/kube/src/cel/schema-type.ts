/** The types of Kubernetes objects for the checker, from the schemas of the registry. */
import { unreachable } from '@weir/net';
import type { ObjectSchema, Schema } from '../registry/schema.ts';
import { type CelObjectType, type CelType, dynType, intType, listType, mapType, stringType } from './language/cel-type.ts';

/** Types may contain themselves: each schema has one type. */
const known = new WeakMap<ObjectSchema, CelObjectType>();

/** The type of a value of a schema. */
export function celTypeOf(schema: Schema): CelType {
  switch (schema.kind) {
    case 'object':
      return celObjectType(schema);
    case 'list':
      return listType(celTypeOf(schema.items));
    case 'map':
      return mapType(stringType, celTypeOf(schema.values));
    case 'integer':
    case 'long':
      return intType;
    case 'number':
      return { kind: 'primitive', name: 'double' };
    case 'boolean':
      return { kind: 'primitive', name: 'bool' };
    case 'time':
    case 'microTime':
      return { kind: 'primitive', name: 'timestamp' };
    case 'bytes':
      return { kind: 'primitive', name: 'bytes' };
    case 'string':
    case 'quantity':
      return stringType;
    case 'intOrString':
    case 'orBoolean':
    case 'any':
      return dynType;
    default:
      return unreachable(schema);
  }
}

/** The type of an object of a schema. */
export function celObjectType(schema: ObjectSchema): CelObjectType {
  const present = known.get(schema);
  if (present !== undefined) return present;
  const fields = new Map<string, CelType>();
  const made: CelObjectType = { kind: 'object', name: schema.name, fields };
  known.set(schema, made);
  for (const [name, field] of schema.fields) fields.set(name, celTypeOf(field));
  return made;
}
