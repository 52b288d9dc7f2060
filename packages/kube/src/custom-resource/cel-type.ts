/**
 * The types that CEL rules see of a schema (`apiserver/pkg/cel/common.SchemaDeclType`): what the schema does not
 * know cannot be spoken of.
 */
import { boolType, type CelType, dynType, intType, listType, mapType, stringType } from '../cel/index.ts';
import type { StructuralSchema } from './structural-schema.ts';

/** The fields that every object has for the rules of its schema. */
const typeMeta: readonly (readonly [string, CelType])[] = [
  ['apiVersion', stringType],
  ['kind', stringType],
  [
    'metadata',
    {
      kind: 'object',
      name: 'ObjectMeta',
      fields: new Map([
        ['name', stringType],
        ['generateName', stringType],
      ]),
    },
  ],
];

/** The type of a value of a schema; undefined when rules cannot speak of it. `isRoot`: it is a whole object. */
export function celTypeOfSchema(schema: StructuralSchema, isRoot = false): CelType | undefined {
  if (schema.intOrString) return dynType;
  switch (schema.type) {
    case 'array': {
      const items = schema.items === undefined ? undefined : celTypeOfSchema(schema.items);
      return items === undefined ? undefined : listType(items);
    }
    case 'object':
      return objectType(schema, isRoot);
    case 'string':
      return stringTypes[schema.format] ?? stringType;
    case 'boolean':
      return boolType;
    case 'number':
      return { kind: 'primitive', name: 'double' };
    case 'integer':
      return intType;
    default:
      return undefined;
  }
}

const stringTypes: Readonly<Record<string, CelType>> = {
  byte: { kind: 'primitive', name: 'bytes' },
  duration: { kind: 'primitive', name: 'duration' },
  date: { kind: 'primitive', name: 'timestamp' },
  'date-time': { kind: 'primitive', name: 'timestamp' },
};

function objectType(schema: StructuralSchema, isRoot: boolean): CelType | undefined {
  if (typeof schema.additionalProperties === 'object') {
    const values = celTypeOfSchema(schema.additionalProperties);
    return values === undefined ? undefined : mapType(stringType, values);
  }
  const fields = new Map<string, CelType>();
  for (const [name, property] of schema.properties) {
    const type = celTypeOfSchema(property);
    if (type !== undefined) fields.set(name, type);
  }
  if (isRoot || schema.embeddedResource) for (const [name, type] of typeMeta) fields.set(name, type);
  return { kind: 'object', name: 'object', fields };
}
