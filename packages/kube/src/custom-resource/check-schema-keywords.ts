/**
 * The keywords of a schema: those of OpenAPI v3 that are not taken, and whether list types and map types fit
 * (`apiextensions/validation`, with its words). CEL rules are looked at elsewhere.
 */
import type { FieldError } from '../field-error.ts';
import { type JsonObject, objectAt, textAt } from '../registry/json-object.ts';
import { checkSupported, forbiddenField, required } from '../validation/field-rules.ts';
import { invalidValue } from '../validation/validate-object-meta.ts';
import type { StructuralSchema } from './structural-schema.ts';

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const typeFields: ReadonlySet<string> = new Set(['metadata', 'kind', 'apiVersion']);

/** What the place of a node forbids in it. */
interface Context {
  readonly isRoot: boolean;
  /** Why there may be no default; undefined where there may. */
  readonly noDefault?: string;
  /** The node belongs to the metadata of an object. */
  readonly inMetadata: boolean;
}

/** Every error of a schema. `path` is its own path. */
export function checkSchemaKeywords(schema: StructuralSchema, path: string): FieldError[] {
  return checkNode(schema, path, { isRoot: true, inMetadata: false });
}

function checkNode(schema: StructuralSchema, path: string, context: Context): FieldError[] {
  const { isRoot: _isRoot, ...below } = context;
  const inside: Context = { ...below, isRoot: false };
  const errors = [...checkUnsupported(schema, path, context), ...checkMembers(schema, path, context)];
  for (const keyword of ['not', 'allOf', 'oneOf', 'anyOf'] as const) {
    const nested = schema[keyword];
    if (nested === undefined) continue;
    if (!('length' in nested)) errors.push(...checkNode(nested, `${path}.${keyword}`, inside));
    else errors.push(...nested.flatMap((each, i) => checkNode(each, `${path}.${keyword}[${i}]`, inside)));
  }
  if (schema.items !== undefined) errors.push(...checkNode(schema.items, `${path}.items`, inside));
  return [...errors, ...checkExtensions(schema, path), ...checkMapKeys(schema, path)];
}

function checkUnsupported({ source, type, embeddedResource }: StructuralSchema, path: string, context: Context): FieldError[] {
  const errors: FieldError[] = [];
  if (type !== '') errors.push(...checkSupported(`${path}.type`, type, types));
  if (source['default'] !== undefined && context.noDefault !== undefined) {
    errors.push(forbiddenField(`${path}.default`, `must not be set ${context.noDefault}`));
  }
  for (const keyword of ['id', 'additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref']) {
    if (source[keyword] !== undefined) errors.push(forbiddenField(`${path}.${keyword}`, `${keyword} is not supported`));
  }
  if (type === 'null') errors.push(forbiddenField(`${path}.type`, 'type cannot be set to null, use nullable as an alternative'));
  if (context.inMetadata && embeddedResource) {
    errors.push(forbiddenField(`${path}.x-kubernetes-embedded-resource`, 'must not be used inside of resource meta'));
  }
  if (source['uniqueItems'] === true) {
    errors.push(forbiddenField(`${path}.uniqueItems`, 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic'));
  }
  return errors;
}

function checkMembers(schema: StructuralSchema, path: string, context: Context): FieldError[] {
  const errors: FieldError[] = [];
  const others = schema.additionalProperties;
  if (schema.properties.size > 0 && (others === false || typeof others === 'object')) {
    errors.push(forbiddenField(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'));
  }
  if (typeof others === 'object') {
    const noDefault = context.inMetadata ? { noDefault: 'inside additionalProperties applying to object metadata' } : {};
    errors.push(...checkNode(others, `${path}.additionalProperties`, { ...context, ...noDefault, isRoot: false }));
  }
  for (const [name, property] of schema.properties) {
    const isMeta = (context.isRoot || schema.embeddedResource) && typeFields.has(name);
    const inside = {
      ...context,
      isRoot: false,
      inMetadata: context.inMetadata || isMeta,
      ...(isMeta && context.isRoot ? { noDefault: `in top-level ${name}` } : {}),
    };
    errors.push(...checkNode(property, `${path}.properties[${name}]`, inside));
  }
  return errors;
}

function checkExtensions(schema: StructuralSchema, path: string): FieldError[] {
  const { source, type } = schema;
  const errors: FieldError[] = [];
  if (source['x-kubernetes-preserve-unknown-fields'] === false) {
    errors.push(invalidValue(`${path}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined'));
  }
  errors.push(...checkExtensionType(source, path, { keyword: 'x-kubernetes-map-type', wanted: 'object' }));
  errors.push(...checkSupported(`${path}.x-kubernetes-map-type`, source['x-kubernetes-map-type'], ['atomic', 'granular']));
  errors.push(...checkExtensionType(source, path, { keyword: 'x-kubernetes-list-type', wanted: 'array' }));
  if (type === 'array' && schema.listType === 'set' && schema.items !== undefined)
    errors.push(...checkSetItems(schema.items, `${path}.items`));
  errors.push(...checkSupported(`${path}.x-kubernetes-list-type`, source['x-kubernetes-list-type'], ['atomic', 'set', 'map']));
  return errors;
}

function checkExtensionType(
  source: Readonly<JsonObject>,
  path: string,
  { keyword, wanted }: { readonly keyword: string; readonly wanted: string },
): FieldError[] {
  const type = textAt(source, 'type');
  if (source[keyword] === undefined || type === wanted) return [];
  const rule = `must be ${wanted} if ${keyword} is specified`;
  return [type === '' ? required(`${path}.type`, rule) : invalidValue(`${path}.type`, type, rule)];
}

function checkSetItems(items: StructuralSchema, path: string): FieldError[] {
  const rule = 'must be atomic as item of a list with x-kubernetes-list-type=set';
  if (items.type === 'array' && items.listType !== 'atomic') return [invalidValue(`${path}.x-kubernetes-list-type`, items.listType, rule)];
  if (items.type !== 'object' || items.mapIsAtomic) return [];
  return [invalidValue(`${path}.x-kubernetes-map-type`, items.source['x-kubernetes-list-type'] ?? null, rule)];
}

function checkMapKeys(schema: StructuralSchema, path: string): FieldError[] {
  const { listMapKeys, items } = schema;
  const listType = textAt(schema.source, 'x-kubernetes-list-type');
  const errors: FieldError[] = [];
  if (listMapKeys.length > 0 && listType !== 'map') {
    const rule = 'must be map if x-kubernetes-list-map-keys is non-empty';
    const at = `${path}.x-kubernetes-list-type`;
    errors.push(listType === '' ? required(at, rule) : invalidValue(at, listType, rule));
  }
  if (listType === 'map') {
    if (listMapKeys.length === 0) {
      errors.push(required(`${path}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map'));
    }
    if (items === undefined) errors.push(required(`${path}.items`, 'must have a schema if x-kubernetes-list-type is map'));
    else errors.push(...checkKeyedItems(items, listMapKeys, path));
  }
  if (items?.nullable === true && (listType === 'set' || listType === 'map')) {
    errors.push(forbiddenField(`${path}.items.nullable`, `cannot be nullable when x-kubernetes-list-type is ${listType}`));
  }
  return errors;
}

function checkKeyedItems(items: StructuralSchema, keys: readonly string[], path: string): FieldError[] {
  if (items.type !== 'object') {
    return [invalidValue(`${path}.items.type`, items.type, "must be object if parent array's x-kubernetes-list-type is map")];
  }
  const keysPath = `${path}.x-kubernetes-list-map-keys`;
  const errors: FieldError[] = [];
  for (const [i, key] of keys.entries()) {
    const property = items.properties.get(key);
    const at = `${path}.items.properties[${key}]`;
    if (property === undefined) errors.push(invalidValue(keysPath, keys, 'entries must all be names of item properties'));
    else if (property.type === 'array' || property.type === 'object') {
      errors.push(invalidValue(`${at}.type`, items.type, "must be a scalar type if parent array's x-kubernetes-list-type is map"));
    }
    if (keys.indexOf(key) < i) errors.push(invalidValue(keysPath, keys, 'must not contain duplicate entries'));
    if (property === undefined) continue;
    if (!items.required.includes(key) && property.default === undefined) {
      errors.push(
        required(`${at}.default`, 'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property'),
      );
    }
    if (property.nullable) {
      errors.push(forbiddenField(`${at}.nullable`, 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable'));
    }
  }
  return errors;
}

/** The keywords that a root may have when the status is a subresource: those that keep their meaning without it. */
const rootKeywords: ReadonlySet<string> = new Set(
  'description type format title maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength pattern maxItems minItems uniqueItems multipleOf required items properties externalDocs example x-kubernetes-preserve-unknown-fields x-kubernetes-validations'.split(
    ' ',
  ),
);
const rootFieldNames =
  '[Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations]';

/** Errors of the root node alone. */
export function checkRoot(schema: StructuralSchema, path: string, hasStatus: boolean): FieldError[] {
  const errors: FieldError[] = [];
  if (hasStatus && schema.type !== '' && schema.type !== 'object') {
    const rule = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled';
    errors.push(invalidValue(`${path}.type`, schema.type, rule));
  }
  if (hasStatus && Object.keys(schema.source).some((keyword) => !rootKeywords.has(keyword) && keyword !== 'nullable')) {
    const rule = `only ${rootFieldNames} fields are allowed at the root of the schema if the status subresource is enabled`;
    errors.push(invalidValue(path, schema.source, rule));
  }
  if (schema.nullable) errors.push(forbiddenField(`${path}.nullable`, 'nullable cannot be true at the root'));
  return errors;
}

/** Whether a version has a `status` subresource. */
export function hasStatusSubresource(version: Readonly<JsonObject>): boolean {
  return objectAt(objectAt(version, 'subresources'), 'status') !== undefined;
}
