/** Conversions between types, `type` and `dyn`. */
import { CelError } from '../cel-error.ts';
import { bytesOfText, textOfBytes } from '../values/cel-bytes.ts';
import {
  CelDuration,
  CelTimestamp,
  CelTypeValue,
  type CelValue,
  formatDuration,
  formatTimestamp,
  isInt64,
  parseDuration,
  parseTimestamp,
  typeNameOf,
  Uint,
} from '../values/cel-value.ts';
import { type Overload, overload, traversalCost } from './function-table.ts';

const same = ([value = null]: readonly CelValue[]): CelValue => value;

function toInt(value: bigint): bigint {
  if (!isInt64(value)) throw new CelError('integer overflow');
  return value;
}

function toUint(value: bigint): Uint {
  if (value < 0n || value >= 2n ** 64n) throw new CelError('unsigned integer overflow');
  return new Uint(value);
}

function wholeNumber(value: number): bigint {
  if (!Number.isFinite(value)) throw new CelError('integer overflow');
  return BigInt(Math.trunc(value));
}

function integerIn(text: string): bigint {
  if (!/^[+-]?\d+$/.test(text)) throw new CelError(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return BigInt(text.replace(/^\+/, ''));
}

function doubleIn(text: string): number {
  const special: Readonly<Record<string, number>> = { inf: Infinity, '+inf': Infinity, '-inf': -Infinity, nan: Number.NaN };
  const value = special[text.toLowerCase()] ?? (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined);
  if (value === undefined) throw new CelError(`strconv.ParseFloat: parsing ${JSON.stringify(text)}: invalid syntax`);
  return value;
}

function boolIn(text: string): boolean {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false;
  throw new CelError(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}

/** A double as Go's `strconv` writes it in the shortest form. */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return String(value).replace(/e([+-])(\d)$/, 'e$10$2');
}

const integers: readonly Overload[] = [
  overload('int(int) int', same),
  overload('int(uint) int', ([value]) => toInt((value as Uint).value)),
  overload('int(double) int', ([value]) => toInt(wholeNumber(value as number))),
  overload('int(string) int', ([value]) => toInt(integerIn(value as string)), traversalCost),
  overload('int(timestamp) int', ([value]) => (value as CelTimestamp).nanoseconds / 1_000_000_000n),
  overload('int(duration) int', ([value]) => (value as CelDuration).nanoseconds),
  overload('uint(uint) uint', same),
  overload('uint(int) uint', ([value]) => toUint(value as bigint)),
  overload('uint(double) uint', ([value]) => toUint(wholeNumber(value as number))),
  overload('uint(string) uint', ([value]) => toUint(integerIn(value as string)), traversalCost),
];

const others: readonly Overload[] = [
  overload('double(double) double', same),
  overload('double(int) double', ([value]) => Number(value)),
  overload('double(uint) double', ([value]) => Number((value as Uint).value)),
  overload('double(string) double', ([value]) => doubleIn(value as string), traversalCost),
  overload('bool(bool) bool', same),
  overload('bool(string) bool', ([value]) => boolIn(value as string)),
  overload('bytes(bytes) bytes', same),
  overload('bytes(string) bytes', ([value]) => bytesOfText(value as string), traversalCost),
  overload('string(string) string', same),
  overload('string(bool) string', ([value]) => (value as boolean).toString()),
  overload('string(int) string', ([value]) => (value as bigint).toString()),
  overload('string(uint) string', ([value]) => String((value as Uint).value)),
  overload('string(double) string', ([value]) => formatDouble(value as number)),
  overload('string(bytes) string', ([value]) => textOfBytes(value as Uint8Array), traversalCost),
  overload('string(timestamp) string', ([value]) => formatTimestamp(value as CelTimestamp)),
  overload('string(duration) string', ([value]) => formatDuration(value as CelDuration)),
  overload('timestamp(timestamp) timestamp', same),
  overload('timestamp(int) timestamp', ([value]) => new CelTimestamp((value as bigint) * 1_000_000_000n)),
  overload('timestamp(string) timestamp', ([value]) => timestampIn(value as string)),
  overload('duration(duration) duration', same),
  overload('duration(int) duration', ([value]) => new CelDuration(value as bigint)),
  overload('duration(string) duration', ([value]) => durationIn(value as string)),
  overload('dyn(A) dyn', same),
  overload('type(A) type', ([value = null]) => new CelTypeValue(typeNameOf(value))),
];

function timestampIn(text: string): CelTimestamp {
  const found = parseTimestamp(text);
  if (found === undefined) throw new CelError(`parsing time ${JSON.stringify(text)}: invalid timestamp`);
  return found;
}

function durationIn(text: string): CelDuration {
  const found = parseDuration(text);
  if (found === undefined) throw new CelError(`time: invalid duration ${JSON.stringify(text)}`);
  return found;
}

/** The conversions. */
export const conversions: readonly Overload[] = [...integers, ...others];
