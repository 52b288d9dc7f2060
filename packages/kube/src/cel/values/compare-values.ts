/** Equality and order of CEL values: numbers of different types compare by what they count. */
import { CelError } from '../cel-error.ts';
import {
  CelDuration,
  type CelKey,
  CelOptional,
  CelTimestamp,
  CelTypeValue,
  type CelValue,
  isList,
  isMap,
  OpaqueValue,
  Uint,
} from './cel-value.ts';

/** Whether two values are equal; values of different types are not, except for numbers. */
export function valuesEqual(a: CelValue, b: CelValue): boolean {
  if (a === b) return true;
  const left = numeric(a);
  const right = numeric(b);
  // eslint-disable-next-line eqeqeq -- int and double compare by what they count
  if (left !== undefined && right !== undefined) return left == right;
  if (isList(a)) return isList(b) && a.length === b.length && a.every((member, i) => valuesEqual(member, b[i] ?? null));
  if (isMap(a)) return isMap(b) && mapsEqual(a, b);
  if (a instanceof Uint8Array) return b instanceof Uint8Array && a.length === b.length && a.every((byte, i) => byte === b[i]);
  if (a instanceof CelDuration) return b instanceof CelDuration && a.nanoseconds === b.nanoseconds;
  if (a instanceof CelTimestamp) return b instanceof CelTimestamp && a.nanoseconds === b.nanoseconds;
  if (a instanceof CelTypeValue) return b instanceof CelTypeValue && a.typeName === b.typeName;
  if (a instanceof CelOptional) return b instanceof CelOptional && optionalsEqual(a, b);
  if (a instanceof OpaqueValue) return b instanceof OpaqueValue && a.typeName === b.typeName && a.equals(b);
  return false;
}

function mapsEqual(a: ReadonlyMap<CelKey, CelValue>, b: ReadonlyMap<CelKey, CelValue>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) {
    const other = b.get(key);
    if (other === undefined || !valuesEqual(value, other)) return false;
  }
  return true;
}

function optionalsEqual(a: CelOptional, b: CelOptional): boolean {
  if (a.value === undefined || b.value === undefined) return a.value === b.value;
  return valuesEqual(a.value, b.value);
}

function numeric(value: CelValue): bigint | number | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return value;
  return value instanceof Uint ? value.value : undefined;
}

/** Negative, zero or positive; undefined when the two have no order (a NaN). Throws when they are of no common kind. */
export function compareValues(a: CelValue, b: CelValue): number | undefined {
  const left = ordinal(a);
  const right = ordinal(b);
  if (left !== undefined && right !== undefined) return ordered(left, right);
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b);
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return compareBytes(a, b);
  throw new CelError('no such overload');
}

function ordinal(value: CelValue): bigint | number | undefined {
  if (value instanceof CelDuration || value instanceof CelTimestamp) return value.nanoseconds;
  return numeric(value);
}

function ordered(a: bigint | number, b: bigint | number): number | undefined {
  if (a < b) return -1;
  if (a > b) return 1;
  // eslint-disable-next-line eqeqeq -- int and double compare by what they count
  return a == b ? 0 : undefined;
}

/** By code points, as Go compares the bytes of UTF-8. */
function compareTexts(a: string, b: string): number {
  const left = Array.from(a);
  const right = Array.from(b);
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = (left[i]?.codePointAt(0) ?? 0) - (right[i]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
