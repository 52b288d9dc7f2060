/**
 * Validation of values by the keywords of OpenAPI v3, with the words of the real server
 * (`kube-openapi/pkg/validation/validate`, turned into field errors by `apiextensions-apiserver`).
 *
 * On an update, what is as it was is not judged again (ratcheting): a schema that became stricter does not keep
 * people from changing something else.
 */
import type { FieldError, FieldErrorReason } from '../field-error.ts';
import { isJsonObject, type JsonObject, numberAt } from '../registry/json-object.ts';
import { deepEqual } from '../validation/field-rules.ts';
import { matchesPattern } from './compile-pattern.ts';
import { oldMembers } from './old-members.ts';
import { isOfFormat } from './string-formats.ts';
import { memberSchema, type StructuralSchema } from './structural-schema.ts';

/** What stood there before; `undefined` when nothing can be said of it. */
interface Before {
  readonly value: unknown;
}

/** The path of errors that are about no field: upstream's nil path. */
const noField = '<nil>';

/** Every error of a value. `path` is the value's own path, empty for a whole object; `old` what it replaces, if anything. */
export function validateValue(value: unknown, schema: StructuralSchema, path: string, old?: unknown): FieldError[] {
  return validate(value, schema, path, beforeOf(old));
}

function beforeOf(old: unknown): Before | undefined {
  return old === undefined ? undefined : { value: old };
}

function validate(value: unknown, schema: StructuralSchema, path: string, before: Before | undefined): FieldError[] {
  if (before !== undefined && deepEqual(value, before.value)) return [];
  const errors = [...checkType(value, schema, path)];
  if (value !== null) {
    errors.push(...checkJunctors(value, schema, path));
    if (typeof value === 'string') errors.push(...checkString(value, schema, path));
    if (typeof value === 'number') errors.push(...checkNumber(value, schema, path));
    if (Array.isArray(value)) errors.push(...checkList(value, schema, path, before));
  }
  errors.push(...checkEnum(value, schema, path));
  if (isJsonObject(value)) errors.push(...checkObject(value, schema, path, before));
  return errors;
}

/** The names that the validators have for types of values. */
function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value === 'object' ? 'object' : typeof value;
}

function checkType(value: unknown, schema: StructuralSchema, path: string): FieldError[] {
  const wanted = schema.intOrString ? ['integer', 'string'] : schema.type === '' ? [] : [schema.type];
  const type = typeOf(value);
  if (wanted.length === 0 || wanted.includes(type)) return [];
  if (type === 'null' && schema.nullable) return [];
  if (type === 'integer' && wanted.includes('number')) return [];
  const message = `${path} in body must be of type ${wanted.join(',')}: ${JSON.stringify(type)}`;
  return [{ reason: 'FieldValueTypeInvalid', field: fieldOf(path), value: type, message }];
}

function checkJunctors(value: unknown, schema: StructuralSchema, path: string): FieldError[] {
  const { anyOf, oneOf, allOf, not } = schema;
  const errors: FieldError[] = [];
  const quoted = JSON.stringify(path);
  const judge = (alternatives: readonly StructuralSchema[]): FieldError[][] =>
    alternatives.map((alternative) => validate(value, alternative, path, undefined));
  if (anyOf.length > 0) {
    const results = judge(anyOf);
    if (!results.some((result) => result.length === 0)) {
      errors.push(ofNoField(`${quoted} must validate at least one schema (anyOf)`), ...nearest(results));
    }
  }
  if (oneOf.length > 0) {
    const results = judge(oneOf);
    const matching = results.filter((result) => result.length === 0).length;
    const found = matching === 0 ? 'Found none valid' : `Found ${matching} valid alternatives`;
    if (matching !== 1) errors.push(ofNoField(`${quoted} must validate one and only one schema (oneOf). ${found}`));
    if (matching === 0) errors.push(...nearest(results));
  }
  if (allOf.length > 0) {
    const results = judge(allOf);
    const matching = results.filter((result) => result.length === 0).length;
    errors.push(...results.flat());
    if (matching !== allOf.length) {
      errors.push(ofNoField(`${quoted} must validate all the schemas (allOf)${matching === 0 ? '. None validated' : ''}`));
    }
  }
  if (not !== undefined && validate(value, not, path, undefined).length === 0) {
    errors.push(ofNoField(`${quoted} must not validate the schema (not)`));
  }
  return errors;
}

/** The errors of the alternative that fits best. */
function nearest(results: readonly (readonly FieldError[])[]): readonly FieldError[] {
  return [...results].sort((a, b) => a.length - b.length)[0] ?? [];
}

function ofNoField(message: string): FieldError {
  return { reason: 'FieldValueInvalid', field: noField, value: '', message };
}

function checkString(text: string, schema: StructuralSchema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const length = Array.from(text).length;
  const { maxLength, minLength } = limitsOf(schema);
  if (maxLength !== undefined && length > maxLength) {
    errors.push({ reason: 'FieldValueTooLong', field: fieldOf(path), message: `may not be more than ${maxLength} bytes` });
  }
  if (minLength !== undefined && length < minLength) {
    errors.push(wrong(path, text, `${path} in body should be at least ${minLength} chars long`));
  }
  if (schema.pattern !== '' && !matchesPattern(text, schema.pattern)) {
    errors.push(wrong(path, text, `${path} in body should match '${schema.pattern}'`));
  }
  if (schema.format !== '' && isOfFormat(schema.format, text) === false) {
    const message = `${path} in body must be of type ${schema.format}: ${JSON.stringify(text)}`;
    errors.push({ reason: 'FieldValueTypeInvalid', field: fieldOf(path), value: text, message });
  }
  return errors;
}

function checkNumber(value: number, schema: StructuralSchema, path: string): FieldError[] {
  const { maximum, minimum, multipleOf } = limitsOf(schema);
  const { exclusiveMaximum, exclusiveMinimum } = schema.source;
  const errors: FieldError[] = [];
  if (multipleOf !== undefined && multipleOf > 0 && !Number.isInteger(value / multipleOf)) {
    errors.push(wrong(path, value, `${path} in body should be a multiple of ${multipleOf}`));
  }
  if (maximum !== undefined && (exclusiveMaximum === true ? value >= maximum : value > maximum)) {
    const words = exclusiveMaximum === true ? 'less than' : 'less than or equal to';
    errors.push(wrong(path, value, `${path} in body should be ${words} ${maximum}`));
  }
  if (minimum !== undefined && (exclusiveMinimum === true ? value <= minimum : value < minimum)) {
    const words = exclusiveMinimum === true ? 'greater than' : 'greater than or equal to';
    errors.push(wrong(path, value, `${path} in body should be ${words} ${minimum}`));
  }
  return errors;
}

function checkList(list: readonly unknown[], schema: StructuralSchema, path: string, before: Before | undefined): FieldError[] {
  const { items } = schema;
  const errors: FieldError[] = [];
  if (items !== undefined) {
    const oldOf = oldMembers(schema, before?.value);
    errors.push(...list.flatMap((member, i) => validate(member, items, `${path}[${i}]`, beforeOf(oldOf(member)))));
  }
  const { maxItems, minItems } = limitsOf(schema);
  if (minItems !== undefined && list.length < minItems) {
    errors.push(wrong(path, list.length, `${path} in body should have at least ${minItems} items`));
  }
  if (maxItems !== undefined && list.length > maxItems) errors.push(tooMany(path, list.length, maxItems));
  return errors;
}

function checkEnum(value: unknown, schema: StructuralSchema, path: string): FieldError[] {
  if (schema.enum.length === 0 || schema.enum.some((allowed) => deepEqual(allowed, value))) return [];
  if (value === null && schema.nullable) return [];
  const words = schema.enum.map((allowed) => JSON.stringify(typeof allowed === 'string' ? allowed : JSON.stringify(allowed)));
  return [{ reason: 'FieldValueNotSupported', field: fieldOf(path), value, message: `supported values: ${words.join(', ')}` }];
}

function checkObject(object: JsonObject, schema: StructuralSchema, path: string, before: Before | undefined): FieldError[] {
  const errors: FieldError[] = [];
  const members = Object.entries(object);
  const { maxProperties, minProperties } = limitsOf(schema);
  if (minProperties !== undefined && members.length < minProperties) {
    errors.push(wrong(path, members.length, `${path} in body should have at least ${minProperties} properties`));
  }
  if (maxProperties !== undefined && members.length > maxProperties) errors.push(tooMany(path, members.length, maxProperties));
  for (const name of schema.required) {
    if (!Object.hasOwn(object, name)) errors.push({ reason: 'FieldValueRequired', field: childOf(path, name), message: '' });
  }
  const old = before !== undefined && isJsonObject(before.value) ? before.value : undefined;
  for (const [name, member] of members) {
    const below = memberSchema(schema, name);
    if (below === undefined) continue;
    const was = old !== undefined && Object.hasOwn(old, name) ? { value: old[name] } : undefined;
    errors.push(...validate(member, below, childOf(path, name), was));
  }
  return errors;
}

type Limit = 'maxLength' | 'minLength' | 'maximum' | 'minimum' | 'multipleOf' | 'maxItems' | 'minItems' | 'maxProperties' | 'minProperties';

function limitsOf(schema: StructuralSchema): Readonly<Record<Limit, number | undefined>> {
  const { source } = schema;
  return {
    maxLength: numberAt(source, 'maxLength'),
    minLength: numberAt(source, 'minLength'),
    maximum: numberAt(source, 'maximum'),
    minimum: numberAt(source, 'minimum'),
    multipleOf: numberAt(source, 'multipleOf'),
    maxItems: numberAt(source, 'maxItems'),
    minItems: numberAt(source, 'minItems'),
    maxProperties: numberAt(source, 'maxProperties'),
    minProperties: numberAt(source, 'minProperties'),
  };
}

function tooMany(path: string, actual: number, limit: number): FieldError {
  return { reason: 'FieldValueTooMany', field: fieldOf(path), value: actual, message: `must have at most ${limit} items` };
}

function wrong(path: string, value: unknown, message: string, reason: FieldErrorReason = 'FieldValueInvalid'): FieldError {
  return { reason, field: fieldOf(path), value, message };
}

function childOf(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function fieldOf(path: string): string {
  return path === '' ? noField : path;
}
