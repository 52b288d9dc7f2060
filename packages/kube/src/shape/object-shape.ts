/**
 * Shapes of objects from outside: which fields there are and of which type.
 *
 * The types of TypeScript end where a server's answer begins. What reads objects from outside checks
 * their shape first, so that nothing behind that door has to reckon with a number where a list belongs.
 */
import { unreachable } from '@weir/net';
import { type FieldError, unknownField } from '../field-error.ts';

/** The shape of one value; fields of an object may be absent unless they are required. */
export type Shape =
  | { readonly kind: 'string' }
  | { readonly kind: 'boolean' }
  /** Any number that is finite. */
  | { readonly kind: 'number' }
  /** An integer of 32 bits, or of a narrower range where given. */
  | { readonly kind: 'integer'; readonly min?: number; readonly max?: number }
  | { readonly kind: 'integerOrString' }
  | { readonly kind: 'stringMap' }
  | { readonly kind: 'list'; readonly of: Shape; readonly maxLength?: number }
  | ObjectShape;

/** The shape of an object: a closed one has no other fields; an open one may, and they are not looked at. */
export interface ObjectShape {
  readonly kind: 'object';
  readonly fields: Readonly<Record<string, Shape>>;
  readonly isOpen: boolean;
  readonly required: readonly string[];
  readonly names: readonly string[];
}

/** A string. */
export const stringShape: Shape = { kind: 'string' };

/** A list of equal members. */
export function listShape(of: Shape, maxLength?: number): Shape {
  return { kind: 'list', of, ...(maxLength === undefined ? {} : { maxLength }) };
}

/** An object with these fields and no others. */
export function closedShape(fields: ObjectShape['fields']): ObjectShape {
  return { kind: 'object', fields, isOpen: false, required: [], names: Object.keys(fields) };
}

/** An object with these fields, and others that nobody reads. */
export function openShape(fields: ObjectShape['fields'], required: readonly string[] = []): Shape {
  return { kind: 'object', fields, isOpen: true, required, names: Object.keys(fields) };
}

/** Whether null stands for an absent value, as the API server's decoder reads it, or is a wrong type, as in what it writes. */
export type Nulls = 'absent' | 'wrong';

/** Every unknown field of a closed object and every value of a wrong type. */
export function checkShape(value: unknown, shape: Shape, path: string, nulls: Nulls = 'absent'): FieldError[] {
  // Nearly every object is as it should be, and there are hundreds of thousands: paths are made for the others.
  return fits(value, shape, nulls) ? [] : errorsIn(value, shape, path, nulls);
}

/** Whether {@link errorsIn} would find nothing. */
function fits(value: unknown, shape: Shape, nulls: Nulls): boolean {
  if (value === undefined || (value === null && nulls === 'absent')) return true;
  switch (shape.kind) {
    case 'string':
      return typeof value === 'string';
    case 'boolean':
      return typeof value === 'boolean';
    case 'number':
      return isNumber(value);
    case 'integer':
      return isIntegerOf(value, shape);
    case 'integerOrString':
      return typeof value === 'string' || isIntegerOf(value, {});
    case 'stringMap':
      return isObject(value) && Object.values(value).every((member) => fits(member, stringShape, nulls));
    case 'list':
      if (!Array.isArray(value) || value.length > (shape.maxLength ?? Number.POSITIVE_INFINITY)) return false;
      return value.every((member) => fits(member, shape.of, nulls));
    case 'object':
      return isObject(value) && fieldsFit(value, shape, nulls);
    default:
      return unreachable(shape);
  }
}

function fieldsFit(value: Readonly<Record<string, unknown>>, shape: ObjectShape, nulls: Nulls): boolean {
  for (const name of shape.required) if (!Object.hasOwn(value, name) || value[name] === undefined) return false;
  if (shape.isOpen)
    return shape.names.every((name) => !Object.hasOwn(value, name) || fits(value[name], shape.fields[name] ?? shape, nulls));
  return Object.keys(value).every((name) => Object.hasOwn(shape.fields, name) && fits(value[name], shape.fields[name] ?? shape, nulls));
}

function errorsIn(value: unknown, shape: Shape, path: string, nulls: Nulls): FieldError[] {
  if (value === undefined || (value === null && nulls === 'absent')) return [];
  switch (shape.kind) {
    case 'string':
      return typeof value === 'string' ? [] : [wrongType(path, value, 'a string')];
    case 'boolean':
      return typeof value === 'boolean' ? [] : [wrongType(path, value, 'true or false')];
    case 'number':
      return isNumber(value) ? [] : [wrongType(path, value, 'a number')];
    case 'integer':
      return isIntegerOf(value, shape) ? [] : [wrongType(path, value, rangeWords(shape))];
    case 'integerOrString':
      return typeof value === 'string' || isIntegerOf(value, {}) ? [] : [wrongType(path, value, 'an integer of 32 bits or a string')];
    case 'stringMap':
      if (!isObject(value)) return [wrongType(path, value, 'a map of strings')];
      return Object.entries(value).flatMap(([key, member]) => errorsIn(member, stringShape, `${path}[${key}]`, nulls));
    case 'list':
      if (!Array.isArray(value)) return [wrongType(path, value, 'a list')];
      if (value.length > (shape.maxLength ?? Number.POSITIVE_INFINITY)) {
        return [{ reason: 'FieldValueTooMany', field: path, message: `must have at most ${shape.maxLength} items` }];
      }
      return value.flatMap((member: unknown, i) => errorsIn(member, shape.of, `${path}[${i}]`, nulls));
    case 'object':
      return isObject(value) ? checkFields(value, shape, path, nulls) : [wrongType(path, value, 'an object')];
    default:
      return unreachable(shape);
  }
}

function checkFields(value: Readonly<Record<string, unknown>>, shape: ObjectShape, path: string, nulls: Nulls): FieldError[] {
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
  if (shape.isOpen) {
    const missing = shape.required.filter((name) => !Object.hasOwn(value, name) || value[name] === undefined);
    if (missing.length > 0) return missing.map((name) => ({ reason: 'FieldValueRequired', field: at(name), message: '' }));
    return Object.entries(shape.fields).flatMap(([name, field]) =>
      Object.hasOwn(value, name) ? errorsIn(value[name], field, at(name), nulls) : [],
    );
  }
  return Object.entries(value).flatMap(([name, member]) => {
    const field = Object.hasOwn(shape.fields, name) ? shape.fields[name] : undefined;
    if (field !== undefined) return errorsIn(member, field, at(name), nulls);
    return [unknownField(at(name))];
  });
}

/**
 * The value without nulls, read as the API server's decoder reads them: a null field is an absent one, a
 * null member of a list or a map is the empty value of its type. For values that {@link checkShape}
 * found nothing wrong with; what an open object has besides its fields stays as it is. A value in which there is
 * none is the result itself.
 */
export function withoutNulls(value: unknown, shape: Shape): unknown {
  return hasNulls(value) ? nullsRead(value, shape) : value;
}

function hasNulls(value: unknown): boolean {
  if (typeof value !== 'object') return value === undefined;
  if (value === null) return true;
  if (Array.isArray(value)) return value.some(hasNulls);
  for (const name in value) if (hasNulls((value as Readonly<Record<string, unknown>>)[name])) return true;
  return false;
}

function nullsRead(value: unknown, shape: Shape): unknown {
  if (value === undefined || value === null) return emptyValue(shape);
  switch (shape.kind) {
    case 'list':
      return (value as readonly unknown[]).map((member) => nullsRead(member, shape.of));
    case 'stringMap':
      return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, member ?? '']));
    case 'object':
      return Object.fromEntries(
        Object.entries(value)
          .filter(([, member]) => member !== null && member !== undefined)
          .map(([name, member]) => [name, Object.hasOwn(shape.fields, name) ? nullsRead(member, shape.fields[name] ?? shape) : member]),
      );
    case 'string':
    case 'boolean':
    case 'number':
    case 'integer':
    case 'integerOrString':
      return value;
    default:
      return unreachable(shape);
  }
}

function emptyValue(shape: Shape): unknown {
  switch (shape.kind) {
    case 'string':
      return '';
    case 'boolean':
      return false;
    case 'number':
    case 'integer':
    case 'integerOrString':
      return 0;
    case 'list':
      return [];
    case 'stringMap':
    case 'object':
      return {};
    default:
      return unreachable(shape);
  }
}

function wrongType(field: string, value: unknown, expected: string): FieldError {
  return { reason: 'FieldValueTypeInvalid', field, value, message: `must be ${expected}` };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value);
}

const smallest = -(2 ** 31);
const greatest = 2 ** 31 - 1;

function isIntegerOf(value: unknown, { min = smallest, max = greatest }: { readonly min?: number; readonly max?: number }): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
}

function rangeWords({ min, max }: { readonly min?: number; readonly max?: number }): string {
  return min === undefined && max === undefined ? 'an integer of 32 bits' : `an integer from ${min ?? smallest} to ${max ?? greatest}`;
}
