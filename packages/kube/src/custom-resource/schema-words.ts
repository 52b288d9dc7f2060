/** The few words in which the schemas of custom resources are written: each gives a part of an OpenAPI v3 schema. */
import type { JsonObject } from '../registry/json-object.ts';

/** A schema, or a part of one. */
export type Schema = Readonly<JsonObject>;

export const text: Schema = { type: 'string' };
export const flag: Schema = { type: 'boolean' };
export const integer: Schema = { type: 'integer' };
export const number: Schema = { type: 'number' };
/** A port as a number, a name, or a range `1:2`; a protocol as a number or a name. */
export const numberOrText: Schema = { anyOf: [{ type: 'integer' }, { type: 'string' }], 'x-kubernetes-int-or-string': true };
/** Kept as it is: its fields belong to somebody else, or are not described here. */
export const anything: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

/** One of these texts. */
export function oneOf(...values: readonly string[]): Schema {
  return { type: 'string', enum: [...values] };
}

/** Text of at most so many characters. */
export function textUpTo(maxLength: number): Schema {
  return { type: 'string', maxLength };
}

/** A whole number between the two, both included. */
export function between(minimum: number, maximum: number): Schema {
  return { type: 'integer', minimum, maximum };
}

/** A list; `maxItems` where it is bounded. */
export function listOf(items: Schema, maxItems?: number): Schema {
  return { type: 'array', items, ...(maxItems === undefined ? {} : { maxItems }) };
}

/** A map from texts. */
export function mapOf(values: Schema): Schema {
  return { type: 'object', additionalProperties: values };
}

/** An object with these fields; `required` names those that must be there. */
export function fields(properties: Readonly<Record<string, Schema>>, ...required: readonly string[]): Schema {
  return { type: 'object', properties, ...(required.length === 0 ? {} : { required: [...required] }) };
}

/** An object with these fields, described as far as these go, and any others. */
export function open(properties: Readonly<Record<string, Schema>>): Schema {
  return { type: 'object', properties, 'x-kubernetes-preserve-unknown-fields': true };
}

/** A field that has this value when nobody gives one. */
export function withDefault(schema: Schema, value: string | number | boolean): Schema {
  return { ...schema, default: value };
}
