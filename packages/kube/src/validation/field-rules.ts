/** Rules that many kinds share: supported values, duplicates, numbers, quantities, immutability. */
import type { FieldError } from '../field-error.ts';
import { isJsonObject } from '../registry/json-object.ts';

/** An error when a required text, list or object is absent or empty. */
export function required(field: string, message = ''): FieldError {
  return { reason: 'FieldValueRequired', field, message };
}

/** An error about something that must not be there. */
export function forbiddenField(field: string, message: string): FieldError {
  return { reason: 'FieldValueForbidden', field, message };
}

/** An error when a value is none of the supported ones; absent values are fine. */
export function checkSupported(field: string, value: unknown, supported: readonly string[]): FieldError[] {
  if (value === undefined || (typeof value === 'string' && supported.includes(value))) return [];
  const words = [...supported].sort().map((item) => JSON.stringify(item));
  return [{ reason: 'FieldValueNotSupported', field, value, message: `supported values: ${words.join(', ')}` }];
}

/** Errors for every repetition of a value; `fieldOf` gives the path of the n-th. */
export function checkUnique(values: readonly unknown[], fieldOf: (index: number) => string): FieldError[] {
  const seen = new Set<unknown>();
  const errors: FieldError[] = [];
  for (const [i, value] of values.entries()) {
    if (value === undefined || value === '') continue;
    if (seen.has(value)) errors.push({ reason: 'FieldValueDuplicate', field: fieldOf(i), value, message: '' });
    seen.add(value);
  }
  return errors;
}

/** An error when a number is negative. */
export function checkNotNegative(field: string, value: unknown): FieldError[] {
  if (typeof value !== 'number' || value >= 0) return [];
  return [{ reason: 'FieldValueInvalid', field, value, message: 'must be greater than or equal to 0' }];
}

const percentPattern = /^[0-9]+%$/;

/** An error when a value is neither a number from 0 on nor a percentage such as `25%`; absent values are fine. */
export function checkNumberOrPercent(field: string, value: unknown): FieldError[] {
  if (value === undefined || typeof value === 'number') return checkNotNegative(field, value);
  if (typeof value === 'string' && percentPattern.test(value)) return [];
  const message =
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";
  return [{ reason: 'FieldValueInvalid', field, value, message }];
}

/** An error when a percentage is above 100. */
export function checkAtMostAll(field: string, value: unknown): FieldError[] {
  if (typeof value !== 'string' || !percentPattern.test(value) || Number.parseInt(value, 10) <= 100) return [];
  return [{ reason: 'FieldValueInvalid', field, value, message: 'must not be greater than 100%' }];
}

/** Whether a number or a percentage is nothing. */
export function isZeroShare(value: unknown): boolean {
  return value === 0 || (typeof value === 'string' && percentPattern.test(value) && Number.parseInt(value, 10) === 0);
}

/** An error when a value differs from the old one. Nested values are compared as a whole. */
export function checkImmutable(field: string, value: unknown, old: unknown): FieldError[] {
  if (deepEqual(value, old)) return [];
  return [{ reason: 'FieldValueInvalid', field, value, message: 'field is immutable' }];
}

/** Whether two JSON values are equal; the order of keys does not count, absent and undefined are one. */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => deepEqual(item, b[i]));
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => deepEqual(own(a, key), own(b, key)));
}

function own(object: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

const quantityPattern = /^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$/;
const quantitySuffixes: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** The value of a resource quantity such as `100m` or `1Gi`, or undefined when the text is none. */
export function parseQuantity(quantity: unknown): number | undefined {
  const match = quantityPattern.exec(String(quantity));
  if (match === null) return undefined;
  const value = Number(match[1]);
  const suffix = match[2] ?? '';
  const exponent = /^[eE]([-+]?[0-9]+)$/.exec(suffix);
  const factor = exponent === null ? quantitySuffixes[suffix] : 10 ** Number(exponent[1]);
  return Number.isNaN(value) || factor === undefined ? undefined : value * factor;
}

/** Whether a text is a resource quantity. */
export function isQuantity(text: string): boolean {
  return parseQuantity(text) !== undefined;
}

/** The words for a text that is no quantity. */
export const quantityRule = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
