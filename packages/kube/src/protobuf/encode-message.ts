/**
 * Encodes JSON objects of Kubernetes as the messages that Go's clients and servers write: the opposite of
 * `decode-message.ts`, by the same tables.
 *
 * Fields come in the order of their numbers; those that are no pointers in Go are written also when they
 * are zero or empty, pointers only when they are there; maps are sorted by key.
 */
import { unreachable } from '@weir/net';
import { isJsonObject, type JsonObject } from '../registry/json-object.ts';
import { decodeBase64 } from './base64.ts';
import type { FieldType, MessageField, MessageTable, MessageTables } from './message-table.ts';
import { ProtobufError } from './protobuf-error.ts';
import { encodeSpecial, isSpecial } from './special-values.ts';
import { encodeUtf8 } from './utf8.ts';
import { WireWriter } from './wire-writer.ts';

/** A field that is being written. */
interface Place {
  readonly message: MessageTable;
  readonly field: MessageField;
  readonly number: number;
}

/** Encodes messages with the help of tables. */
export class MessageEncoder {
  readonly #tables: MessageTables;

  constructor(tables: MessageTables) {
    this.#tables = tables;
  }

  /** The bytes of `object` as `message`. Throws ProtobufError for a value that the field cannot carry. */
  encode(message: MessageTable, object: Readonly<JsonObject>): Uint8Array {
    const writer = new WireWriter();
    for (const [number, field] of sortedFields(message)) this.#field(writer, object, { message, field, number });
    return writer.finish();
  }

  #field(writer: WireWriter, object: Readonly<JsonObject>, place: Place): void {
    const { field, number } = place;
    if (field.inline) {
      writer.bytes(number, this.#message(object, place));
      return;
    }
    const value = object[field.name];
    if (field.type.kind === 'map') {
      if (isJsonObject(value)) this.#map(writer, value, { ...place, values: field.type.values });
    } else if (field.repeated) {
      if (Array.isArray(value)) for (const member of value as readonly unknown[]) this.#value(writer, member, place);
    } else if (value !== undefined && value !== null) this.#value(writer, value, place);
    else if (!field.pointer) this.#zero(writer, place);
  }

  #map(writer: WireWriter, map: Readonly<JsonObject>, place: Place & { readonly values: FieldType }): void {
    const field = { ...place.field, type: place.values };
    for (const key of Object.keys(map).sort()) {
      const entry = new WireWriter();
      entry.bytes(1, encodeUtf8(key));
      this.#value(entry, map[key], { ...place, field, number: 2 });
      writer.bytes(place.number, entry.finish());
    }
  }

  #value(writer: WireWriter, value: unknown, place: Place): void {
    const { number } = place;
    const { type } = place.field;
    switch (type.kind) {
      case 'integer':
        writer.integer(number, expectType(value, 'number', place));
        return;
      case 'boolean':
        writer.integer(number, expectType(value, 'boolean', place) ? 1 : 0);
        return;
      case 'string':
        writer.bytes(number, encodeUtf8(expectType(value, 'string', place)));
        return;
      case 'bytes':
        writer.bytes(number, decodeBase64(expectType(value, 'string', place)));
        return;
      case 'message':
        writer.bytes(number, this.#message(value, place));
        return;
      case 'map':
        throw new ProtobufError('unsupported-field', `${pathOf(place)} cannot be nested here`);
      default:
        unreachable(type);
    }
  }

  /** What Go writes for a field that is not set and no pointer; bytes are left out. */
  #zero(writer: WireWriter, place: Place): void {
    const { type } = place.field;
    if (type.kind === 'integer' || type.kind === 'boolean') writer.integer(place.number, 0);
    else if (type.kind === 'string') writer.bytes(place.number, new Uint8Array(0));
    else if (type.kind === 'message') writer.bytes(place.number, this.#message(isSpecial(type.name) ? undefined : {}, place));
  }

  #message(value: unknown, place: Place): Uint8Array {
    const name = place.field.type.kind === 'message' ? place.field.type.name : '';
    if (isSpecial(name)) return encodeSpecial(name, value);
    const table = this.#tables.find(place.message.scope, name);
    if (table === undefined) throw new ProtobufError('unsupported-field', `${pathOf(place)} (${name}) is not supported by this server`);
    if (!isJsonObject(value)) throw new ProtobufError('malformed', `${pathOf(place)} is no object`);
    return this.encode(table, value);
  }
}

const sorted = new WeakMap<MessageTable, readonly (readonly [number, MessageField])[]>();

function sortedFields(message: MessageTable): readonly (readonly [number, MessageField])[] {
  const known = sorted.get(message) ?? [...message.fields].sort(([a], [b]) => a - b);
  sorted.set(message, known);
  return known;
}

interface Scalars {
  readonly number: number;
  readonly boolean: boolean;
  readonly string: string;
}

function expectType<T extends keyof Scalars>(value: unknown, type: T, place: Place): Scalars[T] {
  if (typeof value === type) return value as Scalars[T];
  throw new ProtobufError('malformed', `${pathOf(place)} is no ${type}`);
}

function pathOf(place: Place): string {
  return `${place.message.name}.${place.field.name}`;
}
