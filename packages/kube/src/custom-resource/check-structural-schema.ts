/**
 * Whether a schema is structural: everything has a type, and what stands below `allOf`, `anyOf`, `oneOf` and `not` only
 * restricts what stands outside of them (`apiextensions-apiserver/pkg/apiserver/schema`, with its words).
 */
import type { FieldError } from '../field-error.ts';
import { deepEqual, forbiddenField, required } from '../validation/field-rules.ts';
import { invalidValue } from '../validation/validate-object-meta.ts';
import { patternProblem } from './compile-pattern.ts';
import type { StructuralSchema } from './structural-schema.ts';

type Level = 'root' | 'item' | 'field';

const typeRules: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
};

const intOrStringTypes = [{ type: 'integer' }, { type: 'string' }];

/** Every breach, in the order of its text. `path` is that of the whole schema. */
export function checkStructuralSchema(schema: StructuralSchema, path: string): FieldError[] {
  const errors = [...checkNode(schema, path, 'root'), ...checkComplete(schema, schema, { path, restrictedAt: path })];
  const text = ({ field, message }: FieldError): string => `${field}: ${message}`;
  return errors.sort((a, b) => (text(a) < text(b) ? -1 : 1));
}

function checkNode(schema: StructuralSchema, path: string, level: Level): FieldError[] {
  const errors: FieldError[] = [];
  if (schema.type === 'array' && schema.items === undefined) errors.push(required(`${path}.items`, 'must be specified'));
  if (schema.items !== undefined) errors.push(...checkNode(schema.items, `${path}.items`, 'item'));
  for (const [name, property] of schema.properties) errors.push(...checkNode(property, `${path}.properties[${name}]`, 'field'));
  const others = schema.additionalProperties;
  if (others !== undefined && level === 'root') errors.push(forbiddenField(`${path}.additionalProperties`, 'must not be used at the root'));
  if (typeof others === 'object') errors.push(...checkNode(others, `${path}.additionalProperties`, 'field'));
  return [
    ...errors,
    ...checkExtensions(schema, path),
    ...checkRestrictions(schema, path),
    ...checkType(schema, path, level),
    ...checkTypeMeta(schema, path, level),
  ];
}

function checkExtensions(schema: StructuralSchema, path: string): FieldError[] {
  if (!schema.intOrString) return [];
  const rule = 'must be false if x-kubernetes-int-or-string is true';
  return [
    ...(schema.preserveUnknownFields ? [invalidValue(`${path}.x-kubernetes-preserve-unknown-fields`, true, rule)] : []),
    ...(schema.embeddedResource ? [invalidValue(`${path}.x-kubernetes-embedded-resource`, true, rule)] : []),
  ];
}

function checkType(schema: StructuralSchema, path: string, level: Level): FieldError[] {
  const errors: FieldError[] = [];
  const { type, embeddedResource } = schema;
  const embeddedRule = 'must be object if x-kubernetes-embedded-resource is true';
  if (embeddedResource && type !== 'object') {
    errors.push(type === '' ? required(`${path}.type`, embeddedRule) : invalidValue(`${path}.type`, type, embeddedRule));
  } else if (type === '' && !schema.intOrString && !schema.preserveUnknownFields) {
    errors.push(required(`${path}.type`, typeRules[level]));
  }
  if (embeddedResource && schema.additionalProperties !== undefined) {
    errors.push(forbiddenField(`${path}.additionalProperties`, 'must not be used if x-kubernetes-embedded-resource is set'));
  }
  if (level === 'root' && type !== '' && type !== 'object') errors.push(invalidValue(`${path}.type`, type, 'must be object at the root'));
  if (embeddedResource && !schema.preserveUnknownFields && schema.properties.size === 0) {
    const rule = 'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields';
    errors.push(required(`${path}.properties`, rule));
  }
  return errors;
}

/** `apiVersion`, `kind` and `metadata` of an object are what they are everywhere. */
function checkTypeMeta(schema: StructuralSchema, path: string, level: Level): FieldError[] {
  if (level !== 'root' && !schema.embeddedResource) return [];
  const errors: FieldError[] = [];
  for (const name of ['kind', 'apiVersion']) {
    const property = schema.properties.get(name);
    if (property !== undefined && property.type !== 'string') {
      errors.push(invalidValue(`${path}.properties[${name}].type`, property.type, 'must be string'));
    }
  }
  const metadata = schema.properties.get('metadata');
  if (metadata === undefined) return errors;
  const at = `${path}.properties[metadata]`;
  if (metadata.type !== 'object') errors.push(invalidValue(`${at}.type`, metadata.type, 'must be object'));
  if (level === 'root' && !namesOnly(metadata)) {
    errors.push(forbiddenField(at, 'must not specify anything other than name and generateName, but metadata is implicitly specified'));
  }
  return errors;
}

function namesOnly(metadata: StructuralSchema): boolean {
  const { type: _type, properties: _properties, default: _default, description: _description, ...rest } = metadata.source;
  const names = [...metadata.properties.keys()];
  return Object.keys(rest).length === 0 && names.every((name) => name === 'name' || name === 'generateName');
}

/** The restrictions of a node; those that only say "integer or string" may name types. */
function checkRestrictions(schema: StructuralSchema, path: string): FieldError[] {
  const skipsAnyOf = saysIntOrString(schema);
  return checkJunctors(schema, path, { skipsAnyOf, skipsFirst: schema.allOf[0] !== undefined && saysIntOrString(schema.allOf[0]) });
}

function saysIntOrString(schema: StructuralSchema): boolean {
  return deepEqual(schema.source['anyOf'], intOrStringTypes);
}

interface Skips {
  readonly skipsAnyOf: boolean;
  /** The same for the first of `allOf`. */
  readonly skipsFirst: boolean;
}

const noSkips: Skips = { skipsAnyOf: false, skipsFirst: false };

function checkJunctors(schema: StructuralSchema, path: string, skips: Skips): FieldError[] {
  const errors: FieldError[] = [];
  if (!skips.skipsAnyOf) errors.push(...schema.anyOf.flatMap((each, i) => checkNested(each, `${path}.anyOf[${i}]`, noSkips)));
  errors.push(
    ...schema.allOf.flatMap((each, i) => checkNested(each, `${path}.allOf[${i}]`, { ...noSkips, skipsAnyOf: skips.skipsFirst && i === 0 })),
  );
  errors.push(...schema.oneOf.flatMap((each, i) => checkNested(each, `${path}.oneOf[${i}]`, noSkips)));
  if (schema.not !== undefined) errors.push(...checkNested(schema.not, `${path}.not`, noSkips));
  const problem = patternProblem(schema.pattern);
  if (problem !== undefined) {
    errors.push(invalidValue(`${path}.pattern`, schema.pattern, `must be a valid regular expression, but isn't: ${problem}`));
  }
  return errors;
}

/** What may not stand below a junctor: everything that says what a value is, not which values are right. */
const nestedRules: readonly (readonly [string, string])[] = [
  ['type', 'must be empty to be structural'],
  ['additionalProperties', 'must be undefined to be structural'],
  ['default', 'must be undefined to be structural'],
  ['title', 'must be empty to be structural'],
  ['description', 'must be empty to be structural'],
  ['nullable', 'must be false to be structural'],
  ['externalDocs', 'must be undefined to be structural'],
  ['x-kubernetes-preserve-unknown-fields', 'must be false to be structural'],
  ['x-kubernetes-embedded-resource', 'must be false to be structural'],
  ['x-kubernetes-int-or-string', 'must be false to be structural'],
  ['x-kubernetes-list-map-keys', 'must be empty to be structural'],
  ['x-kubernetes-list-type', 'must be undefined to be structural'],
  ['x-kubernetes-map-type', 'must be undefined to be structural'],
  ['x-kubernetes-validations', 'must be empty to be structural'],
];

function checkNested(schema: StructuralSchema, path: string, skips: Skips): FieldError[] {
  const errors = checkJunctors(schema, path, skips);
  if (schema.items !== undefined) errors.push(...checkNested(schema.items, `${path}.items`, noSkips));
  for (const [name, property] of schema.properties) errors.push(...checkNested(property, `${path}.properties[${name}]`, noSkips));
  for (const [keyword, rule] of nestedRules) {
    const value = schema.source[keyword];
    const empty = value === undefined || value === '' || value === false || (Array.isArray(value) && value.length === 0);
    if (!empty) errors.push(forbiddenField(`${path}.${keyword}`, rule));
  }
  if (schema.properties.has('metadata'))
    errors.push(forbiddenField(`${path}.properties[metadata]`, 'must not be specified in a nested context'));
  return errors;
}

interface CompletePlace {
  /** Where the node stands that must say it. */
  readonly path: string;
  /** Where it is restricted. */
  readonly restrictedAt: string;
}

/** Every field that a junctor restricts is specified outside of it. */
function checkComplete(restriction: StructuralSchema, schema: StructuralSchema, place: CompletePlace): FieldError[] {
  const at = (step: string): CompletePlace => ({ ...place, restrictedAt: `${place.restrictedAt}.${step}` });
  return [
    ...(restriction.not === undefined ? [] : checkNestedComplete(restriction.not, schema, at('not'))),
    ...restriction.allOf.flatMap((each, i) => checkNestedComplete(each, schema, at(`allOf[${i}]`))),
    ...restriction.anyOf.flatMap((each, i) => checkNestedComplete(each, schema, at(`anyOf[${i}]`))),
    ...restriction.oneOf.flatMap((each, i) => checkNestedComplete(each, schema, at(`oneOf[${i}]`))),
  ];
}

function checkNestedComplete(restriction: StructuralSchema, schema: StructuralSchema | undefined, place: CompletePlace): FieldError[] {
  if (schema === undefined) return [required(place.path, `because it is defined in ${place.restrictedAt}`)];
  const at = (step: string): CompletePlace => ({ path: `${place.path}.${step}`, restrictedAt: `${place.restrictedAt}.${step}` });
  return [
    ...checkComplete(restriction, schema, place),
    ...(restriction.items === undefined ? [] : checkNestedComplete(restriction.items, schema.items, at('items'))),
    ...[...restriction.properties].flatMap(([name, property]) =>
      checkNestedComplete(property, schema.properties.get(name), at(`properties[${name}]`)),
    ),
  ];
}
