/**
 * Fits a decoded JSON value to a schema, as Go's decoder fits it to a struct.
 *
 * Unknown fields are dropped and reported (an error, a warning or nothing, as the request's
 * `fieldValidation` wants), nulls count as absent, values of a wrong type are an error. The result
 * is a new tree; the argument is not changed.
 */

import { unreachable } from '@weir/net';
import { readApiTime } from './api-time.ts';
import { illegalBase64At } from './illegal-base64.ts';
import { isJsonObject, type JsonObject } from './json-object.ts';
import type { ObjectSchema, ScalarKind, Schema } from './schema.ts';

/** What came of it. `wrongTypes` are sentences as Go's encoding/json words them. */
export interface ConformResult {
  readonly value: JsonObject;
  /** Paths of unknown fields in document order, for example `spec.containers[0].foo`. */
  readonly unknownFields: readonly string[];
  readonly wrongTypes: readonly string[];
}

/** Where a value stands: for messages only, so that nothing is written of the many values that need none. */
interface Place {
  readonly parent: Place | undefined;
  /** A field, the key of an entry or the index of a member. */
  readonly step: string | number;
  readonly isField: boolean;
  /** The Go struct that holds the field. */
  readonly owner: string;
}

const root: Place = { parent: undefined, step: '', isField: false, owner: '' };

/** With indexes, for unknown fields. */
function pathOf({ parent, step }: Place): string {
  if (parent === undefined) return '';
  const before = pathOf(parent);
  if (typeof step === 'number') return `${before}[${step}]`;
  return before === '' ? step : `${before}.${step}`;
}

/** The fields alone, for type errors. */
function fieldPathOf({ parent, step, isField }: Place): string {
  if (parent === undefined) return '';
  const before = fieldPathOf(parent);
  if (!isField) return before;
  return before === '' ? `${step}` : `${before}.${step}`;
}

/** Fits `value` to `schema`. */
export function conformToSchema(schema: ObjectSchema, value: JsonObject): ConformResult {
  const unknownFields: string[] = [];
  const wrongTypes: string[] = [];
  return { value: fitObject(schema, value, root), unknownFields, wrongTypes };

  function fit(type: Schema, item: unknown, place: Place): unknown {
    if (type.kind === 'object') {
      if (isJsonObject(item)) return fitObject(type, item, place);
    } else if (type.kind === 'map') {
      if (isJsonObject(item)) return fitMap(type.values, item, place);
    } else if (type.kind === 'list') {
      if (Array.isArray(item)) return item.map((member, i) => fitMember(type.items, member, within(place, i)));
    } else if (type.kind === 'orBoolean') {
      return typeof item === 'boolean' ? item : fit(type.object, item, place);
    } else if (isScalar(type.kind, item)) {
      const read = readScalar(type.kind, item);
      if ('value' in read) return read.value;
      wrongTypes.push(read.problem);
      return undefined;
    }
    wrongTypes.push(
      `json: cannot unmarshal ${isIntegerType(type) && typeof item === 'number' ? `number ${item}` : goTypeOfValue(item)} into Go struct field ${place.owner}.${fieldPathOf(place)} of type ${goType(type)}`,
    );
    return undefined;
  }

  function fitObject(type: ObjectSchema, item: JsonObject, place: Place): JsonObject {
    const result: JsonObject = {};
    for (const [key, member] of Object.entries(item)) {
      const field = type.fields.get(key);
      const at: Place = { parent: place, step: key, isField: true, owner: type.name };
      if (field === undefined) {
        unknownFields.push(pathOf(at));
        continue;
      }
      if (member === null) continue;
      const fitted = fit(field, member, at);
      if (fitted !== undefined) result[key] = fitted;
    }
    return result;
  }

  function fitMap(values: Schema, item: JsonObject, place: Place): JsonObject {
    // Keys come from clients: entries are defined, never assigned, so `__proto__` is a key like any other.
    return Object.fromEntries(Object.entries(item).map(([key, member]) => [key, fitMember(values, member, within(place, key))]));
  }

  /** A null member of a list or a map is the zero value of its type. */
  function fitMember(type: Schema, member: unknown, place: Place): unknown {
    if (member === null && type.kind !== 'any') return zeroValue(type);
    return fit(type, member, place);
  }
}

/** The place of a member of a list or a map. */
function within(place: Place, step: string | number): Place {
  return { parent: place, step, isField: false, owner: place.owner };
}

/** A value as it is told, or what its text is not. */
function readScalar(kind: ScalarKind, item: unknown): { readonly value: unknown } | { readonly problem: string } {
  if (typeof item !== 'string') return { value: item };
  if (kind === 'time' || kind === 'microTime') {
    const time = readApiTime(item, kind === 'time' ? 'seconds' : 'microseconds');
    return time.kind === 'time' ? { value: time.text } : { problem: time.message };
  }
  const corrupt = kind === 'bytes' ? illegalBase64At(item) : undefined;
  return corrupt === undefined ? { value: item } : { problem: `illegal base64 data at input byte ${corrupt}` };
}

function zeroValue(type: Schema): unknown {
  switch (type.kind) {
    case 'object':
    case 'map':
      return {};
    case 'list':
      return [];
    case 'integer':
    case 'long':
    case 'number':
    case 'quantity':
    case 'intOrString':
      return 0;
    case 'boolean':
    case 'orBoolean':
      return false;
    case 'string':
    case 'time':
    case 'microTime':
    case 'bytes':
      return '';
    case 'any':
      return null;
    default:
      return unreachable(type);
  }
}

function isScalar(kind: ScalarKind, value: unknown): boolean {
  switch (kind) {
    case 'string':
    case 'time':
    case 'microTime':
    case 'bytes':
      return typeof value === 'string';
    case 'integer':
      return isInt32(value);
    case 'long':
      return Number.isSafeInteger(value);
    case 'number':
      return typeof value === 'number';
    case 'boolean':
      return typeof value === 'boolean';
    case 'quantity':
      return typeof value === 'number' || typeof value === 'string';
    case 'intOrString':
      return typeof value === 'string' || isInt32(value);
    case 'any':
      return true;
    default:
      return unreachable(kind);
  }
}

function isIntegerType({ kind }: Schema): boolean {
  return kind === 'integer' || kind === 'long';
}

function isInt32(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) === (Number(value) | 0);
}

/** What Go's decoder calls the type of a JSON value. */
export function goTypeOfValue(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'number' : `number ${value}`;
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'string' ? 'string' : 'object';
}

const goScalars: Readonly<Record<ScalarKind, string>> = {
  integer: 'int32',
  long: 'int64',
  number: 'float64',
  boolean: 'bool',
  string: 'string',
  time: 'time.Time',
  microTime: 'time.Time',
  bytes: '[]uint8',
  quantity: 'resource.Quantity',
  intOrString: 'intstr.IntOrString',
  any: 'interface {}',
};

function goType(type: Schema): string {
  if (type.kind === 'object') return `v1.${type.name}`;
  if (type.kind === 'map') return `map[string]${goType(type.values)}`;
  if (type.kind === 'orBoolean') return goType(type.object);
  return type.kind === 'list' ? `[]${goType(type.items)}` : goScalars[type.kind];
}
