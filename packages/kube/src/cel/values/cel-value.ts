/**
 * Values of the Common Expression Language.
 *
 * int is a bigint, double a number, string a string, bool a boolean, null null, list an array, map
 * and object a Map; everything else has a class of its own. Values are never changed.
 */
import type { CelType } from '../language/cel-type.ts';

/** Any value. */
export type CelValue =
  | bigint
  | number
  | string
  | boolean
  | null
  | readonly CelValue[]
  | ReadonlyMap<CelKey, CelValue>
  | Uint8Array
  | Uint
  | CelDuration
  | CelTimestamp
  | CelOptional
  | CelTypeValue
  | OpaqueValue
  | LazyObject;

/** What a map can have as a key. */
export type CelKey = bigint | string | boolean;

/** An unsigned integer of 64 bits. */
export class Uint {
  readonly value: bigint;
  constructor(value: bigint) {
    this.value = value;
  }
}

/** A span of time. */
export class CelDuration {
  readonly nanoseconds: bigint;
  constructor(nanoseconds: bigint) {
    this.nanoseconds = nanoseconds;
  }
}

/** A point of time, in nanoseconds since the epoch. */
export class CelTimestamp {
  readonly nanoseconds: bigint;
  constructor(nanoseconds: bigint) {
    this.nanoseconds = nanoseconds;
  }
}

/** A value that may be absent. */
export class CelOptional {
  static readonly none: CelOptional = new CelOptional(undefined);
  readonly value: CelValue | undefined;
  constructor(value: CelValue | undefined) {
    this.value = value;
  }
}

/** A type as a value: what `type(x)` gives. */
export class CelTypeValue {
  readonly typeName: string;
  constructor(typeName: string) {
    this.typeName = typeName;
  }
}

/** A value of a library's own type, for example a quantity. */
export abstract class OpaqueValue {
  /** The name of its type in CEL. */
  abstract readonly typeName: string;
  /** Whether it is the same value; `other` has the same type. */
  abstract equals(other: this): boolean;
}

/** An object whose fields are computed when they are asked for, for example the variables of a policy. */
export abstract class LazyObject {
  /** The value of a field, or undefined when there is none. */
  abstract field(name: string): CelValue | undefined;
}

/** A function of a library: its arguments (the receiver first), its result. */
export type CelFunction = (args: readonly CelValue[]) => CelValue;

const int64 = { least: -(2n ** 63n), most: 2n ** 63n - 1n };

/** Whether an integer fits 64 bits. */
export function isInt64(value: bigint): boolean {
  return value >= int64.least && value <= int64.most;
}

/**
 * A JSON value as a CEL value. Where the type says no more (`dyn`), whole numbers are int and others
 * double, as the real server reads untyped objects. Nulls of typed fields count as absent.
 */
export function toCel(json: unknown, type: CelType = { kind: 'dyn' }): CelValue {
  if (json === null || json === undefined) return null;
  if (Array.isArray(json)) {
    const item = type.kind === 'list' ? type.item : undefined;
    return json.map((member) => toCel(member, item));
  }
  if (typeof json === 'string') return type.kind === 'primitive' ? textAs(json, type.name) : json;
  if (typeof json === 'boolean' || typeof json === 'bigint') return json;
  if (typeof json === 'number') return numberAs(json, type);
  return objectAs(json as Readonly<Record<string, unknown>>, type);
}

function numberAs(json: number, type: CelType): CelValue {
  if (type.kind === 'primitive' && type.name === 'double') return json;
  return Number.isInteger(json) && Math.abs(json) < 2 ** 63 ? BigInt(json) : json;
}

function textAs(json: string, name: string): CelValue {
  if (name === 'timestamp') return parseTimestamp(json) ?? json;
  if (name === 'duration') return parseDuration(json) ?? json;
  if (name === 'bytes') return base64Bytes(json);
  return json;
}

function objectAs(json: Readonly<Record<string, unknown>>, type: CelType): CelValue {
  const entries = new Map<CelKey, CelValue>();
  for (const [key, member] of Object.entries(json)) {
    if (type.kind === 'object') {
      const field = type.fields.get(key);
      if (field === undefined || member === null || member === undefined) continue;
      entries.set(key, toCel(member, field));
    } else entries.set(key, toCel(member, type.kind === 'map' ? type.value : undefined));
  }
  return entries;
}

function base64Bytes(text: string): Uint8Array {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const bytes: number[] = [];
  let bits = 0;
  let held = 0;
  for (const letter of text.replace(/=+$/, '')) {
    const digit = alphabet.indexOf(letter);
    if (digit < 0) continue;
    bits = ((bits << 6) | digit) & 0xff_ff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes.push((bits >> held) & 0xff);
  }
  return Uint8Array.from(bytes);
}

/** A CEL value as JSON: for messages and audit annotations. */
export function fromCel(value: CelValue): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Uint) return Number(value.value);
  if (value instanceof CelDuration) return formatDuration(value);
  if (value instanceof CelTimestamp) return formatTimestamp(value);
  if (value instanceof CelOptional) return value.value === undefined ? null : fromCel(value.value);
  if (isList(value)) return value.map(fromCel);
  if (isMap(value)) return Object.fromEntries([...value].map(([key, member]) => [String(key), fromCel(member)]));
  return value;
}

/** Whether a value is a list. */
export function isList(value: CelValue): value is readonly CelValue[] {
  return Array.isArray(value);
}

/** Whether a value is a map (or an object). */
export function isMap(value: CelValue): value is ReadonlyMap<CelKey, CelValue> {
  return value instanceof Map;
}

/** The name of a value's type, as error messages have it. */
export function typeNameOf(value: CelValue): string {
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return 'double';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  if (value === null) return 'null_type';
  if (isList(value)) return 'list';
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof Uint) return 'uint';
  if (value instanceof CelDuration) return 'google.protobuf.Duration';
  if (value instanceof CelTimestamp) return 'google.protobuf.Timestamp';
  if (value instanceof CelOptional) return 'optional_type';
  if (value instanceof CelTypeValue) return 'type';
  if (value instanceof OpaqueValue) return value.typeName;
  return 'map';
}

const durationUnits: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/** Reads a duration as Go writes them (`1h30m`, `-1.5s`), or undefined. */
export function parseDuration(text: string): CelDuration | undefined {
  const match = /^([+-]?)((?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.exec(text);
  if (match === null) return text === '0' ? new CelDuration(0n) : undefined;
  let total = 0n;
  for (const part of text.matchAll(/(\d*)\.?(\d*)(ns|us|µs|ms|s|m|h)/g)) {
    const unit = durationUnits[part[3] ?? ''] ?? 0n;
    const fraction = part[2] ?? '';
    total += BigInt(part[1] || '0') * unit;
    if (fraction !== '') total += (BigInt(fraction) * unit) / 10n ** BigInt(fraction.length);
  }
  if (total > int64.most) return undefined;
  return new CelDuration(match[1] === '-' ? -total : total);
}

/** A duration in seconds, as CEL writes it: `5400s`, `1.5s`. */
export function formatDuration({ nanoseconds }: CelDuration): string {
  const sign = nanoseconds < 0n ? '-' : '';
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  const fraction = (size % 1_000_000_000n).toString().padStart(9, '0').replace(/0+$/, '');
  return `${sign}${size / 1_000_000_000n}${fraction === '' ? '' : `.${fraction}`}s`;
}

const timestampPattern = /^(\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})$/;

/** Reads a time of RFC 3339, or undefined. */
export function parseTimestamp(text: string): CelTimestamp | undefined {
  const match = timestampPattern.exec(text);
  if (match === null) return undefined;
  const milliseconds = Date.parse(`${match[1]}${match[3]}`.toUpperCase());
  if (Number.isNaN(milliseconds)) return undefined;
  return new CelTimestamp(BigInt(milliseconds) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0')));
}

/** A time as RFC 3339 in UTC. */
export function formatTimestamp({ nanoseconds }: CelTimestamp): string {
  const rest = ((nanoseconds % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const seconds = (nanoseconds - rest) / 1_000_000_000n;
  const fraction = rest.toString().padStart(9, '0').replace(/0+$/, '');
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}${fraction === '' ? '' : `.${fraction}`}Z`;
}
